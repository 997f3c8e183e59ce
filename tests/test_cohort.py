"""The contract of the tables."""

import pickle

import pandas as pd
import pytest

from icans_risk.cohort import EVENTS, CellError, Cohort, check_table, hash_table
from icans_risk.errors import CohortError


def episodes(**columns: object) -> pd.DataFrame:
    table = {"episode_id": ["e1", "e2"], "patient_id": ["p1", "p2"], "followed_until_h": [360, 360]}
    return pd.DataFrame(table | columns)


def events(**columns: object) -> pd.DataFrame:
    row = {
        "episode_id": "e1", "modality": "plasma", "analyte": "crp", "collected_h": 24.0,
        "available_h": 26.0, "value": 30.0, "censored": "", "ordered_as": "protocol",
        "assay": "", "version": 0,
    }  # fmt: skip
    return pd.DataFrame([row | columns])


def grades(**columns: object) -> pd.DataFrame:
    row = {
        "episode_id": "e1", "covers_from_h": 0.0, "assessed_h": 24.0, "available_h": 24.0,
        "scale": "ASTCT", "icans_grade": 0, "crs_grade": 1, "tian_grade": None,
        "ice_total": None, "capd_total": None, "deciding_domain": None,
    }  # fmt: skip
    return pd.DataFrame([row | columns])


def test_a_valid_cohort_is_taken_and_typed() -> None:
    cohort = Cohort(episodes(), events(), grades())
    assert cohort.events["version"].dtype == "float64"
    assert cohort.grades["tian_grade"].isna().all()


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ((episodes(episode_id=["e1", "e1"]), events(), grades()), "must be unique"),
        ((episodes(), events(episode_id="e9"), grades()), "must name a known episode"),
        ((episodes(), events(available_h=20.0), grades()), "must not precede collected_h"),
        ((episodes(), events(modality="urine"), grades()), "must be one of"),
        ((episodes(), events(value=float("inf")), grades()), "must be finite numbers"),
        ((episodes(), events(value="high"), grades()), "must be finite numbers"),
        ((episodes(), events(ordered_as=None), grades()), "must be filled"),
        ((episodes(), events(), grades(scale="Penn")), "must be one of"),
        ((episodes(), events(), grades(covers_from_h=30.0)), "must not precede covers_from_h"),
        ((episodes().iloc[:0], events().iloc[:0], grades().iloc[:0]), "at least one episode"),
        ((episodes(), events().drop(columns="value"), grades()), "needs the columns"),
        ((episodes(cns_tumour=["yes", "no"]), events(), grades()), "true or false"),
        ((episodes(died_h=[-1, None]), events(), grades()), "died_h must be numbers of at least 0"),
        ((episodes(age_years=[150, 60]), events(), grades()), "from 0 to 120"),
        ((episodes(), events(), grades(icans_grade=7)), "icans_grade must be numbers from 0 to 5"),
        ((episodes(), events(), grades(icans_grade=2.5)), "icans_grade must be whole numbers"),
        ((episodes(), events(), grades(ice_total=11)), "ice_total must be numbers from 0 to 10"),
        ((episodes(), events(), grades(episode_id="e9")), "must name a known episode"),
        (
            (
                episodes(),
                events(),
                grades(icans_grade=2, covers_from_h=-48, assessed_h=-24, available_h=0),
            ),
            "0 or empty before the infusion",
        ),
        (
            (episodes(), events(), pd.concat([grades(icans_grade=1), grades(icans_grade=2)])),
            "one in each assessment",
        ),
    ],
)
def test_a_table_that_breaks_its_contract_is_refused(
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame], message: str
) -> None:
    with pytest.raises(CohortError, match=message):
        Cohort(*tables)


def test_an_error_never_repeats_an_identifier() -> None:
    with pytest.raises(CohortError) as caught:
        Cohort(episodes(), events(episode_id="Jane Doe"), grades())
    assert "Jane" not in str(caught.value)


def test_the_hash_ignores_order_and_sees_every_value() -> None:
    cohort = Cohort(episodes(), events(), grades())
    shuffled = Cohort(episodes().iloc[::-1], events()[list(events())[::-1]], grades())
    other = Cohort(episodes(), events(value=30.5), grades())
    assert cohort.hash() == shuffled.hash()
    assert cohort.hash() != other.hash()


def test_a_row_more_changes_the_hash_even_if_it_is_a_copy() -> None:
    table = check_table(events(), EVENTS, name="events")
    assert hash_table(table) != hash_table(pd.concat([table, table]))


def test_missing_text_stays_missing() -> None:
    cohort = Cohort(episodes(product=["axi-cel", None]), events(), grades())
    assert cohort.episodes["product"].isna().tolist() == [False, True]


def test_the_same_grade_given_twice_is_no_contradiction() -> None:
    Cohort(episodes(), events(), pd.concat([grades(), grades()]))


@pytest.mark.parametrize("cells", [pd.Timestamp("2026-05-01"), True])
def test_a_date_and_a_truth_value_are_no_numbers(cells: object) -> None:
    with pytest.raises(CohortError, match="followed_until_h must be finite numbers, 2 cells"):
        Cohort(episodes(followed_until_h=cells), events(), grades())


def test_a_cohort_that_is_shown_names_nobody() -> None:
    shown = repr(Cohort(episodes(episode_id=["Jane", "e1"]), events(), grades()))
    assert shown == "Cohort(2 episodes, 1 events, 1 grades)"


def test_an_error_of_cells_knows_its_rows_and_survives_another_process() -> None:
    error = CellError("events.value", "must be finite numbers", [3, 5])
    sent = pickle.loads(pickle.dumps(error))
    assert (str(sent), sent.table, sent.rows) == (str(error), "events", [3, 5])
    assert str(error).startswith(
        "events.value must be finite numbers, 2 cells do not (row positions 3, 5)."
    )

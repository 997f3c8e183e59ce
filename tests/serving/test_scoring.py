"""Raw tables in; status, risk, range, reasons and inputs out, for each patient alone."""

import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import logit

from icans_risk.cohort import (
    CONTRIBUTIONS,
    INPUTS,
    PREDICTIONS,
    Cohort,
    check_table,
)
from icans_risk.errors import CohortError, ModelError, NotEstimableError
from icans_risk.models.released import ReleasedModel
from icans_risk.models.withdrawal import withdraw_model
from icans_risk.serving import RawTables, Scored, ServedModel, load_served, score
from icans_risk.serving.request import Request
from serving.example import Example, raw


@pytest.fixture(scope="module")
def served(example: Example) -> ServedModel:
    return example.served


@pytest.fixture(scope="module")
def cohort(example: Example) -> Cohort:
    return example.cohort


@pytest.fixture(scope="module")
def scored(cohort: Cohort, served: ServedModel) -> Scored:
    return score(cohort, [served], data_kind="synthetic")


def test_every_table_keeps_its_contract(scored: Scored, cohort: Cohort) -> None:
    for frame, table in (
        (scored.predictions, PREDICTIONS),
        (scored.contributions, CONTRIBUTIONS),
        (scored.inputs, INPUTS),
    ):
        check_table(frame, table, name="scored")
    assert scored.predictions["episode_id"].tolist() == cohort.episodes["episode_id"].tolist()
    assert repr(scored) == f"Scored(60 predictions, {len(answered(scored))} answered)"


def answered(scored: Scored) -> pd.DataFrame:
    table = scored.predictions
    return table[table["status"] == "answered"]


def test_most_patients_are_answered_and_the_rest_get_a_reason_and_no_number(
    scored: Scored,
) -> None:
    told = scored.predictions
    silent = told[told["status"] != "answered"]
    assert len(answered(scored)) >= 30
    assert len(silent) >= 1
    assert silent[["risk", "risk_low", "risk_high"]].isna().all().all()
    assert (silent["reason"].str.len() > 20).all()
    sure = answered(scored)
    assert (sure["reason"] == "").all()
    assert ((sure["risk_low"] <= sure["risk"]) & (sure["risk"] <= sure["risk_high"])).all()


def test_contributions_add_up_to_the_risk_by_column_and_by_analyte(scored: Scored) -> None:
    risk = answered(scored).set_index("episode_id")["risk"]
    for table in (scored.contributions, scored.folded):
        total = table.groupby("episode_id")["contribution_logit"].sum()
        assert set(total.index) == set(risk.index)
        np.testing.assert_allclose(total.reindex(risk.index), logit(risk), atol=1e-5)
    assert "plasma.crp" in set(scored.folded["analyte"])


def test_the_training_patients_get_what_the_fitted_model_gives_them(example: Example) -> None:
    """One path: the released model, its vectors and its circumstances, to the last bit."""
    result = example.results[0]
    assert result.released is not None
    told = score(example.trained_on, [example.served], data_kind="synthetic")
    sure = answered(told).set_index("episode_id")["risk"]
    rows = result.data.vectors.droplevel("landmark_h").loc[sure.index, example.served.columns]
    np.testing.assert_array_equal(sure, result.released.model.predict_proba(rows)[:, 1])
    assert len(sure) > 150
    excluded = result.data.primary.set_index("episode_id")["excluded_because"]
    silent = told.predictions.set_index("episode_id")["status"][excluded != ""]
    assert set(silent) <= {"already_at_endpoint", "not_under_observation"}


def test_inputs_were_all_available_at_the_landmark(scored: Scored) -> None:
    assert (scored.inputs["available_h"] <= 72.0).all()
    assert (scored.inputs["collected_h"] <= scored.inputs["available_h"]).all()


def test_what_is_missing_is_listed_by_analyte(cohort: Cohort, served: ServedModel) -> None:
    events = cohort.events
    crp = (events["analyte"] == "crp") & (events["episode_id"] == events["episode_id"].iloc[0])
    told = score(
        replace(cohort, events=events[~crp].reset_index(drop=True)),
        [served],
        data_kind="synthetic",
    )
    own = told.missing[told.missing["episode_id"] == events["episode_id"].iloc[0]]
    (row,) = own[own["analyte"] == "plasma.crp"].to_dict("records")
    assert (row["columns_missing"], row["columns"]) == (2, 2)


def test_models_of_two_landmarks_score_each_at_its_own(example: Example) -> None:
    models = [load_served(folder) for folder in example.models]
    told = score(example.cohort, models, data_kind="synthetic")
    assert told.predictions["landmark_h"].tolist() == [72.0] * 60 + [96.0] * 60
    assert [model["sha256"] for model in told.models] == [model.identity for model in models]
    assert set(told.predictions["model"]) == {model.identity for model in models}
    with pytest.raises(ModelError, match="one model per landmark"):
        score(example.cohort, [models[0], models[0]], data_kind="synthetic")


def test_a_model_of_synthetic_patients_says_nothing_about_real_ones(
    cohort: Cohort, served: ServedModel
) -> None:
    told = score(cohort, [served], data_kind="real")
    assert answered(told).empty
    assert (told.predictions["status"] == "synthetic_model_on_real_data").sum() >= 30
    assert (told.predictions["trained_on"] == "synthetic").all()
    assert told.is_synthetic


SPOILT = [
    ("events", "value", "MRN-123456 Jane Doe", "events.value must be finite numbers"),
    ("events", "value", float("inf"), "events.value must be finite numbers"),
    # Without the time of infusion there are no hours since it.
    ("events", "collected_h", None, "events.collected_h must be filled"),
    ("events", "modality", "MRN-123456 Jane Doe", "events.modality must be one of"),
    ("events", "available_h", -1e9, "available_h must not precede"),
    ("grades", "icans_grade", 17, "grades.icans_grade must be numbers from 0 to 5"),
    ("grades", "scale", "CTCAE", "the endpoint is defined on"),
    ("episodes", "followed_until_h", None, "must be filled"),
    ("episodes", "age_years", "old", "must be finite numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "column", "value", "reason"), SPOILT)
def test_one_bad_patient_stops_nobody_else_and_is_not_repeated(
    scored: Scored, cohort: Cohort, served: ServedModel, name: str, column: str,
    value: object, reason: str,
) -> None:  # fmt: skip
    tables = raw(cohort)
    bad = str(cohort.grades["episode_id"].iloc[0])
    frame = getattr(tables, name)
    # Every row of the patient, so that no grade is left on another scale.
    frame.loc[frame["episode_id"] == bad, column] = value
    told = score(tables, [served], data_kind="synthetic")
    rows = told.predictions.set_index("episode_id")
    assert rows.loc[bad, "status"] == "unreadable"
    assert reason in rows.loc[bad, "reason"]
    assert "Jane" not in rows.to_csv()
    before = scored.predictions.set_index("episode_id").drop(bad)
    pd.testing.assert_frame_equal(rows.drop(bad), before)


def test_an_episode_that_stands_twice_or_has_no_name_is_unreadable(
    cohort: Cohort, served: ServedModel
) -> None:
    tables = raw(cohort)
    first, twin = tables.episodes.iloc[[0]], tables.episodes.iloc[[1]]
    nameless = first.assign(episode_id=None)
    several = pd.concat([tables.episodes, twin, nameless], ignore_index=True)
    told = score(replace(tables, episodes=several), [served], data_kind="synthetic")
    rows = told.predictions.set_index("episode_id")
    assert len(rows) == 61
    assert "must be unique" in rows.loc[twin["episode_id"].iloc[0], "reason"]
    assert "must be filled" in rows.loc["row 61 of episodes", "reason"]


def test_rows_that_belong_to_nobody_are_counted(cohort: Cohort, served: ServedModel) -> None:
    kept = cohort.episodes.iloc[:20]
    lost = int((~cohort.events["episode_id"].isin(kept["episode_id"])).sum())
    tables = RawTables(kept, cohort.events, cohort.grades.iloc[:0])
    told = score(tables, [served], data_kind="synthetic")
    (note,) = told.notes
    assert note.startswith(f"{lost} of {len(cohort.events)} rows of events name no episode")


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.integers(0, 59), min_size=1, max_size=8, unique=True))
def test_a_patient_alone_gets_the_same_bits_as_among_others(
    scored: Scored, cohort: Cohort, served: ServedModel, rows: list[int]
) -> None:
    episodes = cohort.episodes.iloc[rows]
    own = [
        table[table["episode_id"].isin(episodes["episode_id"])]
        for table in (cohort.events, cohort.grades)
    ]
    told = score(RawTables(episodes, *own), [served], data_kind="synthetic")
    pd.testing.assert_frame_equal(
        told.predictions, scored.predictions.iloc[rows].reset_index(drop=True), check_exact=True
    )


def test_a_patient_without_any_value_gets_no_number(cohort: Cohort, served: ServedModel) -> None:
    tables = RawTables(cohort.episodes, cohort.events.iloc[:0], cohort.grades.iloc[:0])
    told = score(tables, [served], data_kind="synthetic")
    assert answered(told).empty
    assert "no_data_before_landmark" in set(told.predictions["status"])
    assert told.predictions["risk"].isna().all()
    assert told.contributions.empty


def test_too_many_rows_and_absent_columns_are_refused(cohort: Cohort, served: ServedModel) -> None:
    with pytest.raises(CohortError, match="expected 1 to 59 episodes at once, got 60"):
        score(cohort, [served], data_kind="synthetic", most_episodes=59)
    tables = replace(raw(cohort), events=cohort.events.drop(columns="available_h"))
    with pytest.raises(CohortError, match=r"needs the columns \['available_h'\]"):
        score(tables, [served], data_kind="synthetic")
    tables = replace(raw(cohort), episodes=cohort.episodes.drop(columns="product"))
    with pytest.raises(ModelError, match=r"columns \['product'\] of episodes"):
        score(tables, [served], data_kind="synthetic")


def test_an_unseen_product_is_not_answered_for(cohort: Cohort, served: ServedModel) -> None:
    told = score(
        replace(cohort, episodes=cohort.episodes.assign(product="tomorrow-cel")),
        [served],
        data_kind="synthetic",
    )
    assert answered(told).empty
    assert "unknown_product" in set(told.predictions["status"])


def test_a_withdrawn_model_gives_no_numbers(example: Example, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    copytree(example.models[0], folder)
    withdraw_model(folder, reason="the assay changed")
    served = load_served(folder)
    assert served.describe()["withdrawn"] == "the assay changed"
    told = score(example.cohort, [served], data_kind="synthetic")
    assert answered(told).empty
    assert "model_withdrawn" in set(told.predictions["status"])
    with pytest.raises(ModelError, match="withdrawn before"):
        withdraw_model(folder, reason="again")
    (folder / "withdrawn.json").write_text("{", encoding="utf-8")
    assert load_served(folder).withdrawn is not None


def test_a_model_that_knows_not_whom_it_may_judge_does_not_score(
    cohort: Cohort, served: ServedModel
) -> None:
    blind = replace(served, released=replace(served.released, applicability=None))
    with pytest.raises(NotEstimableError, match="too small to learn"):
        score(cohort, [blind], data_kind="synthetic")


def test_a_folder_of_an_earlier_version_is_refused(example: Example, tmp_path: Path) -> None:
    released: ReleasedModel = example.served.released
    facts = {name: value for name, value in released.facts.items() if name != "levels"}
    replace(released, facts=facts).save(tmp_path / "old")
    with pytest.raises(ModelError, match=r"the facts \['levels'\]"):
        load_served(tmp_path / "old")


def test_the_facts_say_what_pages_need(example: Example) -> None:
    facts, result = example.served.facts, example.results[0]
    json.dumps(facts, allow_nan=False)
    assert facts["landmark"] == "72h"
    assert facts["base_rate"] == {"n": len(result.rows.event), "events": result.rows.event.sum()}
    products = facts["product_rates"].values()
    assert sum(rate["n"] for rate in products) == facts["base_rate"]["n"]
    assert facts["performance"]["auroc"][0] == result.main.metrics["auroc"].estimate
    assert (facts["presence"], facts["treatment_policy"]) == ("protocol_only", "ignore")


def test_many_bad_patients_get_what_each_would_get_alone_after_few_readings(
    cohort: Cohort, served: ServedModel, scored: Scored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export whose every clock is wrong must not take a minute for each thousand patients."""
    tables = raw(cohort)
    ids = tables.episodes["episode_id"].tolist()
    late, negative = set(ids[1::3]), set(ids[2::3])
    owner = tables.events["episode_id"]
    tables.events["available_h"] = tables.events["available_h"].where(~owner.isin(late), -1e6)
    is_negative = tables.episodes["episode_id"].isin(negative)
    tables.episodes["followed_until_h"] = tables.episodes["followed_until_h"].where(
        ~is_negative, -1.0
    )
    readings = []
    read = Request.cohort
    monkeypatch.setattr(Request, "cohort", lambda self: readings.append(self) or read(self))
    told = score(tables, [served], data_kind="synthetic")
    assert len(readings) == 3
    assert told.predictions["episode_id"].tolist() == ids
    is_good = ~told.predictions["episode_id"].isin(late | negative)
    pd.testing.assert_frame_equal(
        told.predictions[is_good], scored.predictions[is_good], check_exact=True
    )
    assert set(told.predictions.loc[~is_good, "status"]) == {"unreadable"}
    for name in (ids[1], ids[2]):
        own = RawTables(*(t[t["episode_id"] == name] for t in vars(tables).values()))
        alone = score(own, [served], data_kind="synthetic").predictions
        among = told.predictions[told.predictions["episode_id"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(among, alone)

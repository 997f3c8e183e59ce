"""Platforms that disagree are used by a rule, or not at all."""

from typing import Any

import polars as pl
import pytest

from icans_risk.catalogue import load_catalogue
from icans_risk.ingest.stages.assays import PlatformRows, assay_problems, choose_assays
from icans_risk.study.handling import AssayRule, Handling

CATALOGUE = load_catalogue()
NFL = "plasma.nfl"
SOURCE = "a method comparison of the laboratory"


def results(*reports: tuple[str, float], analyte: str = NFL, **columns: Any) -> pl.DataFrame:
    """Make rows of (assay, value), on rows 2, 3 and so on."""
    assays, values = zip(*reports, strict=True) if reports else ((), ())
    size = len(reports)
    made = {
        "file": ["nfl.csv"] * size, "row": list(range(2, size + 2)),
        "analyte": [analyte] * size, "value": list(values), "censored": [""] * size,
        "assay": list(assays), "reason": [None] * size,
    } | columns  # fmt: skip
    numbers = {"row": pl.Int64, "value": pl.Float64}
    return pl.DataFrame(made, schema=dict.fromkeys(made, pl.String) | numbers)


def handling(analyte: str = NFL, **rule: Any) -> Handling:
    return Handling(assays={analyte: AssayRule(**rule)})


def only_message(rows: pl.DataFrame, rules: Handling) -> str:
    [problem] = assay_problems(rows, rules, CATALOGUE)
    assert problem.count == rows.height
    return problem.message


def choose(rows: pl.DataFrame, rules: Handling) -> pl.DataFrame:
    assert assay_problems(rows.filter(pl.col("reason").is_null()), rules, CATALOGUE) == []
    return choose_assays(rows, rules, CATALOGUE)


MIXED = results(("Ella", 10.0), ("Simoa HD-X", 20.0), ("Ella", 30.0))


def test_several_platforms_without_a_rule_are_a_problem_with_counts_and_first_rows() -> None:
    [problem] = assay_problems(MIXED, Handling(), CATALOGUE)

    assert problem.analyte == NFL
    assert problem.count == 3
    assert problem.platforms == (
        PlatformRows("Ella", 2, "nfl.csv", 2),
        PlatformRows("Simoa HD-X", 1, "nfl.csv", 3),
    )
    assert (problem.file, problem.rows) == ("nfl.csv", (2, 3))
    assert problem.message == (
        "plasma.nfl was measured on several platforms: 2 on 'Ella', 1 on 'Simoa HD-X'."
    )


def test_the_first_row_is_that_of_the_first_file() -> None:
    reports = [("Ella", 1.0), ("Ella", 1.0), ("Simoa", 1.0), ("", 1.0)]
    rows = results(*reports, file=["b.csv", "a.csv", "b.csv", "a.csv"], row=[2, 9, 5, 7])
    [problem] = assay_problems(rows, Handling(), CATALOGUE)
    assert problem.platforms == (
        PlatformRows("", 1, "a.csv", 7),
        PlatformRows("Ella", 2, "a.csv", 9),
        PlatformRows("Simoa", 1, "b.csv", 5),
    )
    assert (problem.file, problem.rows) == ("a.csv", (7, 9))


def test_an_unstated_platform_beside_a_known_one_is_a_problem() -> None:
    message = only_message(results(("", 1.0), ("Ella", 1.0)), Handling())
    assert message.endswith("1 on an unstated one, 1 on 'Ella'.")


@pytest.mark.parametrize("assay", ["", "Ella"])
def test_one_platform_needs_no_rule(assay: str) -> None:
    rows = results((assay, 1.0), (assay, 2.0))
    assert choose(rows, Handling()).equals(rows)


def test_what_is_standardised_is_pooled() -> None:
    rows = results(("Cobas", 1.0), ("", 2.0), analyte="plasma.ferritin")
    assert choose(rows, Handling()).equals(rows)


def test_every_analyte_with_a_problem_is_listed() -> None:
    rows = pl.concat(
        [MIXED, results(("a", 1.0), ("b", 1.0), analyte="csf.il6"), results(("", 1.0))]
    )
    problems = assay_problems(rows, Handling(), CATALOGUE)
    assert [problem.analyte for problem in problems] == ["csf.il6", NFL]


def test_many_platforms_are_not_all_named() -> None:
    rows = results(*((f"kit {number:02}", 1.0) for number in range(20)))
    message = only_message(rows, Handling())
    assert "'kit 07', 12 more platforms." in message
    assert "kit 08" not in message


def test_a_platform_that_hardly_anybody_has_is_not_named() -> None:
    rows = results(("Ella", 1.0), ("read by Dr Zebedee", 1.0), ("", 1.0))
    [problem] = assay_problems(rows, Handling(), CATALOGUE, rare={"read by Dr Zebedee"})
    assert problem.message.endswith("1 on an unstated one, 1 on 'Ella', 1 on a rare one.")


def test_of_several_platforms_one_is_used_and_the_others_are_set_aside() -> None:
    rows = pl.concat([MIXED, results(("Cobas", 5.0), analyte="plasma.crp")])
    chosen = choose(rows, handling(use="Ella"))

    assert chosen["reason"].to_list() == [None, "other_platform", None, None]
    assert chosen.drop("reason").equals(rows.drop("reason"))


def test_an_earlier_reason_stays_where_another_platform_is_used() -> None:
    rows = MIXED.with_columns(reason=pl.Series([None, "impossible_value", None]))
    chosen = choose(rows, handling(use="Ella"))
    assert chosen["reason"].to_list() == [None, "impossible_value", None]


def test_results_are_converted_and_so_are_limits() -> None:
    rows = results(("Ella", 10.0), ("Simoa HD-X", 20.0), ("Ella", 4.0), censored=["", "", "<"])
    rows = pl.concat([rows, results(("Ella", 10.0), analyte="plasma.gfap")])
    rules = handling(factors={"Simoa HD-X": 1.0, "Ella": 0.5, "Atellica": 1.4}, source=SOURCE)
    chosen = choose(rows, rules)

    assert chosen["value"].to_list() == [5.0, 20.0, 2.0, 10.0]
    assert chosen.drop("value").equals(rows.drop("value"))


def test_a_row_that_was_set_aside_is_not_converted() -> None:
    rows = results(("Ella", 10.0), ("Ella", 10.0), reason=["impossible_value", None])
    rules = handling(factors={"Ella": 0.5}, source=SOURCE)
    assert choose(rows, rules)["value"].to_list() == [10.0, 5.0]


def test_separate_platforms_are_measurements_that_the_catalogue_knows() -> None:
    other = results(("", 1.0), ("(new) Lumipulse*", 1.0))
    rows = pl.concat([MIXED, other, results(("Ella", 1.0), analyte="plasma.gfap")])
    chosen = choose(rows, handling(separate=True))

    assert chosen["analyte"].to_list() == [
        "plasma.nfl@ella", "plasma.nfl@simoa_hd_x", "plasma.nfl@ella", "plasma.nfl@unknown",
        "plasma.nfl@new_lumipulse", "plasma.gfap",
    ]  # fmt: skip
    assert all(name in CATALOGUE for name in chosen["analyte"])
    assert chosen.drop("analyte").equals(rows.drop("analyte"))


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        ({"use": "ella"}, MIXED),
        ({"use": "Ella"}, results(("", 1.0))),
        ({"factors": {"Ella": 1.0}, "source": SOURCE}, MIXED),
        ({"factors": {"Ella": 1.0}, "source": SOURCE}, results(("", 1.0), ("Ella", 1.0))),
        ({"separate": True}, results(("Simoa HD-X", 1.0), ("simoa hd x", 1.0))),
        ({"separate": True}, results(("", 1.0), ("Unknown", 1.0))),
        ({"separate": True}, results(("+++", 1.0))),
    ],
    ids=str,
)
def test_a_rule_that_does_not_fit_the_platforms_is_a_problem(
    rule: dict[str, Any], rows: pl.DataFrame
) -> None:
    assert only_message(rows, handling(**rule)).startswith("handling.assays.plasma.nfl ")


def test_a_standardised_analyte_may_be_chosen_from_but_not_separated() -> None:
    rows = results(("Cobas", 1.0), ("Atellica", 2.0), analyte="plasma.crp")
    chosen = choose(rows, handling("plasma.crp", use="Cobas"))
    assert chosen["reason"].to_list() == [None, "other_platform"]
    assert "assay-dependent" in only_message(rows, handling("plasma.crp", separate=True))


def test_a_rule_for_what_was_not_measured_does_nothing() -> None:
    rows = results(("", 1.0))
    for rule in ({"use": "Ella"}, {"separate": True}):
        assert choose(rows, handling("csf.nfl", **rule)).equals(rows)
        assert choose(results(), handling(**rule)).is_empty()


@pytest.mark.parametrize(
    "rule", [{"use": "Ella"}, {"factors": {"Ella": 2.0}, "source": SOURCE}], ids=str
)
def test_a_part_of_the_rows_is_treated_like_the_whole(rule: dict[str, Any]) -> None:
    rules = handling(**rule)
    parts = [choose_assays(MIXED.slice(start, 1), rules, CATALOGUE) for start in range(3)]
    assert pl.concat(parts).equals(choose_assays(MIXED, rules, CATALOGUE))


@pytest.mark.parametrize(
    ("rule", "assay"),
    [({"factors": {"Ella": 2.0}, "source": SOURCE}, "Simoa"), ({"separate": True}, "+++")],
    ids=str,
)
def test_a_platform_that_its_rule_does_not_cover_is_set_aside(
    rule: dict[str, Any], assay: str
) -> None:
    rows = results(("Ella", 1.0), (assay, 1.0))
    chosen = choose_assays(rows, handling(**rule), CATALOGUE)
    assert chosen["reason"].to_list() == [None, "other_platform"]
    assert chosen.row(1)[:-1] == rows.row(1)[:-1]

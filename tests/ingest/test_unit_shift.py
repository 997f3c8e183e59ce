"""Values in another unit than stated: found where they are, and nowhere else."""

import dataclasses
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.catalogue import load_catalogue
from icans_risk.ingest.shifts.evidence import judge
from icans_risk.ingest.shifts.outcome import (
    declared_blocks,
    describe,
    separates_outcome,
)
from icans_risk.ingest.shifts.search import UnitShift, find_unit_shifts
from icans_risk.study.handling import UnitCorrection

CATALOGUE = load_catalogue()
STUDY = Path(__file__).parents[2] / "benchmarks" / "studies" / "unit_shifts.py"
TYPICAL = {
    "plasma.crp": (30.0, 1.0), "plasma.ldh": (250.0, 0.4), "plasma.d_dimer": (900.0, 0.8),
    "plasma.albumin": (3.6, 0.12), "clinical.temperature": (37.3, 0.015),
    "plasma.creatinine": (0.9, 0.3),
}  # fmt: skip


def make_rows(
    analyte: str = "plasma.crp", *, patients: int = 48, samples: int = 10, seed: int = 0
) -> pl.DataFrame:
    """Four sites of a dozen patients, sorted by patient, one sample a day."""
    rng = np.random.default_rng(seed)
    middle, spread = TYPICAL[analyte]
    own = rng.normal(0, 0.8 * spread, patients).repeat(samples)
    level = np.log(middle) + own + rng.normal(0, 0.4 * spread, patients * samples)
    patient = np.arange(patients).repeat(samples)
    return pl.DataFrame(
        {
            "file": "labs.csv",
            "row": np.arange(2, patients * samples + 2),
            "episode_id": [f"E{p:03d}" for p in patient],
            "site": [f"site_{p % 4}" for p in patient],
            "analyte": analyte,
            "value": np.exp(level),
            "unit_read": CATALOGUE[analyte].unit,
            "collected_h": 24.0 * np.tile(np.arange(samples), patients),
            "censored": "",
        }
    )


def written_in(rows: pl.DataFrame, unit: str, where: pl.Expr) -> pl.DataFrame:
    """Write some values in a unit, and leave the stated unit as it is."""
    by = CATALOGUE[rows["analyte"][0]].accepted_units[unit]
    written = pl.col("value") / by.factor - by.offset
    return rows.with_columns(value=pl.when(where).then(written).otherwise("value"))


def find(rows: pl.DataFrame) -> list[UnitShift]:
    return find_unit_shifts(rows, CATALOGUE)


@pytest.mark.parametrize("analyte", TYPICAL)
@pytest.mark.parametrize("order", ["episode_id", "collected_h"])
def test_clean_values_are_no_shift_in_any_order(analyte: str, order: str) -> None:
    rows = make_rows(analyte, seed=3).sort(order, maintain_order=True)
    assert find(rows.with_columns(row=pl.int_range(2, pl.len() + 2, dtype=pl.Int64))) == []


@pytest.mark.parametrize("times", [1 / 3, 3.0])
def test_a_site_with_a_threefold_crp_is_no_shift(times: float) -> None:
    at_one = pl.col("site") == "site_1"
    rows = make_rows().with_columns(
        value=pl.col("value") * pl.when(at_one).then(times).otherwise(1)
    )
    assert find(rows) == []


@pytest.mark.parametrize(
    ("analyte", "unit"),
    [
        ("plasma.crp", "mg/dL"), ("plasma.ldh", "ukat/L"), ("plasma.creatinine", "umol/L"),
        ("plasma.albumin", "g/L"), ("clinical.temperature", "[degF]"),
    ],
)  # fmt: skip
def test_a_site_in_another_unit_is_named_with_both_units(analyte: str, unit: str) -> None:
    (shift,) = find(written_in(make_rows(analyte), unit, pl.col("site") == "site_2"))
    assert (shift.kind, shift.site, shift.likely_unit) == ("site", "site_2", unit)
    assert shift.stated_unit == CATALOGUE[analyte].unit
    assert shift.count == 120
    assert shift.episodes == {f"E{p:03d}" for p in range(2, 48, 4)}
    assert shift.others == {f"E{p:03d}" for p in range(48) if p % 4 != 2}
    assert shift.stretches == (("labs.csv", 22, 471),)


def test_most_sites_may_be_the_wrong_ones() -> None:
    rows = written_in(make_rows("plasma.ldh"), "ukat/L", pl.col("site") != "site_2")
    assert {shift.site for shift in find(rows)} == {"site_0", "site_1", "site_3"}


def test_a_file_in_another_unit_is_named() -> None:
    rows = make_rows().with_columns(
        site=pl.lit(None, pl.String),
        file=pl.when(pl.col("row") < 150).then(pl.lit("old.csv")).otherwise(pl.lit("labs.csv")),
    )
    (shift,) = find(written_in(rows, "mg/dL", pl.col("file") == "old.csv"))
    assert (shift.kind, shift.file, shift.site) == ("file", "old.csv", None)


def test_a_file_of_early_samples_is_found_by_the_steps_into_it() -> None:
    early = pl.col("collected_h") < 96
    rows = make_rows().with_columns(
        file=pl.when(early).then(pl.lit("a.csv")).otherwise(pl.lit("labs.csv"))
    )
    (shift,) = find(written_in(rows, "mg/dL", early))
    assert (shift.kind, shift.file) == ("file", "a.csv")


def test_a_block_is_named_by_its_first_and_last_row() -> None:
    rows = written_in(make_rows("plasma.ldh"), "ukat/L", pl.col("row").is_between(155, 296))
    (shift,) = find(rows)
    assert (shift.kind, shift.stretches) == ("block", (("labs.csv", 155, 296),))
    assert shift.rows == tuple(range(155, 297))


def test_a_block_goes_on_over_censored_rows() -> None:
    block = pl.col("row").is_between(155, 296)
    rows = written_in(make_rows("plasma.ldh"), "ukat/L", block)
    is_censored = pl.when(pl.col("row") % 7 == 0).then(pl.lit("<")).otherwise(pl.lit(""))
    rows = rows.with_columns(censored=is_censored)
    (shift,) = find(rows)
    assert shift.stretches == (("labs.csv", 155, 296),)


def test_a_laboratory_that_changes_units_is_found_among_interleaved_sites() -> None:
    rows = make_rows("plasma.ldh").sort("collected_h", "episode_id")
    rows = rows.with_columns(row=pl.int_range(2, pl.len() + 2, dtype=pl.Int64))
    wrong = (pl.col("site") == "site_1") & (pl.col("row") > 250)
    named = {row for shift in find(written_in(rows, "ukat/L", wrong)) for row in shift.rows}
    assert named == set(rows.filter(wrong)["row"])


def test_single_rows_are_found_by_their_neighbours() -> None:
    wrong = pl.col("row").is_in([14, 57, 208, 305, 415])
    (shift,) = find(written_in(make_rows("plasma.ldh"), "ukat/L", wrong))
    assert (shift.kind, shift.rows) == ("scattered", (14, 57, 208, 305, 415))
    assert shift.stretches[0] == ("labs.csv", 14, 14)


def test_two_single_rows_are_typing_errors() -> None:
    rows = written_in(make_rows("plasma.ldh"), "ukat/L", pl.col("row").is_in([14, 57]))
    assert find(rows) == []


def test_four_fahrenheit_rows_of_one_episode_are_enough() -> None:
    wrong = pl.col("row").is_between(24, 27)
    (shift,) = find(written_in(make_rows("clinical.temperature"), "[degF]", wrong))
    assert (shift.kind, shift.likely_unit, shift.rows) == ("block", "[degF]", (24, 25, 26, 27))


def test_the_code_99_is_no_temperature() -> None:
    is_code = pl.col("row") % 50 == 0
    rows = make_rows("clinical.temperature")
    assert find(rows.with_columns(value=pl.when(is_code).then(99.0).otherwise("value"))) == []


def test_a_whole_cohort_in_one_wrong_unit_leaves_the_limits() -> None:
    shifts = find(written_in(make_rows("plasma.ldh"), "ukat/L", pl.lit(True)))
    assert {shift.likely_unit for shift in shifts} == {"ukat/L"}
    assert sum(shift.count for shift in shifts) == 480


def test_units_too_near_to_be_told_apart_are_never_reported() -> None:
    at_one = pl.col("site") == "site_1"
    assert find(written_in(make_rows("plasma.d_dimer"), "ng/mL{DDU}", at_one)) == []
    (shift,) = find(written_in(make_rows("plasma.d_dimer"), "mg/L{FEU}", at_one))
    assert {shift.likely_unit, *shift.alternatives} >= {"ug/mL{FEU}", "ug/mL{DDU}"}


def test_properly_stated_units_are_no_shift() -> None:
    stated = pl.when(pl.col("site") == "site_1").then(pl.lit("mg/dL")).otherwise("unit_read")
    assert find(make_rows().with_columns(unit_read=stated)) == []


def test_analytes_with_one_unit_and_empty_frames_are_left_alone() -> None:
    wild = {"analyte": pl.lit("clinical.heart_rate"), "value": pl.col("value") * pl.col("row")}
    rows = make_rows().with_columns(**wild)
    assert find(rows) == []
    assert find(make_rows().clear()) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 1.0))
def test_the_judge_sees_a_tenfold_shift_and_no_clean_one(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    shift = np.log(10.0)
    outside, inside = rng.normal(0, spread / 2, 60), rng.normal(0, spread / 2, 12)
    assert judge(inside, outside, shift) is None
    assert judge(inside + shift, outside, shift) is None
    evidence = judge(inside - shift, outside, shift)
    assert evidence is not None
    assert evidence.ratio == pytest.approx(0.1, rel=0.9)


def test_a_correction_declares_what_was_found() -> None:
    rows = written_in(make_rows(), "mg/dL", pl.col("site") == "site_2")
    (shift,) = find(rows)
    message, action = describe(shift, None)
    assert message == (
        "plasma.crp of site 'site_2' looks 10 times too low: stated mg/L, likely mg/dL; "
        "120 rows of 12 episodes, rows 22 to 471 of labs.csv."
    )
    assert "\n" not in action
    declared = yaml.safe_load(action.split("declare it: ")[1])
    correction = UnitCorrection(**declared["handling"]["unit_corrections"][0])
    assert (correction.site, correction.unit) == ("site_2", "mg/dL")
    (block,) = declared_blocks(rows, [correction])
    assert (block.kind, block.episodes, block.others) == ("declared", shift.episodes, shift.others)


def test_rows_of_a_block_are_declared_by_file_and_rows() -> None:
    rows = written_in(make_rows("plasma.ldh"), "ukat/L", pl.col("row").is_between(155, 296))
    (shift,) = find(rows)
    line = describe(shift, None)[1].split("declare it: ")[1]
    (entry,) = yaml.safe_load(line)["handling"]["unit_corrections"]
    assert (entry["file"], entry["rows"]) == ("labs.csv", [155, 296])
    correction = UnitCorrection(**{**entry, "rows": tuple(entry["rows"])})
    (block,) = declared_blocks(rows, [correction])
    assert block.count == 142
    assert declared_blocks(rows, [correction.model_copy(update={"file": "other.csv"})]) == []


def test_messages_hold_no_identifier() -> None:
    rows = written_in(make_rows("plasma.ldh"), "ukat/L", pl.col("row").is_in([14, 57, 208, 301]))
    (shift,) = find(rows)
    assert "E0" not in "".join([*describe(shift, None), repr(shift)])


def severe(shift: UnitShift, inside: int, outside: int) -> pl.DataFrame:
    worst = {*sorted(shift.episodes)[:inside], *sorted(shift.others)[:outside]}
    everybody = sorted(shift.episodes | shift.others)
    return pl.DataFrame({"episode_id": everybody, "severe": [e in worst for e in everybody]})


def test_a_block_that_separates_the_outcome_says_so_first() -> None:
    (shift,) = find(written_in(make_rows(), "mg/dL", pl.col("site") == "site_2"))
    separation = separates_outcome(shift, severe(shift, 9, 3))
    assert separation is not None
    assert dataclasses.astuple(separation)[:4] == (9, 12, 3, 36)
    assert separation.is_more
    assert describe(shift, separation)[0].startswith("These rows separate the outcome: 9 of 12")
    assert separates_outcome(shift, severe(shift, 3, 9)) is None
    fewer = separates_outcome(shift, severe(shift, 0, 30))
    assert fewer is not None
    assert not fewer.is_more


def test_an_unknown_outcome_does_not_count() -> None:
    (shift,) = find(written_in(make_rows(), "mg/dL", pl.col("site") == "site_2"))
    unknown = severe(shift, 9, 3).with_columns(severe=pl.lit(None, pl.Boolean))
    assert separates_outcome(shift, unknown) is None


def study() -> ModuleType:
    spec = importlib.util.spec_from_file_location("unit_shifts", STUDY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_study_finds_what_is_planted_and_nothing_in_clean_cohorts() -> None:
    module = study()
    cases = [
        module.Case("site", 8, "patient", "plasma.crp", "mg/L", "mg/dL"),
        module.Case("block", 0.1, "calendar", "plasma.ldh", "U/L", "ukat/L"),
    ]
    table = module.run(clean=1, repeats=2, seed=5, cases=cases)
    clean, planted = table["where"] == "clean", table["where"] != "clean"
    assert table.filter(clean)["noticed"].to_list() == [0.0] * len(module.CLEAN)
    assert table.filter(planted)["noticed"].to_list() == [1.0, 1.0]
    assert table.filter(planted)["rows_named"].min() > 0.9


def test_the_committed_table_has_no_false_alarm_and_finds_the_plain_cases() -> None:
    table = pl.read_csv(STUDY.with_suffix(".csv"), infer_schema_length=None)
    assert table["seed"].n_unique() == 1
    clean = table.filter(pl.col("where") == "clean")
    assert clean["cohorts"].min() >= 200
    assert clean["noticed"].to_list() == [0.0] * clean.height
    fahrenheit = pl.col("true") == "[degF]"
    plain = table.filter((pl.col("where") == "site") & ((pl.col("size") >= 8) | fahrenheit))
    assert plain["noticed"].to_list() == [1.0] * plain.height

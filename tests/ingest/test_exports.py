"""Whole exports of synthetic cohorts: what was planted is found, what is clean stays clean."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icans_risk.catalogue import from_canonical, load_catalogue
from icans_risk.cohort import Cohort, read_cohort_folder
from icans_risk.ingest import Ingested
from icans_risk.study import load_study
from icans_risk.synthetic import simulate
from icans_risk.workflow.ingest import check_study, ingest_study
from icans_risk.workflow.reading import read_cohort, read_sources
from ingest.exports import events_table, write_export, write_grades, write_infusions, write_study

# What a planted fault is taken for by whoever reads it.
TAKEN_FOR = {
    "mixed_unit": {"no_unit"},
    "decimal_sign": {"wrong_decimal_sign", "ambiguous_number"},
    "impossible_value": {"impossible_value"},
    "result_before_collection": {"result_before_collection"},
}
NO_RESULT_COLUMNS = ["episode_id", "analyte", "collected_h", "available_h"]


def verdicts(ingested: Ingested) -> pd.DataFrame:
    """Return every row of an export with what became of it, by line of the generator."""
    columns = ["row", "reason", "duplicate", "version", "censored"]
    rows = pd.concat([g.select(columns).to_pandas() for g in ingested.groups if len(g)])
    return rows.set_index(rows["row"] - 2).sort_index()


@pytest.mark.parametrize("level", [1, 3])
def test_every_planted_fault_is_found_and_nothing_else(tmp_path: Path, level: int) -> None:
    cohort = simulate(120, seed=5).cohort
    study, export = write_export(tmp_path, cohort, level=level, quarantine_at_most=0.2)
    ingested = read_sources(load_study(study))
    found = verdicts(ingested)
    assert len(found) == len(export.results)
    planted = export.faults.dropna(subset=["line"]).astype({"line": int})
    lines = {fault: set(rows["line"]) for fault, rows in planted.groupby("fault")}
    for fault, reasons in TAKEN_FOR.items():
        assert set(found.index[found["reason"].isin(reasons)]) == lines[fault], fault
    assert set(found.index[found["duplicate"].fillna(False).astype(bool)]) == lines["duplicate"]
    assert set(found.index[found["version"] > 0]) == lines["corrected_result"]
    assert (found.loc[sorted(lines["below_limit"]), "censored"] == "<").all()
    silent = (export.faults["fault"] == "no_results").sum()
    noted = Counter({f.code: f.count for f in ingested.quality.findings})
    assert noted["no_results"] == silent
    assert not ingested.quality.errors


def test_a_clean_export_gives_its_cohort_back(tmp_path: Path) -> None:
    cohort = simulate(60, seed=9).cohort
    study, _ = write_export(tmp_path, cohort)
    read, quality = read_cohort(load_study(study))
    assert quality.counts["events"] == len(cohort.events)
    keys = ["episode_id", "analyte", "collected_h", "available_h", "value"]
    ours, theirs = (
        events_table(c)[[*keys, "censored"]].sort_values(keys).reset_index(drop=True)
        for c in (read, cohort)
    )
    pd.testing.assert_frame_equal(ours[keys[:2]], theirs[keys[:2]])
    # An export writes six digits, and CRP in mg/dL two places.
    np.testing.assert_allclose(ours["value"], theirs["value"], rtol=1e-5, atol=0.051)
    grades = ["episode_id", "covers_from_h", "assessed_h", "icans_grade", "crs_grade", "ice_total"]
    pd.testing.assert_frame_equal(
        read.grades[grades], cohort.grades[grades].reset_index(drop=True), check_dtype=False
    )
    shared = ["episode_id", "patient_id", "followed_until_h", "site", "product", "age_years"]
    pd.testing.assert_frame_equal(read.episodes[shared], cohort.episodes[shared])


def alarms(folder: Path, seed: int) -> list[tuple[str, str]]:
    """Read a clean export and list its errors and what was set aside."""
    folder.mkdir()
    mix = ["lbcl", "all_products", "myeloma"][seed % 3]
    cohort = simulate(20 + (seed * 37) % 130, seed=seed, product_mix=mix).cohort
    ingested = read_sources(load_study(write_export(folder, cohort, seed=seed)[0]))
    set_aside = ingested.quarantine.rows["reason"].to_list()
    return [("error", f.code) for f in ingested.quality.errors] + [("row", r) for r in set_aside]


def test_clean_cohorts_raise_no_alarm(tmp_path: Path) -> None:
    assert {seed: found for seed in range(4) if (found := alarms(tmp_path / str(seed), seed))} == {}


@pytest.mark.slow
def test_two_hundred_clean_cohorts_raise_no_alarm(tmp_path: Path) -> None:
    seeds = range(1000, 1200)
    assert {seed: found for seed in seeds if (found := alarms(tmp_path / str(seed), seed))} == {}


WIDE = {
    "Temp": "clinical.temperature",
    "CRP": "plasma.crp",
    "LDH": "plasma.ldh",
    "Ferritin": "plasma.ferritin",
}
UNITS = {"Temp": "Cel", "CRP": "mg/L", "LDH": "U/L", "Ferritin": "ng/mL"}


def write_wide(folder: Path, *, corrected: bool) -> Path:
    """Write daily values to a workbook: at site B in Fahrenheit, CRP in mg/dL, all severe cases."""
    cohort = simulate(90, seed=21).cohort
    severe = cohort.grades.groupby("episode_id")["icans_grade"].max() >= 3
    at_b = cohort.episodes["episode_id"].map(severe).fillna(False).astype(bool)
    at_b |= np.arange(len(at_b)) % 12 == 0
    episodes = cohort.episodes.assign(site=np.where(at_b, "B", "A"))
    cohort = Cohort(episodes=episodes, events=cohort.events, grades=cohort.grades)
    wide = daily_values(cohort)
    b = wide["episode_id"].isin(episodes.loc[at_b, "episode_id"])
    for column, unit in {"Temp": "[degF]", "CRP": "mg/dL"}.items():
        analyte = load_catalogue()[WIDE[column]]
        wide.loc[b, column] = from_canonical(wide.loc[b, column], unit, analyte).round(1)
    wide.to_excel(folder / "daily.xlsx", index=False)
    data: dict[str, Any] = {
        "infusions": write_infusions(folder, cohort),
        "episodes": {"site": {"column": "site"}},
        "results": [
            {
                "layout": "wide", "files": ["daily.xlsx"], "episode": "episode_id",
                "collected": "day", "clock": "day_number",
                "columns": {
                    name: {"analyte": analyte, "unit": UNITS[name]}
                    for name, analyte in WIDE.items()
                },
            }
        ],
        "grades": [write_grades(folder, cohort)],
        "handling": {"availability": {"policy": "bedside"}},
    }  # fmt: skip
    if corrected:
        because = "the laboratory of site B says so"
        data["handling"]["unit_corrections"] = [
            {"analyte": WIDE[column], "unit": unit, "site": "B", "because": because}
            for column, unit in {"Temp": "[degF]", "CRP": "mg/dL"}.items()
        ]
    return write_study(folder, data)


def daily_values(cohort: Cohort) -> pd.DataFrame:
    events = events_table(cohort)
    events = events[events["analyte"].isin(WIDE.values()) & events["collected_h"].between(0, 335)]
    day = (events["collected_h"] // 24).astype(int)
    names = events["analyte"].map({analyte: name for name, analyte in WIDE.items()})
    keys = [events["episode_id"], day.rename("day"), names]
    return events.groupby(keys)["value"].median().unstack().reset_index()


def test_a_site_in_other_units_is_refused_and_shown_to_separate_the_outcome(
    tmp_path: Path,
) -> None:
    found = check_study(write_wide(tmp_path, corrected=False), report=tmp_path / "report")
    errors = {f["column"]: f for f in found["findings"] if f["severity"] == "error"}
    assert set(errors) == {"clinical.temperature", "plasma.crp"}
    for finding in errors.values():
        assert finding["file"] == "daily.xlsx"
        assert finding["rows"]
        assert "site: B" in finding["action"]
    assert "degF" in errors["clinical.temperature"]["message"]
    assert "mg/dL" in errors["plasma.crp"]["message"]
    assert "separate the outcome" in found["headlines"][0]
    page = (tmp_path / "report" / "quality.html").read_text(encoding="utf-8")
    assert page[: page.index("separate the outcome")].count("<h2") == 1
    with pytest.raises(Exception, match=r"site: B.*more"):
        ingest_study(write_wide(tmp_path, corrected=False), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_declared_units_pass_and_the_page_still_says_that_they_separate(tmp_path: Path) -> None:
    study = write_wide(tmp_path, corrected=True)
    found = ingest_study(study, tmp_path / "out")
    assert "separate the outcome" in found["headlines"][0]
    told = json.loads((tmp_path / "out" / "quality.json").read_text(encoding="utf-8"))
    assert told["headlines"] == found["headlines"]
    cohort = read_cohort_folder(tmp_path / "out" / "cohort")
    events = events_table(cohort)
    temperature = events.loc[events["analyte"] == "clinical.temperature", "value"]
    assert temperature.between(34, 42.5).all()

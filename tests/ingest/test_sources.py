"""A study's sources together: what one of them lacks does not harm the others."""

import json
from pathlib import Path

import pandas as pd
import pytest

from icans_risk.cohort import read_cohort_folder
from icans_risk.study import load_study
from icans_risk.synthetic import simulate
from icans_risk.workflow.ingest import check_study, ingest_study
from icans_risk.workflow.reading import read_cohort
from ingest.exports import write_export
from ingest.faulty import PATIENTS, clean_export

TIMES = ["taken", "known"]


def test_a_source_that_cannot_be_read_is_a_finding_and_the_others_are_read(tmp_path: Path) -> None:
    export = clean_export()
    other = export.source("results") | {"files": ["absent.csv"]}
    export.data["results"] = [other, *export.data["results"]]
    found = check_study(export.write(tmp_path))
    (error,) = (f for f in found["findings"] if f["severity"] == "error")
    assert "absent.csv: no such file" in error["message"]
    assert found["counts"]["rows_read"] == len(export.results)
    assert "no_results" not in {f["code"] for f in found["findings"]}


@pytest.mark.parametrize("tables", [[], ["absent.csv"]])
def test_without_a_readable_result_there_is_a_report_all_the_same(
    tmp_path: Path, tables: list[str]
) -> None:
    export = clean_export()
    export.data["results"] = [export.source("results") | {"files": [table]} for table in tables]
    found = check_study(export.write(tmp_path), report=tmp_path / "report")
    silent = {f["code"]: f["count"] for f in found["findings"]}
    assert silent["no_results"] == len(PATIENTS)
    assert sum(f["severity"] == "error" for f in found["findings"]) == len(tables)
    assert (tmp_path / "report" / "quality.html").is_file()


def test_grades_alone_are_a_cohort(tmp_path: Path) -> None:
    export = clean_export()
    export.data["results"] = []
    ingest_study(export.write(tmp_path), tmp_path / "out")
    cohort = read_cohort_folder(tmp_path / "out" / "cohort")
    assert len(cohort.episodes) == len(PATIENTS)
    assert len(cohort.grades) == len(export.grades)


@pytest.mark.parametrize("silent", [range(50), range(60, 110), range(100, 150)])
def test_many_episodes_without_results_move_no_result_to_another(
    tmp_path: Path, silent: range
) -> None:
    cohort = simulate(150, seed=3).cohort
    study, export = write_export(tmp_path, cohort, quarantine_at_most=0.1)
    names = set(cohort.episodes["episode_id"].iloc[list(silent)])
    results = export.results[~export.results["episode_id"].isin(names)]
    results.to_csv(tmp_path / "results.csv", index=False)
    events = read_cohort(load_study(study))[0].events
    expected = results["episode_id"].value_counts()
    assert events["episode_id"].value_counts().to_dict() == expected.to_dict()


def test_one_patient_is_a_cohort_and_its_report_is_strict_json(tmp_path: Path) -> None:
    export = clean_export()
    for name in ("infusions", "results", "grades"):
        table = getattr(export, name)
        setattr(export, name, table[table["mrn"] == PATIENTS[0]])
    ingest_study(export.write(tmp_path), tmp_path / "out")
    cohort = read_cohort_folder(tmp_path / "out" / "cohort")
    assert cohort.episodes["episode_id"].tolist() == [PATIENTS[0]]
    assert len(cohort.events) == len(export.results[export.results["mrn"] == PATIENTS[0]])

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    text = (tmp_path / "out" / "quality.json").read_text(encoding="utf-8")
    # What so few values do not support is said as null.
    assert "null" in text
    json.loads(text, parse_constant=refuse)


def test_a_patient_is_the_same_in_january_and_in_june(tmp_path: Path) -> None:
    # Neither span crosses a change of the clocks.
    tables = []
    for days in (-60, 80):
        export = clean_export()
        for table, columns in ((export.infusions, ["infused", "left"]), (export.results, TIMES)):
            moved = table[columns].apply(pd.to_datetime) + pd.Timedelta(days=days)
            table[columns] = moved.map(lambda moment: moment.isoformat(timespec="minutes"))
        folder = tmp_path / f"{days}"
        folder.mkdir()
        cohort = read_cohort(load_study(export.write(folder)))[0]
        assert cohort.events["collected_h"].between(-72, 200).all()
        tables.append((cohort.events, cohort.grades))
    for january, june in zip(*tables, strict=True):
        pd.testing.assert_frame_equal(january, june)

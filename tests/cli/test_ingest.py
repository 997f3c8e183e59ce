"""From an export to a cohort folder, as a data scientist does it."""

import csv
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from cli.conftest import Program
from icans_risk.cohort import read_cohort_folder
from icans_risk.ingest import make_key
from icans_risk.synthetic import simulate
from icans_risk.workflow.simulate import Simulation, simulate_folder
from ingest.exports import write_export

# Strings that must never leave the files that hold them.
CANARY = "Kanarienvogel"


def change(study: Path, **handling: Any) -> Path:
    """Set keys of a study's handling."""
    content = yaml.safe_load(study.read_text(encoding="utf-8"))
    content["data"]["handling"] |= handling
    study.write_text(yaml.safe_dump(content), encoding="utf-8")
    return study


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    return write_export(folder, simulate(60, seed=4).cohort, level=2, quarantine_at_most=0.1)[0]


def test_from_a_draft_to_a_cohort(program: Program, tmp_path: Path) -> None:
    simulate_folder(tmp_path / "made", Simulation(patients=60, seed=7, mess=0))
    for table in ("episodes", "grades"):
        frame = pd.read_parquet(tmp_path / "made" / "cohort" / f"{table}.parquet")
        frame.to_csv(tmp_path / f"{table}.csv", index=False)
    tables = ["made/export/results.csv", "episodes.csv", "grades.csv"]
    assert program("init", *tables, "--out", "study.yaml")[0] == 0
    code, out, err = program("check", "study.yaml")
    assert (code, err) == (0, ""), out
    code, out, _ = program("ingest", "study.yaml", "--out", "out")
    assert code == 0
    assert "Cohort: out/cohort" in out
    ours, theirs = (read_cohort_folder(tmp_path / f) for f in ("out/cohort", "made/cohort"))
    assert len(ours.events) == len(theirs.events)
    assert ours.grades["icans_grade"].tolist() == theirs.grades["icans_grade"].tolist()
    assert program("outcomes", "study.yaml")[0] == 0


def test_a_messy_export_leaves_a_cohort_a_report_and_a_quarantine(
    program: Program, messy: Path, tmp_path: Path
) -> None:
    code, out, _ = program("ingest", str(messy), "--out", "out")
    assert code == 0, out
    folder = tmp_path / "out"
    names = {path.name for path in folder.iterdir()}
    assert names == {"cohort", "quality.html", "quality.json", "quarantine.csv"}
    assert mode(folder) == mode(folder / "cohort") == 0o700
    assert all(mode(path) == 0o600 for path in folder.rglob("*") if path.is_file())
    told = json.loads((folder / "quality.json").read_text(encoding="utf-8"))
    with (folder / "quarantine.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    steps = told["tables"]["flow"]
    assert len(rows) == sum(step["rows"] for step in steps if step["step"] == "quarantined") > 100
    assert told["counts"]["events"] == len(read_cohort_folder(folder / "cohort").events)


def test_too_much_in_quarantine_is_refused_unless_lenient(
    program: Program, messy: Path, tmp_path: Path
) -> None:
    change(messy, quarantine_at_most=0.001)
    code, out, err = program("ingest", str(messy), "--out", "out")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "quarantine_at_most" in err
    assert [path.name for path in tmp_path.iterdir()] == ["export"]
    assert program("ingest", str(messy), "--out", "out", "--lenient")[0] == 0


def test_check_lists_all_errors_at_once_and_writes_the_report(
    program: Program, messy: Path, tmp_path: Path
) -> None:
    content = yaml.safe_load(messy.read_text(encoding="utf-8"))
    wrong = content["data"]["results"][0] | {"value": "outcome"}
    content["data"]["results"].append(wrong)
    content["data"]["grades"][0]["grades"]["icans_grade"] = "day"
    messy.write_text(yaml.safe_dump(content), encoding="utf-8")
    code, out, err = program("check", str(messy), "--report", "report", "--json", "found.json")
    assert (code, err) == (2, "")
    assert "Refused: 2 to mend" in out
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    errors = [f["message"] for f in found["findings"] if f["severity"] == "error"]
    assert "'outcome'" in errors[1]
    assert "whole grades from 0 to 5" in errors[0]
    assert (tmp_path / "report" / "quality.html").is_file()


def test_an_existing_folder_is_never_overwritten(
    program: Program, messy: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    code, _, err = program("ingest", str(messy), "--out", "out")
    assert code == 2
    assert "never overwritten" in err
    assert list((tmp_path / "out").iterdir()) == []


def plant_canaries(messy: Path) -> None:
    """Put a name into identifiers, results, units, a header and the words of a column."""
    results = pd.read_csv(messy.parent / "results.csv", dtype=str, keep_default_na=False)
    infusions = pd.read_csv(messy.parent / "infusions.csv", dtype=str, keep_default_na=False)
    grades = pd.read_csv(messy.parent / "grades.csv", dtype=str, keep_default_na=False)
    for table in (results, infusions, grades):
        table["episode_id"] = CANARY + "-" + table["episode_id"]
    infusions["patient_id"] = CANARY + "." + infusions["patient_id"]
    results.loc[results.index[:3], "result"] = f"see note of Dr {CANARY}"
    results.loc[results.index[3:6], "unit"] = f"{CANARY}/L"
    results.loc[results.index[6:9], "collected_h"] = f"after {CANARY}"
    results[f"comment {CANARY}"] = f"{CANARY} was here"
    stray = results.iloc[[20]].assign(episode_id=f"{CANARY}-nobody")
    pd.concat([results, stray]).to_csv(messy.parent / "results.csv", index=False)
    infusions.to_csv(messy.parent / "infusions.csv", index=False)
    grades.to_csv(messy.parent / "grades.csv", index=False)


def holding(folder: Path) -> set[str]:
    found = CANARY.encode(), CANARY.lower().encode()
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name for path in files if any(text in path.read_bytes() for text in found)}


def test_no_name_leaves_the_quarantine(program: Program, messy: Path, tmp_path: Path) -> None:
    plant_canaries(messy)
    (tmp_path / "keys").mkdir()
    make_key(tmp_path / "keys" / "icans.key")
    change(messy, pseudonym_key="../keys/icans.key", quarantine_at_most=0.5)
    said = [program("check", str(messy), "--report", "report", "--json", "found.json")]
    said += [program("ingest", str(messy), "--out", "out")]
    assert [code for code, _, _ in said] == [0, 0]
    assert not any(CANARY.lower() in (out + err).lower() for _, out, err in said)
    assert holding(tmp_path / "out") == {"quarantine.csv"}
    assert holding(tmp_path / "report") == set()
    assert CANARY not in (tmp_path / "found.json").read_text(encoding="utf-8")


def test_the_ward_finds_its_patients_and_the_step_is_logged(
    program: Program, messy: Path, tmp_path: Path
) -> None:
    (tmp_path / "keys").mkdir()
    key = tmp_path / "keys" / "icans.key"
    assert program("make-key", str(key))[0] == 0
    change(messy, pseudonym_key=str(key))
    assert program("ingest", str(messy), "--out", "out")[0] == 0
    episodes = read_cohort_folder(tmp_path / "out" / "cohort").episodes
    source = pd.read_csv(messy.parent / "infusions.csv", dtype=str)
    assert not set(episodes["patient_id"]) & set(source["patient_id"])
    code, out, _ = program("reidentify", str(messy), "--out", "ward.csv")
    assert code == 0
    assert "60 episodes" in out
    ward = pd.read_csv(tmp_path / "ward.csv", dtype=str)
    assert mode(tmp_path / "ward.csv") == mode(Path(f"{key}.log")) == 0o600
    back = episodes.merge(ward, left_on="episode_id", right_on="episode_pseudonym")
    assert back["episode_id_y"].tolist() == source["episode_id"].tolist()
    assert back["patient_id_y"].tolist() == source["patient_id"].tolist()
    entry = json.loads(Path(f"{key}.log").read_text(encoding="utf-8"))
    assert entry.keys() == {"at", "user", "study", "episodes", "table"}


def test_nobody_is_named_without_a_key(program: Program, messy: Path, tmp_path: Path) -> None:
    code, _, err = program("reidentify", str(messy), "--out", "ward.csv")
    assert code == 2
    assert "handling.pseudonym_key" in err
    assert not (tmp_path / "ward.csv").exists()


def test_a_cohort_travels_as_meds_and_back(program: Program, messy: Path, tmp_path: Path) -> None:
    assert program("ingest", str(messy), "--out", "out")[0] == 0
    assert program("export-meds", "out/cohort", "meds")[0] == 0
    content = yaml.safe_load(messy.read_text(encoding="utf-8"))
    content["data"] = {"meds": {"folder": "meds"}}
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert program("ingest", "again.yaml", "--out", "again")[0] == 0
    first, second = (read_cohort_folder(tmp_path / f / "cohort") for f in ("out", "again"))
    assert first.hash() == second.hash()
    content["data_kind"] = "real"
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    code, _, err = program("check", "again.yaml")
    assert code == 2
    assert "synthetic" in err


# Runs the program where no file may grow beyond a limit, as on a full disk.
LIMITED = (
    "import resource, sys; from icans_risk.cli.main import run;"
    "limit = int(sys.argv.pop(1));"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)); run()"
)


@pytest.mark.parametrize("limit", [0, 100, 5_000, 40_000])
def test_a_full_disk_leaves_nothing_behind(messy: Path, tmp_path: Path, limit: int) -> None:
    before = sorted(path.name for path in tmp_path.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), "ingest", str(messy), "--out", "out"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 74, done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == before

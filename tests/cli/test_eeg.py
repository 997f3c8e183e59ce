"""A list of recordings from the command line, with everything that lists hold."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cli.conftest import Program
from icans_risk.cohort import EVENTS, Cohort, check_table
from icans_risk.features import FeatureSpecification, Measurement, Window, build_features
from icans_risk.signals.eeg.visual import FINDINGS
from icans_risk.signals.journal import Journal
from icans_risk.study import load_study
from icans_risk.synthetic.edf import EdfHeader, write_edf
from icans_risk.workflow import signals
from icans_risk.workflow.reading import read_cohort
from ingest.exports import write_study
from signals.brains import labels, pink, tone
from signals.files import annotated, brainvision

# None of these may leave a recording, whatever becomes of it.
NAME, BORN, NUMBER = "MUSTERMANN", "17-MAY-1961", "MRN8841907"
SECRETS = (
    NAME,
    "Erika",
    BORN,
    "17.05.61",
    "1961",
    NUMBER,
    "Geheim",
    "23.11.24",
    "22-NOV",
    "Fraulein",
)


def write_recording(file: Path, *, seconds: int = 90, seed: int = 1, **header: Any) -> None:
    signals = pink(100, slope=1.2, size=15.0, seconds=seconds, seed=seed)
    told = {
        "patient": f"{NUMBER} F {BORN} {NAME}_Erika",
        "recording": "Startdate 22-NOV-2024 Geheim Fraulein",
        "start_date": "23.11.24",
        "start_time": "11.47.13",
    }
    names = [*labels(), f"{NAME} Extra"]
    signals = np.concatenate([signals, signals[:1]])
    write_edf(file, signals, 100, labels=names, header=EdfHeader(**(told | header)))


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of good and bad recordings, all of them full of names."""
    write_recording(tmp_path / f"{NAME}_1.edf")
    write_recording(tmp_path / "cut.edf", seed=2)
    content = (tmp_path / "cut.edf").read_bytes()
    (tmp_path / "cut.edf").write_bytes(content[:-40])
    write_recording(tmp_path / "volts.edf", seed=3, unit="V")
    (tmp_path / "text.edf").write_text(f"{NAME} {BORN}\n" * 40)
    text = f"{NAME} {NUMBER} {BORN}"
    annotated(tmp_path / "notes.edf", kind="EDF+C", starts=list(range(60)), text=NAME)
    signals = pink(128, slope=1.0, size=15.0, seconds=60, seed=4)
    brainvision(tmp_path, signals, 128, comment=text)
    rows = [
        (f"{NAME}_1.edf", "E1", "-20", "protocol"),
        ("cut.edf", "E2", "10", "protocol"),
        ("volts.edf", "E3", "10", "clinical"),
        ("text.edf", "E4", "10", "clinical"),
        ("notes.edf", "E5", "50", "clinical"),
        ("b.vhdr", "E6", "60", "protocol"),
        (f"{NAME}_gone.edf", "E7", "70", "unknown"),
    ]
    table = tmp_path / "recordings.csv"
    lines = [",".join((*row, NAME, BORN)) for row in rows]
    head = "file,episode_id,started_h,ordered_as,patient_name,born"
    table.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return table


def run_list(program: Program, table: Path, *more: str) -> tuple[int, str, str]:
    return program("eeg", str(table), "--out", "out", "--turnaround", "6", "--workers", "2", *more)


def test_a_list_becomes_events_and_a_page_whatever_is_in_it(
    program: Program, listed: Path, tmp_path: Path
) -> None:
    code, out, err = run_list(program, listed)
    assert (code, err) == (0, "")
    assert "3 of 7 recordings used" in out
    for reason in ("truncated", "implausible amplitude", "malformed header", "not found"):
        assert f"not used: {reason} (1)" in out
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {
        "events.parquet", "events.csv", "measurements.parquet", "measurements.csv",
        "recordings.csv", "quality.html", "quality.json",
    }  # fmt: skip
    events = pd.read_parquet(tmp_path / "out" / "events.parquet")
    assert check_table(events, EVENTS, name="events").equals(events)
    assert set(events["episode_id"]) == {"E1", "E5", "E6"}
    first = events[events["episode_id"] == "E1"]
    assert first["collected_h"].unique().tolist() == [-20 + 90 / 3600]
    assert first["available_h"].unique().tolist() == pytest.approx([-20 + 90 / 3600 + 6])
    read_back = pd.read_csv(tmp_path / "out" / "events.csv", keep_default_na=False)
    assert read_back["value"].tolist() == events["value"].tolist()
    assert not Journal(tmp_path / "out").folder.exists()
    assert (tmp_path / "out" / "events.csv").stat().st_mode & 0o777 == 0o600


def test_nothing_that_identifies_anybody_leaves_a_recording(
    program: Program, listed: Path, tmp_path: Path
) -> None:
    _, *texts = run_list(program, listed)
    for file in (tmp_path / "out").iterdir():
        if file.suffix == ".parquet":
            texts.append(pd.read_parquet(file).to_csv())
        texts.append(file.read_bytes().decode("latin-1"))
    for secret in SECRETS:
        # A digit or two may stand in a number; a name or a date may not stand anywhere.
        found = [text for text in texts if re.search(rf"(?<![0-9]){re.escape(secret)}", text, re.I)]
        assert not found, secret


def test_what_is_kept_of_an_interrupted_run_names_nobody(
    program: Program, listed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(signals, "judge_results", fail)
    assert run_list(program, listed)[0] == 130
    journal = Journal(tmp_path / "out")
    assert len(journal) == 3
    kept = "".join(file.read_text() for file in journal.folder.iterdir())
    assert not [secret for secret in SECRETS if secret.lower() in kept.lower()]


def test_an_interrupted_run_is_taken_up(
    program: Program, listed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(signals, "new_folder", None)
        code, _, err = run_list(program, listed)
    assert code == 1
    assert "a fault of the program, not of your call (TypeError in workflow/signals.py, " in err
    journal = Journal(tmp_path / "out")
    for file in journal.folder.glob("*.json"):
        kept = json.loads(file.read_text())
        kept["whole"]["values"]["amplitude"] = 123.0
        file.write_text(json.dumps(kept))
    _, out, _ = run_list(program, listed)
    events = pd.read_parquet(tmp_path / "out" / "events.parquet")
    assert events.loc[events["analyte"] == "amplitude", "value"].tolist() == [123.0] * 3
    assert "3 of 7 recordings used" in out
    assert not journal.folder.exists()


def test_the_same_list_gives_the_same_bytes_with_any_number_of_workers(
    program: Program, listed: Path, tmp_path: Path
) -> None:
    run_list(program, listed)
    (tmp_path / "out").rename(tmp_path / "before")
    program("eeg", str(listed), "--out", "out", "--turnaround", "6", "--workers", "1")
    for file in sorted((tmp_path / "out").iterdir()):
        assert file.read_bytes() == (tmp_path / "before" / file.name).read_bytes(), file.name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a policy with --turnaround"),
        (["--turnaround", "soon"], "expected hours such as 0,24,72"),
        (["--turnaround", "-3"], "expected hours such as 6, or 'catalogue'"),
        (["--turnaround", "6", "--visual", "none.csv"], "none.csv"),
    ],
)
def test_a_wrong_option_is_a_clear_line(
    program: Program, listed: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    code, _, err = program("eeg", str(listed), "--out", "out", *arguments)
    assert (code, len(err.strip().splitlines())) == (2, 1)
    assert words in err
    assert not (tmp_path / "out").exists()
    assert not Journal(tmp_path / "out").folder.exists()


def test_an_existing_folder_is_left_alone(program: Program, listed: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    code, _, err = run_list(program, listed)
    assert code == 2
    assert "never overwritten" in err


def test_a_list_without_one_usable_recording_is_written_and_has_exit_code_two(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "recordings.csv").write_text("file,episode_id,started_h\na.edf,E1,3\n")
    code, out, _ = run_list(program, tmp_path / "recordings.csv")
    assert code == 2
    assert "0 of 1 recordings used" in out
    page = (tmp_path / "out" / "quality.html").read_text()
    assert "None of 1 recording can be used." in page
    assert len(pd.read_parquet(tmp_path / "out" / "events.parquet")) == 0


def test_without_mne_the_command_says_what_to_install(
    program: Program, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib_find_spec()
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *a: None if name == "mne" else found(name, *a)
    )
    code, _, err = run_list(program, listed)
    assert code == 2
    assert "Install 'icans_risk[signals]'" in err


def importlib_find_spec() -> Any:
    return sys.modules["importlib.util"].find_spec


@pytest.mark.parametrize("kind", ["synthetic", ""])
def test_a_list_of_generated_recordings_makes_a_labelled_page(
    program: Program, tmp_path: Path, kind: str
) -> None:
    table = tmp_path / "recordings.csv"
    table.write_text(f"file,episode_id,started_h,data_kind\nnone.edf,E1,3,{kind}\n")
    run_list(program, table)
    page = (tmp_path / "out" / "quality.html").read_text()
    assert ("These recordings were generated." in page) == bool(kind)


def test_calendar_times_become_hours_and_stay_nowhere(program: Program, tmp_path: Path) -> None:
    write_recording(tmp_path / "a.edf", seconds=60)
    table = tmp_path / "recordings.csv"
    table.write_text(
        "file,episode_id,infused,started,available\n"
        "a.edf,E1,2024-11-20T10:00,2024-11-23T11:30,2024-11-23T16:00\n"
    )
    code, _, err = program("eeg", str(table), "--out", "out")
    assert code == 2
    assert "expected a time zone" in err
    code, _, err = program("eeg", str(table), "--out", "out", "--time-zone", "Europe/Berlin")
    assert (code, err) == (0, "")
    events = pd.read_parquet(tmp_path / "out" / "events.parquet")
    assert events["collected_h"].unique().tolist() == pytest.approx([73.5 + 1 / 60])
    assert events["available_h"].unique().tolist() == pytest.approx([78.0])
    assert "2024" not in (tmp_path / "out" / "quality.json").read_text().replace("20240", "")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("2024-11-20,2024-11-23T11:30", "expected dates with a time of day"),
        (",2024-11-23T11:30", "expected dates with a time of day"),
        ("2024-11-20T10:00,yesterday", "expected ISO 8601"),
        ("2024-11-20T10:00,45000", "bare numbers"),
    ],
)
def test_a_calendar_that_leaves_the_hour_open_is_refused(
    program: Program, tmp_path: Path, cells: str, words: str
) -> None:
    table = tmp_path / "recordings.csv"
    table.write_text(f"file,episode_id,infused,started\na.edf,E1,{cells}\n")
    code, _, err = program(
        "eeg", str(table), "--out", "out", "--turnaround", "6", "--time-zone", "Europe/Berlin"
    )
    assert code == 2
    assert words in err


def test_visual_findings_are_scored_beside_the_recordings(program: Program, tmp_path: Path) -> None:
    write_recording(tmp_path / "a.edf", seconds=60)
    (tmp_path / "recordings.csv").write_text("file,episode_id,started_h\na.edf,E1,3\n")
    words = dict.fromkeys(FINDINGS, "no") | {"diffuse_delta": "yes"}
    (tmp_path / "visual.csv").write_text(
        f"episode_id,collected_h,{','.join(words)}\nE1,3,{','.join(words.values())}\n"
    )
    code, _, err = run_list(program, tmp_path / "recordings.csv", "--visual", "visual.csv")
    assert (code, err) == (0, "")
    events = pd.read_parquet(tmp_path / "out" / "events.parquet")
    assert events.set_index("analyte")["value"]["ve_cam_s"] == 2.0


def events_of(tmp_path: Path, program: Program, rows: list[str]) -> pd.DataFrame:
    for n, _ in enumerate(rows):
        signals = pink(100, slope=1.2, size=15.0, seconds=60, seed=n) + tone(9.5, 10.0, 100, 60)
        write_edf(tmp_path / f"{n}.edf", signals, 100, labels=labels())
    (tmp_path / "recordings.csv").write_text(
        "\n".join(["file,episode_id,started_h,ordered_as", *rows, ""])
    )
    code, _, err = run_list(program, tmp_path / "recordings.csv")
    assert (code, err) == (0, "")
    return pd.read_parquet(tmp_path / "out" / "events.parquet")


def test_a_clinical_recording_after_infusion_becomes_no_feature_by_itself(
    program: Program, tmp_path: Path
) -> None:
    """Its presence is close to the outcome; before infusion it cannot be."""
    rows = ["0.edf,E0,30,protocol", "1.edf,E1,30,clinical", "2.edf,E2,30,", "3.edf,E3,-30,clinical"]
    events = events_of(tmp_path, program, rows)
    ids = [f"E{n}" for n in range(4)]
    episodes = pd.DataFrame({"episode_id": ids, "patient_id": ids, "followed_until_h": 300.0})
    grades = pd.DataFrame(
        {"episode_id": ids, "covers_from_h": 0.0, "assessed_h": 24.0, "available_h": 24.0,
         "scale": "ASTCT", "icans_grade": 0.0, "crs_grade": 0.0, "tian_grade": np.nan,
         "ice_total": 10.0, "capd_total": np.nan, "deciding_domain": None}
    )  # fmt: skip
    cohort = Cohort(episodes, events, grades)
    ever = Window("ever", "infusion", None, None)
    for presence, known in (("protocol_only", [0, 3]), ("informative", [0, 1, 2, 3])):
        specification = FeatureSpecification(
            windows=(ever,),
            measurements=(Measurement("eeg.posterior_dominant_rhythm", ("ever",), ("last",)),),
            presence=presence,  # type: ignore[arg-type]
        ).fit(cohort)
        vectors = build_features(cohort, specification, [72.0])
        column = vectors["eeg.posterior_dominant_rhythm.last.ever"].droplevel("landmark_h")
        assert column.notna().reindex(ids).to_numpy().nonzero()[0].tolist() == known
        assert column.dropna().tolist() == pytest.approx([9.5] * len(known), abs=0.2)


def test_a_study_reads_the_events_like_any_other_export(program: Program, tmp_path: Path) -> None:
    events = events_of(tmp_path, program, ["0.edf,E0,30,protocol", "1.edf,E1,-30,clinical"])
    (tmp_path / "infusions.csv").write_text("patient,case,until\nP0,E0,300\nP1,E1,300\n")
    (tmp_path / "grades.csv").write_text("case,hour,icans\nE0,48,0\nE1,48,1\n")
    study = write_study(
        tmp_path,
        {
            "infusions": {
                "files": ["infusions.csv"], "patient": "patient", "episode": "case",
                "followed_until": "until", "clock": "hours",
            },
            "results": [
                {
                    "layout": "long", "files": ["out/events.csv"], "episode": "episode_id",
                    "analyte": "measurement", "value": "value", "unit": "unit",
                    "assay": "assay", "collected": "collected_h", "available": "available_h",
                    "clock": "hours",
                    "ordered_as": {
                        "column": "ordered_as",
                        "words": {w: w for w in ("protocol", "clinical", "prophylaxis")},
                    },
                }
            ],
            "grades": [
                {
                    "files": ["grades.csv"], "episode": "case", "assessed": "hour",
                    "clock": "hours", "scale": "ASTCT", "grades": {"icans_grade": "icans"},
                }
            ],
        },
    )  # fmt: skip
    cohort, _ = read_cohort(load_study(study))
    keys = ["episode_id", "analyte"]
    read = cohort.events[cohort.events["modality"] == "eeg"].sort_values(keys)
    made = events.sort_values(keys)
    assert read["value"].to_numpy() == pytest.approx(made["value"].to_numpy())
    assert read["available_h"].to_numpy() == pytest.approx(made["available_h"].to_numpy())
    assert read["ordered_as"].tolist() == made["ordered_as"].tolist()

"""A list of scans from the command line, with everything that lists hold."""

import gzip
import json
import re
import struct
import sys
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pandas as pd
import pytest

from cli.conftest import Program
from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EVENTS, Cohort, check_table
from icans_risk.errors import LeakageError, SignalError
from icans_risk.features import FeatureSpecification, Measurement, Window, build_features
from icans_risk.features.admission import check_admissible
from icans_risk.signals.imaging.scans import read_scans
from icans_risk.signals.journal import Journal
from icans_risk.workflow import signals
from signals.volumes import head, nrrd

# None of these may leave a scan, whatever becomes of it.
NAME, BORN, NUMBER = "MUSTERMANN", "19610517", "MRN8841907"
SECRETS = (NAME, "Erika", BORN, "1961", NUMBER, "Geheim", "20241123", "Fraulein")


def write_scan(file: Path, voxels: Any, affine: Any, *, seed: int = 0) -> None:
    """Write a volume with a name in every field that holds text, and in an extension."""
    image = nibabel.Nifti1Image(voxels + np.asarray(seed, dtype=voxels.dtype), affine)
    header = image.header
    header.set_xyzt_units("mm")
    header["descrip"] = f"{NAME}^Erika {BORN} {NUMBER}".encode()
    header["db_name"] = NAME.encode()
    header["aux_file"] = f"Geheim {NUMBER}".encode()
    header["intent_name"] = b"Fraulein"
    text = f"{NAME} {BORN} {NUMBER} 20241123".encode()
    header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", text))
    nibabel.save(image, file)


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of good and bad scans, all of them full of names."""
    scan, masks, affine = head()
    write_scan(tmp_path / f"{NAME}_1.nii.gz", scan, affine)
    write_scan(tmp_path / "cut.nii", scan, affine, seed=1)
    content = (tmp_path / "cut.nii").read_bytes()
    (tmp_path / "cut.nii").write_bytes(content[:-40])
    (tmp_path / "a.dcm").write_bytes(bytes(128) + b"DICM" + f"{NAME} {BORN}".encode())
    claims = bytearray(content[:452])
    struct.pack_into("<4h", claims, 40, 3, 30000, 30000, 1000)
    (tmp_path / "claims.nii").write_bytes(bytes(claims))
    bomb = gzip.compress(content, 1) + gzip.compress(bytes(50 * 2**20), 9)
    (tmp_path / "bomb.nii.gz").write_bytes(bomb)
    more = (f"# {NAME} {BORN}", f"PatientName:={NAME}^Erika", f"content: {NUMBER} Geheim")
    lps = "(-4,0,0) (0,-4,0) (0,0,4)"
    origin = ",".join(str(-x if n < 2 else x) for n, x in enumerate(affine[:3, 3]))
    nrrd(tmp_path / "c.nrrd", scan + np.int16(3), more=more, directions=lps,
         space="left-posterior-superior", change={"space origin": f"({origin})"})  # fmt: skip
    for name, mask in masks.items():
        write_scan(tmp_path / f"{NAME}_{name}.nii.gz", mask, affine)
    rows = [
        (f"{NAME}_1.nii.gz", "E1", "-20", "protocol", "flair"),
        ("cut.nii", "E2", "10", "protocol", "flair"),
        ("a.dcm", "E3", "10", "clinical", "ct"),
        ("claims.nii", "E4", "10", "clinical", ""),
        ("bomb.nii.gz", "E5", "50", "clinical", ""),
        ("c.nrrd", "E6", "60", "protocol", "FLAIR"),
        (f"{NAME}_gone.nii", "E7", "70", "unknown", ""),
    ]
    files = [f"{NAME}_{name}.nii.gz" for name in ("lesion", "oedema", "ventricles", "brain")]
    head_line = "file,episode_id,scanned_h,ordered_as,sequence,lesion,oedema,ventricles,brain"
    lines = [",".join((*row, *files, NAME, BORN)) for row in rows]
    table = tmp_path / "scans.csv"
    table.write_text("\n".join([f"{head_line},patient_name,born", *lines, ""]), encoding="utf-8")
    return table


def run_list(program: Program, table: Path, *more: str) -> tuple[int, str, str]:
    arguments = ("--out", "out", "--turnaround", "6", "--workers", "1")
    return program("imaging", str(table), *arguments, *more)


def test_a_list_becomes_events_and_a_page_whatever_is_in_it(
    program: Program, listed: Path, tmp_path: Path
) -> None:
    code, out, err = run_list(program, listed)
    assert (code, err) == (0, "")
    assert "2 of 7 scans used" in out
    for reason in ("truncated", "dicom", "too large", "longer than stated", "not found"):
        assert f"not used: {reason} (1)" in out
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {
        "events.parquet", "events.csv", "measurements.parquet", "measurements.csv", "scans.csv",
        "quality.html", "quality.json",
    }  # fmt: skip
    assert "dcm2niix" in (tmp_path / "out" / "quality.html").read_text()
    events = pd.read_parquet(tmp_path / "out" / "events.parquet")
    assert check_table(events, EVENTS, name="events").equals(events)
    assert set(events["episode_id"]) == {"E1", "E6"}
    first = events[events["episode_id"] == "E1"]
    assert first["collected_h"].unique().tolist() == [-20.0]
    assert first["available_h"].unique().tolist() == [-14.0]
    assert set(events["assay"]) == {"icans-risk imaging 1 flair"}
    for name, unit in zip(events["measurement"], events["unit"], strict=True):
        assert load_catalogue()[name].unit == unit
    # The same head in NRRD, with its axes the other way, measures the same.
    volumes = events[events["analyte"].str.endswith("_volume")].pivot_table(
        index="analyte", columns="episode_id", values="value"
    )
    assert volumes["E1"].tolist() == pytest.approx(volumes["E6"].tolist())
    assert not Journal(tmp_path / "out").folder.exists()

    texts = [out]
    for file in (tmp_path / "out").iterdir():
        if file.suffix == ".parquet":
            texts.append(pd.read_parquet(file).to_csv())
        texts.append(file.read_bytes().decode("latin-1"))
    for secret in SECRETS:
        # A digit or two may stand in a number; a name or a date may not stand anywhere.
        found = [text for text in texts if re.search(rf"(?<![0-9]){re.escape(secret)}", text, re.I)]
        assert not found, secret


def test_an_interrupted_run_is_taken_up_and_names_nobody(
    program: Program, listed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(signals, "judge_results", fail)
        assert run_list(program, listed)[0] == 130
    journal = Journal(tmp_path / "out")
    assert len(journal) == 2
    kept = "".join(file.read_text() for file in journal.folder.iterdir())
    assert not [secret for secret in SECRETS if secret.lower() in kept.lower()]
    for file in journal.folder.glob("*.json"):
        result = json.loads(file.read_text())
        result["values"]["brain_volume"] = 1234.0
        file.write_text(json.dumps(result))
    # Another mask is another measurement: nothing of the journal is taken for it.
    lines = listed.read_text().splitlines()
    brainless = lines[1].replace(f"{NAME}_brain.nii.gz", "")
    listed.write_text("\n".join([lines[0], brainless, *lines[2:], ""]))
    run_list(program, listed)
    events = pd.read_parquet(tmp_path / "out" / "events.parquet")
    volumes = events[events["analyte"] == "brain_volume"].set_index("episode_id")["value"]
    assert volumes.to_dict() == {"E6": 1234.0}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"file": None}, r"\['file'\] are not there"),
        ({"scanned_h": None}, r"\['scanned_h'\] are not there .*docs/imaging.md"),
        ({"file": ["a.nii", "a.nii"]}, r"must name each file once"),
        ({"sequence": ["t1", "mrt"]}, r"sequence must be one of .*\(rows 3\)"),
        ({"lesion": ["m.nii#", ""]}, r"lesion must be empty or a file.*\(rows 2\)"),
        ({"lesion": ["", "m.nii#1+"]}, r"lesion must be empty or a file.*\(rows 3\)"),
        ({"lesion": ["", "#4"]}, r"lesion must be empty or a file.*\(rows 3\)"),
        ({"lesion": ["", "m.nii#99999999999"]}, r"lesion must be empty or a file"),
        ({"scanned_h": ["1", "day 3"]}, r"must be hours since infusion.*\(rows 3\)"),
    ],
)
def test_a_table_that_is_not_as_described_is_refused_by_row(
    change: dict[str, Any], words: str
) -> None:
    cells: dict[str, Any] = {"file": ["a.nii", "b.nii"], "episode_id": ["E1", "E2"],
                             "scanned_h": ["-3", "5"]}  # fmt: skip
    given = {name: column for name, column in (cells | change).items() if column is not None}
    with pytest.raises(SignalError, match=words):
        read_scans(pd.DataFrame(given, dtype="str"), Path())


def test_labels_stand_behind_the_file_of_a_mask() -> None:
    cells = {"file": ["a.nii"], "episode_id": ["E1"], "scanned_h": ["-3"],
             "lesion": ["seg#2.nii.gz#1+4"], "brain": ["b.nii"]}  # fmt: skip
    read = read_scans(pd.DataFrame(cells, dtype="str"), Path("folder"))
    assert read["masks"][0] == {
        "lesion": {"path": "folder/seg#2.nii.gz", "labels": [1, 4]},
        "brain": {"path": "folder/b.nii", "labels": []},
    }
    assert read["sequence"].tolist() == ["unknown"]


def test_without_its_libraries_the_command_says_what_to_install(
    program: Program, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sys.modules["importlib.util"].find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *a: None if name == "nibabel" else found(name, *a)
    )
    code, _, err = run_list(program, listed)
    assert code == 2
    assert "Install 'icans_risk[signals]'" in err


def event(episode: str, hour: float, ordered_as: str, analyte: str) -> dict[str, Any]:
    return {
        "episode_id": episode, "modality": "imaging", "analyte": analyte, "collected_h": hour,
        "available_h": hour, "value": 5.0, "censored": "", "ordered_as": ordered_as,
        "assay": "icans-risk imaging 1 flair", "version": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("presence", "known"), [("protocol_only", ["E0", "E3"]), ("informative", ["E0", "E1", "E3"])]
)
def test_a_clinical_scan_after_infusion_becomes_no_feature_by_itself(
    presence: str, known: list[str]
) -> None:
    """Its presence is close to the outcome; before infusion it cannot be."""
    rows = [("E0", 30.0, "protocol"), ("E1", 30.0, "clinical"), ("E3", -30.0, "clinical")]
    events = pd.DataFrame([event(*row, "lesion_volume") for row in rows])
    ids = ["E0", "E1", "E3"]
    episodes = pd.DataFrame({"episode_id": ids, "patient_id": ids, "followed_until_h": 300.0})
    grades = pd.DataFrame(
        {"episode_id": ids, "covers_from_h": 0.0, "assessed_h": 24.0, "available_h": 24.0,
         "scale": "ASTCT", "icans_grade": 0.0, "crs_grade": 0.0, "tian_grade": np.nan,
         "ice_total": 10.0, "capd_total": np.nan, "deciding_domain": None}
    )  # fmt: skip
    cohort = Cohort(episodes, events, grades)
    specification = FeatureSpecification(
        windows=(Window("ever", "infusion", None, None),),
        measurements=(Measurement("imaging.lesion_volume", ("ever",), ("last",)),),
        presence=presence,  # type: ignore[arg-type]
    ).fit(cohort)
    column = build_features(cohort, specification, [72.0])["imaging.lesion_volume.last.ever"]
    assert column.dropna().index.get_level_values("episode_id").tolist() == known


@pytest.mark.parametrize(
    "name", ["oedema_volume", "ventricle_volume", "midline_shift_proxy", "ventricle_asymmetry"]
)
def test_what_makes_the_grade_is_never_a_feature(name: str) -> None:
    specification = FeatureSpecification(
        windows=(Window("ever", "infusion", None, None),),
        measurements=(Measurement(f"imaging.{name}", ("ever",), ("last",)),),
        presence="informative",
    )
    with pytest.raises(LeakageError, match="part of the outcome"):
        check_admissible(specification)

"""A study reads raw recordings and scans beside its tables."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from icans_risk.cohort import Cohort, read_cohort_folder
from icans_risk.errors import StudyError
from icans_risk.features import build_features
from icans_risk.ingest import QualityReport, make_key, pseudonym, read_key
from icans_risk.study import load_study
from icans_risk.workflow.demo import load_demo_study
from icans_risk.workflow.develop import develop
from icans_risk.workflow.ingest import ingest_study
from icans_risk.workflow.inputs import specify_features
from icans_risk.workflow.raw import add_measured, measure_raw
from icans_risk.workflow.reading import read_cohort
from icans_risk.workflow.simulate import Simulation, simulate_folder
from workflow.small import small_study

MEASURED = ("eeg.posterior_dominant_rhythm", "eeg.delta_theta_alpha_ratio",
            "imaging.lesion_volume", "imaging.brain_volume")  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "made"
    simulate_folder(folder, Simulation(patients=3, seed=7, signals=True))
    return folder


def write_study(made: Path, file: Path, **change: Any) -> Path:
    small_study(file, made / "cohort")
    study = yaml.safe_load(file.read_text(encoding="utf-8"))
    lists = {"eeg": "recordings.csv", "imaging": "scans.csv"}
    study["data"]["signals"] = [
        {"kind": kind, "files": str(made / "signals" / name)} for kind, name in lists.items()
    ]
    study["features"]["windows"] = {"baseline": {"anchor": "infusion", "end_h": 0}}
    study["features"]["measurements"] = [
        {"analytes": list(MEASURED), "windows": ["baseline"], "statistics": ["last"]}
    ]
    file.write_text(yaml.safe_dump(study | change), encoding="utf-8")
    return file


def test_a_study_measures_the_raw_files_that_it_lists(made: Path, tmp_path: Path) -> None:
    study = load_study(write_study(made, tmp_path / "study.yaml"))
    cohort, quality = read_cohort(study)
    told = read_cohort_folder(made / "cohort").events
    recordings = pd.read_csv(made / "signals" / "recordings.csv")
    scans = pd.read_csv(made / "signals" / "scans.csv")
    assert quality.counts["recordings_used"] == len(recordings)
    assert quality.counts["scans_used"] == len(scans)
    assert quality.counts["events"] == len(cohort.events)
    # What was measured takes the place of what the cohort said about the same.
    delta = cohort.events.query("modality == 'eeg' and analyte == 'delta_relative'")
    assert set(delta["assay"]) == {"icans-risk eeg 1"}
    assert len(delta) == len(recordings)
    was = told.query("modality == 'eeg' and analyte == 'abnormal'")
    still = cohort.events.query("modality == 'eeg' and analyte == 'abnormal'")
    assert still["value"].tolist() == was["value"].tolist()
    lesions = cohort.events.query("modality == 'imaging' and analyte == 'lesion_volume'")
    assert sorted(lesions["collected_h"]) == pytest.approx(sorted(scans["scanned_h"]))


def test_a_study_with_a_key_measures_under_the_cohort_s_pseudonyms(
    made: Path, tmp_path: Path
) -> None:
    make_key(tmp_path / "key")
    file = write_study(made, tmp_path / "study.yaml")
    study = yaml.safe_load(file.read_text(encoding="utf-8"))
    study["data"]["handling"] = {"pseudonym_key": str(tmp_path / "key")}
    study["data"]["signals"] = study["data"]["signals"][1:]
    file.write_text(yaml.safe_dump(study), encoding="utf-8")
    events = measure_raw(load_study(file), QualityReport())
    assert events is not None
    key, listed = read_key(tmp_path / "key"), pd.read_csv(made / "signals" / "scans.csv")
    assert set(events["episode_id"]) == {
        pseudonym(name, key, kind="episode") for name in listed["episode_id"]
    }


def test_what_was_measured_before_infusion_becomes_features(made: Path, tmp_path: Path) -> None:
    study = load_study(write_study(made, tmp_path / "study.yaml"))
    cohort, _ = read_cohort(study)
    vectors = build_features(cohort, specify_features(study, cohort), [72.0])
    for name in MEASURED[2:]:
        assert vectors[f"{name}.last.baseline"].notna().all()
    truth = pd.read_parquet(made / "truth" / "scans.parquet").query("collected_h < 0")
    lesion = vectors["imaging.lesion_volume.last.baseline"].droplevel("landmark_h")
    expected = truth.set_index("episode_id")["lesion_ml"].reindex(lesion.index)
    assert lesion.to_numpy() == pytest.approx(expected.to_numpy(), abs=0.0321)


def test_a_cohort_folder_of_a_study_holds_what_was_measured(made: Path, tmp_path: Path) -> None:
    file = write_study(made, tmp_path / "study.yaml")
    ingest_study(file, tmp_path / "out")
    events = read_cohort_folder(tmp_path / "out" / "cohort").events
    assert "lesion_volume" in set(events["analyte"])


def test_generated_files_are_no_real_data(made: Path, tmp_path: Path) -> None:
    file = write_study(made, tmp_path / "study.yaml")
    for name in ("recordings.csv", "scans.csv"):
        table = pd.read_csv(made / "signals" / name).drop(columns="data_kind").head(1)
        table["file"] = str(made / "signals") + "/" + table["file"]
        table.to_csv(tmp_path / name, index=False)
    study = yaml.safe_load(file.read_text(encoding="utf-8"))
    study["data"]["signals"] = [{"kind": "imaging", "files": "scans.csv"}]
    file.write_text(yaml.safe_dump(study), encoding="utf-8")
    with pytest.raises(StudyError, match=r"the list 'scans.csv' holds real data"):
        read_cohort(load_study(file))


def measured(**change: Any) -> pd.DataFrame:
    row = {
        "episode_id": "E1", "modality": "imaging", "analyte": "lesion_volume", "collected_h": -3.0,
        "available_h": 1.0, "value": 4.0, "censored": "", "ordered_as": "protocol",
        "assay": "icans-risk imaging 1 flair", "version": 1.0,
        "measurement": "imaging.lesion_volume",
    }  # fmt: skip
    return pd.DataFrame([row | change])


def cohort_of(events: pd.DataFrame) -> Cohort:
    episodes = pd.DataFrame({"episode_id": ["E1"], "patient_id": ["P1"], "followed_until_h": 300.0})
    grades = pd.DataFrame(
        {"episode_id": ["E1"], "covers_from_h": 0.0, "assessed_h": 24.0, "available_h": 24.0,
         "scale": "ASTCT", "icans_grade": 0.0, "crs_grade": 0.0, "tian_grade": np.nan,
         "ice_total": 10.0, "capd_total": np.nan, "deciding_domain": None}
    )  # fmt: skip
    columns = [name for name in events if name != "measurement"]
    return Cohort(episodes, events[columns], grades)


def test_a_value_of_a_table_gives_way_only_in_its_own_episode_and_analyte() -> None:
    table = pd.concat([measured(value=9.0), measured(analyte="lesion_count", value=2.0)])
    (joined,) = add_measured([cohort_of(table)], measured(), QualityReport())
    values = joined.events.set_index("analyte")["value"]
    assert values.to_dict() == {"lesion_count": 2.0, "lesion_volume": 4.0}


def test_what_belongs_to_no_episode_is_counted() -> None:
    quality = QualityReport()
    given = pd.concat([measured(), measured(episode_id="E9")], ignore_index=True)
    (joined,) = add_measured([cohort_of(measured(value=9.0))], given, quality)
    assert len(joined.events) == 1
    (finding,) = quality.findings
    assert (finding.code, finding.count) == ("signals_without_episode", 1)
    assert "E9" not in finding.message


def test_intensities_of_several_sequences_are_never_pooled() -> None:
    name = "imaging.lesion_intensity_mean"
    rows = [
        measured(analyte="lesion_intensity_mean", measurement=name, assay=f"icans-risk {kind}")
        for kind in ("t1", "flair")
    ]
    volumes = [measured(assay=f"icans-risk {kind}", collected_h=h) for kind, h in
               (("t1", -3.0), ("flair", -2.0))]  # fmt: skip
    quality = QualityReport()
    given = pd.concat([*rows, *volumes], ignore_index=True)
    (joined,) = add_measured([cohort_of(measured())], given, quality)
    assert joined.events["analyte"].tolist() == ["lesion_volume"] * 2
    assert [finding.code for finding in quality.findings] == ["signals_of_several_assays"]


def test_the_generator_s_study_is_the_demonstration_s_with_raw_files(made: Path) -> None:
    study, demo = load_study(made / "study.yaml"), load_demo_study()
    assert [entry.kind for entry in study.data.signals] == ["eeg", "imaging"]
    assert study.outcome == demo.outcome
    assert study.models == demo.models
    analytes = {name for chosen in study.features.measurements for name in chosen.analytes}
    assert {"imaging.lesion_volume", "imaging.brain_volume", "eeg.theta_relative"} <= analytes


@pytest.mark.slow
def test_raw_files_lead_to_predictions_in_one_command(tmp_path: Path) -> None:
    simulate_folder(tmp_path / "made", Simulation(patients=60, seed=11, signals=True))
    file = write_study(tmp_path / "made", tmp_path / "study.yaml")
    summary = develop(
        file,
        tracking_uri=f"sqlite:///{tmp_path}/mlflow.db",
        artifacts=tmp_path / "artifacts",
        reports=tmp_path / "reports",
    )
    assert summary["data_kind"] == "synthetic"
    (landmark,) = summary["landmarks"]
    assert landmark["landmark_h"] == 72

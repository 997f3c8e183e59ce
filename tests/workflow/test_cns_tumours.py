"""Tumours of the nervous system through the whole path: a cohort, a study, TIAN on the pages."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from icans_risk.cli.main import app
from icans_risk.study import load_study
from store_template import copy_store

PATIENTS = 60


def call(*arguments: object) -> Any:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cns") / "made"
    done = call("simulate", "--product-mix", "cns", "--patients", PATIENTS, "--out", out)
    assert "A study of it" in done.output
    return out


def test_the_study_beside_the_cohort_predicts_tian_and_counts_icans_beside_it(
    folder: Path,
) -> None:
    outcome = load_study(folder / "study.yaml").outcome
    assert outcome.endpoint_in_words == "TIAN grade 3 or higher"
    assert [endpoint.grade for endpoint in outcome.endpoints] == ["tian_grade", "icans_grade"]


def test_no_other_mix_has_a_study_beside_it(tmp_path: Path) -> None:
    call("simulate", "--patients", 3, "--out", tmp_path / "blood")
    assert not (tmp_path / "blood" / "study.yaml").exists()


def shortened(folder: Path) -> Path:
    """The study with less effort."""
    study = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    study["models"]["rebuilds"] = 5
    study["models"]["booster"]["rounds"] = 20
    study["models"]["comparators"] = study["models"]["comparators"][:3]
    study["models"]["calibration_folds"] = 3
    study["validation"] = {"folds": 3, "repeats": 1, "resamples": 100}
    study["evaluation"] |= {"audit": False, "subgroups": [], "leave_out": []}
    study["outcome"]["sensitivity"] = []
    file = folder / "short.yaml"
    file.write_text(yaml.safe_dump(study), encoding="utf-8")
    return file


@pytest.mark.slow
def test_a_cohort_goes_from_the_generator_to_pages_that_speak_of_tian(
    folder: Path, tmp_path: Path, store_template: Path
) -> None:
    store = copy_store(store_template, tmp_path / "mlruns")
    told = tmp_path / "told.json"
    call(
        "develop", shortened(folder), "--reports", tmp_path / "reports", "--tracking-uri", store,
        "--artifacts", tmp_path / "artifacts", "--json", told,
    )  # fmt: skip
    summary = json.loads(told.read_text())
    landmark = summary["landmarks"][0]
    assert landmark["endpoint"] == "TIAN grade 3 or higher"
    assert summary["cohort"]["patients"] == PATIENTS

    report = Path(summary["paths"]["reports"][0])
    page = next(report.rglob("study.html")).read_text(encoding="utf-8")
    assert "no TIAN yet, and events later than 24 h" in page
    assert "Patients without any TIAN at the landmark" in page
    assert "without any ICANS" not in page
    patients = [f.read_text(encoding="utf-8") for f in report.rglob("patient-*.html")]
    assert all("TIAN grade 3 or higher" in text for text in patients)
    assert any("TIAN grade</th>" in text for text in patients)

    # The model is one of tumours of the nervous system: it may judge the next such patient.
    call("simulate", "--product-mix", "cns", "--patients", 8, "--seed", 99, "--out",
         tmp_path / "next")  # fmt: skip
    model = next(iter(summary["paths"]["models"].values()))
    call("score", model, tmp_path / "next" / "cohort", "--out", tmp_path / "risks.parquet")
    statuses = set(pd.read_parquet(tmp_path / "risks.parquet")["status"])
    assert "answered" in statuses
    assert "cns_tumour" not in statuses

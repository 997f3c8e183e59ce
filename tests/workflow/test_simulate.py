"""A synthetic cohort on disk: apart from its truth, whole or not at all, and through the path."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from icans_risk.cohort import read_cohort_folder, read_manifest
from icans_risk.errors import CohortError, IcansRiskError, StudyError
from icans_risk.study import load_study
from icans_risk.synthetic import simulate
from icans_risk.workflow import simulate as job
from icans_risk.workflow.demo import load_demo_study, run_demo
from icans_risk.workflow.reading import read_cohort
from icans_risk.workflow.simulate import Simulation, simulate_folder
from store_template import copy_store

SMALL = Simulation(patients=25, seed=3)
SAMPLE = Simulation(patients=60, seed=7)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synthetic") / "small"
    simulate_folder(out, SMALL)
    return out


def test_the_folder_holds_the_simulated_cohort(folder: Path) -> None:
    direct = simulate(25, seed=3).cohort
    assert read_cohort_folder(folder / "cohort").hash() == direct.hash()
    assert read_manifest(folder / "cohort").data_kind == "synthetic"


def test_pieces_make_no_difference(folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(job, "PIECE", 7)
    simulate_folder(tmp_path / "pieces", SMALL)
    one, other = folder / "cohort", tmp_path / "pieces" / "cohort"
    assert read_cohort_folder(one).hash() == read_cohort_folder(other).hash()
    for name in ("risks", "onsets", "shares"):
        file = f"truth/{name}.parquet"
        # In pieces, the landmarks of one piece stand before those of the next.
        whole, pieces = (pd.read_parquet(place / file) for place in (folder, tmp_path / "pieces"))
        keys = [c for c in ("episode_id", "landmark_h", "latent") if c in whole]
        pd.testing.assert_frame_equal(
            whole.sort_values(keys, ignore_index=True), pieces.sort_values(keys, ignore_index=True)
        )


def test_the_truth_lies_apart_and_no_column_of_it_is_in_the_cohort(folder: Path) -> None:
    cohort = read_cohort_folder(folder / "cohort")
    names = {str(c) for table in (cohort.episodes, cohort.events, cohort.grades) for c in table}
    assert {p.name for p in (folder / "cohort").iterdir()} == {
        "manifest.json", "episodes.parquet", "events.parquet", "grades.parquet",
    }  # fmt: skip
    risks = pd.read_parquet(folder / "truth" / "risks.parquet")
    assert not names & {"true_risk", "true_risk_untreated", "onset_h", "latent"}
    assert risks["true_risk"].between(0, 1).all()


def test_the_data_card_says_what_it_is_and_how_it_was_made(folder: Path) -> None:
    card = (folder / "DATA_CARD.md").read_text()
    assert "No patient stands behind any row" in card
    assert "--patients 25 --seed 3 --product-mix lbcl" in card
    assert read_manifest(folder / "cohort").made_by in card


def test_an_existing_folder_is_never_overwritten(folder: Path) -> None:
    with pytest.raises(CohortError, match="never overwritten"):
        simulate_folder(folder, SMALL)


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "PIECE", 10)
    real = job._piece

    def fail(simulation: Simulation, start: int) -> Any:
        if start >= 20:
            raise OSError("No space left on device")
        return real(simulation, start)

    monkeypatch.setattr(job, "_piece", fail)
    with pytest.raises(OSError, match="No space"):
        simulate_folder(tmp_path / "out", SMALL)
    assert list(tmp_path.iterdir()) == []


def test_an_export_lists_its_planted_faults_apart(tmp_path: Path) -> None:
    simulate_folder(tmp_path / "messy", Simulation(patients=20, seed=3, mess=3))
    results = pd.read_csv(tmp_path / "messy" / "export" / "results.csv", dtype=str)
    faults = pd.read_csv(tmp_path / "messy" / "truth" / "planted_faults.csv")
    assert len(results) > 5_000
    assert faults["fault"].nunique() >= 6
    assert not set(results.columns) & {"fault", "true_risk"}
    card = (tmp_path / "messy" / "DATA_CARD.md").read_text()
    assert "--mess 3" in card


@pytest.mark.parametrize(
    "settings", [{"patients": 0, "seed": 1}, {"patients": 5, "seed": 1, "product_mix": "lbc"}]
)
def test_a_wrong_setting_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(IcansRiskError, match="expected"):
        Simulation(**settings)


def test_a_study_that_calls_synthetic_data_real_is_refused(folder: Path, tmp_path: Path) -> None:
    text = (Path(job.__file__).parent / "demo.yaml").read_text()
    study = tmp_path / "study.yaml"
    study.write_text(
        text.replace("data_kind: synthetic", "data_kind: real").replace(
            "cohort: cohort", f"cohort: {folder}/cohort"
        )
    )
    with pytest.raises(StudyError, match="holds synthetic data"):
        read_cohort(load_study(study))


def test_the_demo_covers_all_modalities() -> None:
    analytes = {a for m in load_demo_study().features.measurements for a in m.analytes}
    assert {a.partition(".")[0] for a in analytes} == {
        "plasma", "csf", "eeg", "imaging", "clinical",
    }  # fmt: skip


def test_the_demo_runs_and_says_that_it_is_synthetic(
    tmp_path: Path, store_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icans_risk.workflow.demo.DEMO", Simulation(patients=150, seed=7))
    # As much of it as shows that it runs: what it computes is tested elsewhere.
    text = (files("icans_risk.workflow") / "demo.yaml").read_text(encoding="utf-8")
    for full, least in {
        "repeats: 4": "repeats: 1",
        "resamples: 500": "resamples: 100",
        "rebuilds: 40": "rebuilds: 6",
        "permutations: 5": "permutations: 1",
    }.items():
        assert full in text
        text = text.replace(full, least)
    monkeypatch.setattr("icans_risk.workflow.demo._study_text", lambda: text)
    settings: dict[str, Any] = {
        "tracking_uri": copy_store(store_template, tmp_path / "mlruns"),
        "artifacts": tmp_path / "artifacts",
        "reports": tmp_path / "reports",
    }
    summary = run_demo(tmp_path / "demo", **settings)
    assert summary["data_kind"] == "synthetic"
    assert json.dumps(summary, allow_nan=False)
    (pages,) = summary["paths"]["reports"]
    page = (Path(pages) / "patient-001.html").read_text()
    assert "SYNTHETIC DATA." in page or "Synthetic data." in page
    made = (tmp_path / "demo" / "cohort" / "manifest.json").stat().st_mtime_ns
    developed: list[Path] = []
    monkeypatch.setattr(
        "icans_risk.workflow.demo.develop", lambda study, **_: developed.append(study)
    )
    run_demo(tmp_path / "demo", **settings)
    assert developed == [tmp_path / "demo" / "study.yaml"], "developed again, not simulated again"
    assert (tmp_path / "demo" / "cohort" / "manifest.json").stat().st_mtime_ns == made


def test_the_committed_sample_is_what_its_command_makes(root: Path, tmp_path: Path) -> None:
    sample = root / "synthetic_data" / "sample"
    simulate_folder(tmp_path / "again", SAMPLE)
    assert read_manifest(sample / "cohort").made_by.endswith(
        "--patients 60 --seed 7 --product-mix lbcl --horizon 336.0 --variant interactions "
        "--landmarks 0,24,72,120"
    )
    made, kept = (read_cohort_folder(place / "cohort") for place in (tmp_path / "again", sample))
    for name in ("episodes", "events", "grades"):
        # Other machines may differ in the last bits of a logarithm.
        pd.testing.assert_frame_equal(getattr(made, name), getattr(kept, name), rtol=1e-6)
    truth = (pd.read_parquet(p / "truth" / "risks.parquet") for p in (tmp_path / "again", sample))
    pd.testing.assert_frame_equal(*truth, rtol=1e-6)
    assert set(kept.events["modality"]) == {
        "plasma", "csf", "eeg", "imaging", "clinical", "treatment",
    }  # fmt: skip


def test_a_foreign_folder_is_not_taken_for_a_demo(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    with pytest.raises(CohortError, match="expected the folder of an earlier demo"):
        run_demo(tmp_path / "demo")


def test_a_generated_cohort_is_held_against_published_figures(folder: Path, tmp_path: Path) -> None:
    import shutil

    from icans_risk.workflow.check_generator import check_generator

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    checked = check_generator(copy)
    table = pd.read_csv(copy / "evidence_check.csv")
    assert checked["passed"] + checked["missed"] + checked["shown"] == len(table)
    assert len(checked["misses"]) == checked["missed"]
    assert (copy / "evidence_check.png").stat().st_size > 10_000
    assert {"read", "assumed"} >= set(table["status"])

"""The demonstration: simulate, then the whole path over all modalities."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from icans_risk.errors import CohortError
from icans_risk.study import Study, parse_study
from icans_risk.workflow.develop import TRACKING_URI, develop
from icans_risk.workflow.files import write_whole
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.simulate import COHORT, Simulation, simulate_folder

__all__ = ["DEMO", "load_demo_study", "run_demo"]

DEMO = Simulation(patients=300, seed=7)
STUDY = "study.yaml"


def load_demo_study() -> Study:
    """Load the demo's study, whose cohort is wherever the demo put it."""
    return parse_study(_study_text(), name="demo.yaml")


def _study_text() -> str:
    return (files("icans_risk.workflow") / "demo.yaml").read_text(encoding="utf-8")


def run_demo(
    folder: Path,
    *,
    tracking_uri: str = TRACKING_URI,
    artifacts: Path | str = "mlruns/artifacts",
    reports: Path | str = "reports",
    workers: int = 1,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Simulate 300 patients, unless the folder holds them, and develop the demo's study.

    Parameters
    ----------
    folder : Path
        Receives the synthetic cohort and the study file.
    tracking_uri, artifacts, reports, workers, progress
        As for ``develop``.

    Returns
    -------
    dict
        The summary of ``develop``.

    Raises
    ------
    CohortError
        If the folder exists and is not a demo's.
    """
    study_file = folder / STUDY
    if not folder.exists():
        simulate_folder(folder, DEMO, progress=progress)
        write_whole(study_file, _study_text())
    elif not (study_file.is_file() and (folder / COHORT).is_dir()):
        raise CohortError(
            f"{folder}: expected the folder of an earlier demo, found another one. Name another."
        )
    return develop(
        study_file,
        tracking_uri=tracking_uri,
        artifacts=artifacts,
        reports=reports,
        workers=workers,
        progress=progress,
    )

"""A small synthetic study that several tests develop in their own ways."""

from pathlib import Path
from typing import Any

import yaml

from icans_risk.study import Study, load_study
from icans_risk.workflow.demo import load_demo_study
from icans_risk.workflow.simulate import Simulation, simulate_folder

__all__ = ["small_study", "write_cohort"]

MEASURED = [
    {
        "analytes": ["plasma.crp", "plasma.ferritin", "plasma.platelets", "plasma.il6"],
        "windows": ["early"],
        "statistics": ["last", "max"],
    },
    {"analytes": ["clinical.crs_grade"], "windows": ["early"], "statistics": ["last"]},
]
BOOSTER = {"rounds": 20, "max_depth": 2}


def write_cohort(folder: Path, *, patients: int = 160, seed: int = 11) -> Path:
    """Simulate a cohort folder and return it."""
    simulate_folder(folder, Simulation(patients=patients, seed=seed))
    return folder / "cohort"


def small_study(file: Path, cohort: Path, **changes: Any) -> Study:
    """Write a study of the cohort; changes are of its sections ``models`` and ``outcome``."""
    study = load_demo_study().model_dump(mode="json", exclude_none=True)
    study["data"] = {"cohort": str(cohort)}
    study["features"] = {
        "windows": {"early": {"anchor": "infusion", "start_h": 0, "end_h": 72}},
        "measurements": MEASURED,
        "static": ["product"],
        "presence": "protocol_only",
    }
    study["outcome"] |= {"sensitivity": []} | changes.get("outcome", {})
    models = {"booster": BOOSTER, "rebuilds": 0, "calibration_folds": 3, "comparators": []}
    study["models"] = models | changes.get("models", {})
    study["evaluation"] = {"audit": False, "subgroups": [], "leave_out": []}
    study["validation"] = {"folds": 3, "repeats": 1, "resamples": 100}
    file.write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    return load_study(file)

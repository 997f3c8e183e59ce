"""Exports made of synthetic cohorts, and the study files that read them."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from icans_risk.cohort import Cohort
from icans_risk.synthetic.mess import Export, make_export
from icans_risk.synthetic.parameters import load

EPISODE_COLUMNS = ("site", "product", "age_years", "disease", "prophylaxis")


def base_study() -> dict[str, Any]:
    """Return the demonstration's study as plain data, to be given other data."""
    text = (files("icans_risk.workflow") / "demo.yaml").read_text(encoding="utf-8")
    study: dict[str, Any] = yaml.safe_load(text)
    return study


def write_study(folder: Path, data: dict[str, Any], **changes: Any) -> Path:
    """Write a study file over some data."""
    study = base_study() | {"data": data} | changes
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    return file


def write_infusions(folder: Path, cohort: Cohort) -> dict[str, Any]:
    """Write the table of infusions and return what a study says of it."""
    columns = ["episode_id", "patient_id", "followed_until_h", "discharged_h", *EPISODE_COLUMNS]
    cohort.episodes[columns].to_csv(folder / "infusions.csv", index=False)
    return {
        "files": ["infusions.csv"],
        "patient": "patient_id",
        "episode": "episode_id",
        "followed_until": "followed_until_h",
        "discharged": "discharged_h",
        "clock": "hours",
    }


def write_grades(folder: Path, cohort: Cohort) -> dict[str, Any]:
    """Write the table of daily grades and return what a study says of it."""
    columns = ["icans_grade", "crs_grade", "ice_total"]
    day = (cohort.grades["covers_from_h"] / 24).astype(int)
    table = cohort.grades[["episode_id", *columns]].assign(day=day)
    table.to_csv(folder / "grades.csv", index=False)
    return {
        "files": ["grades.csv"],
        "episode": "episode_id",
        "assessed": "day",
        "clock": "day_number",
        "scale": "ASTCT",
        "grades": {name: name for name in columns},
    }


def write_export(
    folder: Path, cohort: Cohort, *, level: int = 0, seed: int = 1, **handling: Any
) -> tuple[Path, Export]:
    """Write a long export of a cohort, with planted faults, and its study file."""
    export = make_export(cohort, level=level, seed=seed)
    export.results.to_csv(folder / "results.csv", index=False)
    decimal = {s.name: "comma" if s.decimal_comma else "point" for s in load().sites}
    results = {
        "layout": "long",
        "files": ["results.csv"],
        "episode": "episode_id",
        "analyte": "analyte",
        "value": "result",
        "unit": "unit",
        "collected": "collected_h",
        "available": "resulted_h",
        "clock": "hours",
        "decimal": decimal,
    }
    data = {
        "infusions": write_infusions(folder, cohort),
        "episodes": {name: {"column": name} for name in EPISODE_COLUMNS},
        "results": [results],
        "grades": [write_grades(folder, cohort)],
        "handling": handling,
    }
    return write_study(folder, data), export


def events_table(cohort: Cohort) -> pd.DataFrame:
    """Return a cohort's events under full analyte names."""
    events = cohort.events
    return events.assign(analyte=events["modality"] + "." + events["analyte"])

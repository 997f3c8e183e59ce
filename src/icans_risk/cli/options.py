"""Options that several commands share."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "ARTIFACTS",
    "JOURNALS",
    "LANDMARK",
    "MODEL",
    "PATIENTS",
    "REPORTS",
    "RUN",
    "TRACKING_URI",
    "WORKERS",
    "Artifacts",
    "BlindFirst",
    "DataKind",
    "Journals",
    "JsonFile",
    "Lang",
    "PageLanguage",
    "PageUnits",
    "Reports",
    "StudyFile",
    "TrackingUri",
    "Units",
    "Workers",
]

TRACKING_URI = "sqlite:///mlruns/mlflow.db"
ARTIFACTS = Path("mlruns/artifacts")
REPORTS = Path("reports")
JOURNALS = Path("mlruns/tuning")
WORKERS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1

# What every command says of a model, a run, patients or a landmark that it takes.
MODEL = "Folder of a released model, models:/NAME@ALIAS, or a run."
RUN = "Run of a study: its id, or its start."
PATIENTS = (
    "A cohort folder, a folder with episodes, events and grades as CSV, Parquet or JSON, or one "
    "JSON document."
)
LANDMARK = "Landmark, in hours since infusion."

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")]
JsonFile = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Also write what is told to this file, as JSON."),
]
TrackingUri = Annotated[
    str, typer.Option(envvar="ICANS_RISK_TRACKING_URI", help="Where MLflow keeps the run.")
]
Artifacts = Annotated[
    Path,
    typer.Option(help="Where figures and models are kept, unless an MLflow server keeps them."),
]
Reports = Annotated[Path, typer.Option(help="Folder for the pages.")]
Journals = Annotated[
    Path, typer.Option(help="Where a tuning is kept, to go on from after an interruption.")
]
Workers = Annotated[
    int,
    typer.Option(min=1, show_default="all cores", help="Threads; results do not depend on it."),
]


class PageLanguage(StrEnum):
    """A language of patient pages."""

    EN = "en"
    DE = "de"


class PageUnits(StrEnum):
    """Units in which patient pages show values."""

    CONVENTIONAL = "conventional"
    SI = "si"


class Kind(StrEnum):
    """Whether patients stand behind rows."""

    REAL = "real"
    SYNTHETIC = "synthetic"


DataKind = Annotated[
    Kind | None, typer.Option(help="Of tables that do not say it themselves.", show_default="real")
]
Lang = Annotated[PageLanguage, typer.Option(help="Language of the patients' pages.")]
Units = Annotated[PageUnits, typer.Option(help="Units of values on the patients' pages.")]
BlindFirst = Annotated[
    bool, typer.Option("--blind-first", help="Ask for the reader's own estimate first.")
]

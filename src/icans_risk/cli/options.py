"""Options that several commands share."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "ARTIFACTS",
    "JOURNALS",
    "MODEL",
    "REPORTS",
    "TRACKING_URI",
    "WORKERS",
    "Artifacts",
    "BlindFirst",
    "Journals",
    "JsonFile",
    "Lang",
    "PageLanguage",
    "PageUnits",
    "Reports",
    "TrackingUri",
    "Units",
    "Workers",
]

TRACKING_URI = "sqlite:///mlruns/mlflow.db"
ARTIFACTS = Path("mlruns/artifacts")
REPORTS = Path("reports")
JOURNALS = Path("mlruns/tuning")
WORKERS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1

# What every command says of a model that it takes.
MODEL = "Folder of a released model, models:/NAME@ALIAS, or a run."

JsonFile = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Also write the summary to this file."),
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


Lang = Annotated[PageLanguage, typer.Option(help="Language of the patients' pages.")]
Units = Annotated[PageUnits, typer.Option(help="Units of values on the patients' pages.")]
BlindFirst = Annotated[
    bool, typer.Option("--blind-first", help="Ask for the reader's own estimate first.")
]

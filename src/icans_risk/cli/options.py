"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "ARTIFACTS",
    "REPORTS",
    "TRACKING_URI",
    "Artifacts",
    "JsonFile",
    "Reports",
    "TrackingUri",
]

TRACKING_URI = "sqlite:///mlruns/mlflow.db"
ARTIFACTS = Path("mlruns/artifacts")
REPORTS = Path("reports")

JsonFile = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Also write the summary to this file."),
]
TrackingUri = Annotated[
    str, typer.Option(envvar="ICANS_RISK_TRACKING_URI", help="Where MLflow keeps the run.")
]
Artifacts = Annotated[Path, typer.Option(help="Where a SQLite store keeps figures and models.")]
Reports = Annotated[Path, typer.Option(help="Folder for the pages.")]

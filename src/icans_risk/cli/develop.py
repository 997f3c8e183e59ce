"""``icans-risk develop``: the whole path of one study."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.cli.options import (
    ARTIFACTS,
    JOURNALS,
    REPORTS,
    TRACKING_URI,
    WORKERS,
    Artifacts,
    Journals,
    JsonFile,
    Reports,
    TrackingUri,
    Workers,
)

__all__ = ["develop"]


def develop(
    study_file: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
    artifacts: Artifacts = ARTIFACTS,
    reports: Reports = REPORTS,
    journals: Journals = JOURNALS,
    workers: Workers = WORKERS,
) -> None:
    """Take a study from its files to a tracked, explained model and a page per patient.

    Example: icans-risk develop configs/nulisa80.yaml
    """
    from icans_risk.cli.show import run_and_show
    from icans_risk.workflow.develop import develop as job

    run_and_show(
        lambda progress: job(
            study_file,
            tracking_uri=tracking_uri,
            artifacts=artifacts,
            reports=reports,
            journals=journals,
            workers=workers,
            progress=progress,
        ),
        json_file,
    )

"""``icans-risk demo``: everything, without any data of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.cli.options import (
    ARTIFACTS,
    REPORTS,
    TRACKING_URI,
    WORKERS,
    Artifacts,
    JsonFile,
    Reports,
    TrackingUri,
    Workers,
)

__all__ = ["demo"]


def demo(
    folder: Annotated[Path, typer.Option(help="Folder of the synthetic cohort.")] = Path(
        "synthetic_data/demo"
    ),
    reports: Reports = REPORTS,
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
    artifacts: Artifacts = ARTIFACTS,
    workers: Workers = WORKERS,
) -> None:
    """Simulate 300 patients and take them through the whole path. Synthetic, no evidence.

    Example: icans-risk demo
    """
    from icans_risk.cli.show import run_and_show
    from icans_risk.workflow.demo import run_demo

    run_and_show(
        lambda progress: run_demo(
            folder,
            tracking_uri=tracking_uri,
            artifacts=artifacts,
            reports=reports,
            workers=workers,
            progress=progress,
        ),
        json_file,
    )

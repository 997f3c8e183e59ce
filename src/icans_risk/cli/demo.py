"""``icans-risk demo``: everything, without any data of one's own."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    folder: Annotated[Path, typer.Option(help="Folder of the synthetic cohort.")] = Path(
        "synthetic_data/demo"
    ),
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write the summary to this file."),
    ] = None,
    tracking_uri: Annotated[
        str,
        typer.Option(envvar="ICANS_RISK_TRACKING_URI", help="Where MLflow keeps the run."),
    ] = "sqlite:///mlruns/mlflow.db",
    artifacts: Annotated[
        Path, typer.Option(help="Where a SQLite store keeps figures and models.")
    ] = Path("mlruns/artifacts"),
    reports: Annotated[Path, typer.Option(help="Folder for the pages.")] = Path("reports"),
) -> None:
    """Simulate 300 patients and take them through the whole path. Synthetic, no evidence.

    Example: icans-risk demo
    """
    from icans_risk.cli.show import show_summary
    from icans_risk.cli.terminal import terminal_progress
    from icans_risk.workflow.demo import run_demo
    from icans_risk.workflow.files import check_folder, write_json

    if json_file is not None:
        check_folder(json_file)
    with terminal_progress() as progress:
        summary = run_demo(
            folder,
            tracking_uri=tracking_uri,
            artifacts=artifacts,
            reports=reports,
            progress=progress,
        )
    if json_file is not None:
        write_json(json_file, summary)
    show_summary(summary)

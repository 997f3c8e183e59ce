"""``icans-risk develop``: the whole path of one study."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["develop"]


def develop(
    study_file: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
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
    """Take a study from its files to a tracked, explained model and a page per patient.

    Example: icans-risk develop configs/nulisa80.yaml
    """
    from icans_risk.cli.show import show_summary
    from icans_risk.cli.terminal import terminal_progress
    from icans_risk.workflow.develop import develop as job
    from icans_risk.workflow.files import check_folder, write_json

    if json_file is not None:
        check_folder(json_file)
    with terminal_progress() as progress:
        summary = job(
            study_file,
            tracking_uri=tracking_uri,
            artifacts=artifacts,
            reports=reports,
            progress=progress,
        )
    if json_file is not None:
        write_json(json_file, summary)
    show_summary(summary)

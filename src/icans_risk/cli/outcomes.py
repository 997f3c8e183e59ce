"""``icans-risk outcomes``: who is at risk when, and who reaches the endpoint."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["outcomes"]


def outcomes(
    study_file: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    landmarks: Annotated[
        str | None,
        typer.Option(metavar="H,H,...", help="Landmarks in hours, instead of the study's."),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write the report to this file."),
    ] = None,
) -> None:
    """Print highest grades, first days at the endpoint, and the flow of every episode.

    Example: icans-risk outcomes configs/nulisa80.yaml --landmarks 0,24,72,120
    """
    from icans_risk.cli.hours import parse_hours
    from icans_risk.cli.show_outcomes import show_outcomes
    from icans_risk.workflow.files import check_folder, write_json
    from icans_risk.workflow.outcomes import report_outcomes

    if json_file is not None:
        check_folder(json_file)
    chosen = None if landmarks is None else parse_hours(landmarks, option="--landmarks")
    report = report_outcomes(study_file, landmarks_h=chosen)
    if json_file is not None:
        write_json(json_file, report)
    show_outcomes(report)

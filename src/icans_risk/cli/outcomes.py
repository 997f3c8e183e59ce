"""``icans-risk outcomes``: who is at risk when, and who reaches the endpoint."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.errors import IcansRiskError

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
    from icans_risk.cli.show_outcomes import show_outcomes
    from icans_risk.workflow.files import check_folder, write_json
    from icans_risk.workflow.outcomes import report_outcomes

    if json_file is not None:
        check_folder(json_file)
    report = report_outcomes(study_file, landmarks_h=_hours(landmarks))
    if json_file is not None:
        write_json(json_file, report)
    show_outcomes(report)


def _hours(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise IcansRiskError(
            "--landmarks: expected hours such as 0,24,72, got something else."
        ) from None

"""``icans-risk outcomes``: who is at risk when, and who reaches the endpoint."""

from typing import Annotated

import typer

from icans_risk.cli.options import JsonFile, StudyFile

__all__ = ["outcomes"]


def outcomes(
    study_file: StudyFile,
    landmarks: Annotated[
        str | None,
        typer.Option(metavar="H,H,...", help="Landmarks in hours, instead of the study's."),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Print highest grades, first days at the endpoint, and the flow of every episode.

    Example: icans-risk outcomes configs/nulisa80.yaml --landmarks 0,24,72,120
    """
    from icans_risk.cli.hours import parse_hours
    from icans_risk.cli.job import run_job
    from icans_risk.cli.show_outcomes import show_outcomes
    from icans_risk.workflow.outcomes import report_outcomes

    chosen = None if landmarks is None else parse_hours(landmarks, option="--landmarks")
    show_outcomes(
        run_job(
            lambda progress: report_outcomes(study_file, landmarks_h=chosen, progress=progress),
            json_file,
        )
    )

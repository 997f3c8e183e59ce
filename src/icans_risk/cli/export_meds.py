"""``icans-risk export-meds``: a cohort folder in the Medical Event Data Standard."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.cli.options import JsonFile

__all__ = ["export_meds"]


def export_meds(
    cohort_folder: Annotated[Path, typer.Argument(metavar="COHORT", help="Cohort folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder.")],
    json_file: JsonFile = None,
) -> None:
    """Write a cohort in the Medical Event Data Standard (MEDS), without loss.

    Times are relative to the infusion; no date is written. Identifiers are written as they are.

    Example: icans-risk export-meds cohorts/2026-05/cohort cohorts/2026-05-meds
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.export import export_cohort

    summary = run_job(
        lambda progress: export_cohort(cohort_folder, out, progress=progress), json_file
    )
    typer.echo(
        f"{summary['subjects']:,} subjects, {summary['episodes']:,} episodes, "
        f"{summary['events']:,} events, {summary['grades']:,} grades: {summary['folder']} "
        f"({summary['data_kind']} data)"
    )

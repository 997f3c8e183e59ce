"""``icans-risk check`` and ``icans-risk ingest``: from an export to a cohort folder."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.cli.options import JsonFile, StudyFile

__all__ = ["check", "ingest"]

HAS_ERRORS = 2

Lenient = Annotated[
    bool,
    typer.Option("--lenient", help="Allow any share of rows in quarantine, not just the study's."),
]


def check(
    source: Annotated[
        Path,
        typer.Argument(metavar="STUDY.yaml|COHORT", help="A study file, or a cohort folder."),
    ],
    report: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also write the quality report to this new folder."),
    ] = None,
    lenient: Lenient = False,
    json_file: JsonFile = None,
) -> None:
    """Read all that a study names, or a cohort folder, and list what to mend. Writes no cohort.

    Exit code 2 if something has to be.

    Example: icans-risk check study.yaml --report quality
    Example: icans-risk check cohorts/2026-05/cohort
    """
    from icans_risk.cli.job import run_job
    from icans_risk.cli.show_quality import show_quality
    from icans_risk.workflow.ingest import check_cohort, check_study

    found = run_job(
        lambda progress: (
            check_cohort(source, report=report, progress=progress)
            if source.is_dir()
            else check_study(source, report=report, lenient=lenient, progress=progress)
        ),
        json_file,
    )
    if show_quality(found):
        raise typer.Exit(HAS_ERRORS)


def ingest(
    study_file: StudyFile,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The new folder for cohort and quality report.")
    ],
    lenient: Lenient = False,
    json_file: JsonFile = None,
) -> None:
    """Turn an export into a cohort folder with its quality report, or say what to mend.

    Example: icans-risk ingest study.yaml --out cohorts/2026-05
    """
    from icans_risk.cli.job import run_job
    from icans_risk.cli.show_quality import show_quality
    from icans_risk.workflow.ingest import ingest_study

    found = run_job(
        lambda progress: ingest_study(study_file, out, lenient=lenient, progress=progress),
        json_file,
    )
    show_quality(found)

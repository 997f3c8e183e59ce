"""``icans-risk check`` and ``icans-risk ingest``: from an export to a cohort folder."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.cli.options import JsonFile

__all__ = ["check", "ingest"]

HAS_ERRORS = 2

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")]
Lenient = Annotated[
    bool,
    typer.Option("--lenient", help="Allow any share of rows in quarantine, not just the study's."),
]


def check(
    study_file: StudyFile,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also write the quality report to this new folder."),
    ] = None,
    lenient: Lenient = False,
    json_file: JsonFile = None,
) -> None:
    """Read everything that a study names and list what has to be mended. Writes no cohort.

    Exit code 2 if something has to be.

    Example: icans-risk check study.yaml --report quality
    """
    from icans_risk.cli.show_quality import show_quality
    from icans_risk.cli.terminal import terminal_progress
    from icans_risk.workflow.files import check_folder, write_json
    from icans_risk.workflow.ingest import check_study

    if json_file is not None:
        check_folder(json_file)
    with terminal_progress() as progress:
        found = check_study(study_file, report=report, lenient=lenient, progress=progress)
    if json_file is not None:
        write_json(json_file, found)
    if show_quality(found):
        raise typer.Exit(HAS_ERRORS)


def ingest(
    study_file: StudyFile,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The new folder for cohort and quality report.")
    ],
    lenient: Lenient = False,
) -> None:
    """Turn an export into a cohort folder with its quality report, or say what to mend.

    Example: icans-risk ingest study.yaml --out cohorts/2026-05
    """
    from icans_risk.cli.show_quality import show_quality
    from icans_risk.cli.terminal import terminal_progress
    from icans_risk.workflow.ingest import ingest_study

    with terminal_progress() as progress:
        found = ingest_study(study_file, out, lenient=lenient, progress=progress)
    show_quality(found)

"""``icans-risk grade``: bedside findings to grades."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from icans_risk.cli.options import JsonFile

__all__ = ["grade"]


class Half(StrEnum):
    """Where a half score goes."""

    CEIL = "ceil"
    FLOOR = "floor"
    STRICT = "strict"


def grade(
    findings_file: Annotated[
        Path, typer.Argument(metavar="FINDINGS.csv", help="One row per assessment.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write.", show_default="FINDINGS-graded.csv"),
    ] = None,
    half: Annotated[Half, typer.Option(help="Where half scores of two raters go.")] = Half.STRICT,
    json_file: JsonFile = None,
) -> None:
    """Add ICANS and CRS grades (ASTCT) and what decided them to a table of findings.

    Columns that are read: ice_total or ice_orientation, ice_naming, ...; consciousness,
    seizure, motor, pressure; temperature_c, hypotension, oxygen. An absent column and an
    empty cell mean "not assessed". A row that cannot be graded stays without a grade.

    Example: icans-risk grade findings.csv --out graded.csv
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.grade import grade_findings

    if out is None:
        out = findings_file.with_name(f"{findings_file.stem}-graded.csv")
    _show(
        run_job(
            lambda _: grade_findings(findings_file, out, half=half.value),
            json_file,
            doing="grading",
        )
    )


def _show(summary: dict[str, Any]) -> None:
    typer.echo(f"{summary['rows']} assessments, written to {summary['file']}")
    for name in ("icans", "crs"):
        if name in summary:
            part = summary[name]
            counts = ", ".join(f"grade {g}: {n}" for g, n in part["grades"].items()) or "none"
            typer.echo(f"{name.upper()}:  {counts}; not gradable: {part['not_gradable']}")
            for words, key in (
                ("  decided by", "deciding_domains"),
                ("  not gradable", "not_gradable_because"),
            ):
                for reason, n in part[key].items():
                    typer.echo(f"{words}: {reason} ({n})")

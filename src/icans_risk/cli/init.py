"""``icans-risk init``: from an export to the draft of a study file."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.cli.options import JsonFile

__all__ = ["init"]

ROLE_WORDS = {
    "infusions": "infusions",
    "long": "results, one row each",
    "wide": "results, one column for each analyte",
    "grades": "grades",
}


def init(
    tables: Annotated[
        list[Path],
        typer.Argument(metavar="TABLE", help="CSV, TSV, XLSX or Parquet, in any order."),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The study file to write.")] = Path(
        "study.yaml"
    ),
    json_file: JsonFile = None,
) -> None:
    """Look at the tables of an export and draft the study file that reads them.

    Guesses are marked, and so is what no data can tell. No name, no identifier and no result is
    copied into the draft.

    Example: icans-risk init infusions.csv results.csv grades.xlsx --out study.yaml
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.init import draft_study

    summary = run_job(lambda progress: draft_study(tables, out, progress=progress), json_file)
    for table in summary["tables"]:
        typer.echo(f"{', '.join(table['names'])}: {ROLE_WORDS[table['role']]}")
    typer.echo(
        f"\nDrafted {summary['file']}: {summary['guesses']} guesses to look at, "
        f"{summary['todos']} things to fill in.\nThen: icans-risk check {summary['file']}"
    )

"""``icans-risk features``: the vectors that a study's models are fitted to."""

from pathlib import Path
from typing import Annotated, Any

import typer

from icans_risk.cli.options import JsonFile, StudyFile

__all__ = ["features"]

REASONS = {
    "excluded_endpoint_before_landmark": "at the endpoint before",
    "excluded_died_before_landmark": "died before",
    "excluded_not_under_observation": "not under observation",
}


def features(
    study_file: StudyFile,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The vectors, as .parquet or .csv.")],
    with_outcome: Annotated[
        bool,
        typer.Option("--with-outcome", help="Also write the outcome and its weight, as outcome.*."),
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Write the vectors of those at risk at each landmark, as develop builds them.

    Beside the file lie FILE.columns.csv, what each column means and how much of it is missing,
    and FILE.facts.json, whom it holds and what was noticed while reading. No grade and no outcome
    is in it unless asked for. Rows of one patient belong on one side of every split: patient_id.

    Example: icans-risk features configs/nulisa80.yaml --out features.parquet
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.features import write_features

    _show(
        run_job(
            lambda progress: write_features(
                study_file, out, with_outcome=with_outcome, progress=progress
            ),
            json_file,
        )
    )


def _show(told: dict[str, Any]) -> None:
    from icans_risk.cli.terminal import console

    printed = console()
    label = " SYNTHETIC patients: no evidence about real ones." * told["synthetic"]
    printed.print(f"{told['title']}\nResearch use only.{label}", markup=False)
    for one in told["landmarks"]:
        others = [f"{one[name]} {words}" for name, words in REASONS.items() if one.get(name)]
        share = one["missing_share"]
        absent = "no vector" if share is None else f"{_percent(share)} of cells missing"
        printed.print(
            f"Landmark {one['landmark_h']:g} h: {one['at_risk']} of {one['episodes']} episodes at "
            f"risk ({', '.join(others) or 'none excluded'}), {one['values']:,} values used; "
            f"{absent}.",
            markup=False,
        )
    printed.print(f"{told['columns']} columns, and what is missing of them:", markup=False)
    for row in told["modalities"]:
        printed.print(
            f"  {row['modality']:<10}{row['columns']:>5} columns"
            f"{_percent(row['missing_share']):>9}",
            markup=False,
        )
    if told["empty_columns"]:
        printed.print(f"Without any value: {', '.join(told['empty_columns'])}", markup=False)
    printed.print(f"{told['rows']:,} vectors: {told['out']}", markup=False)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"

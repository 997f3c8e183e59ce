"""``icans-risk score``: new patients by a released model."""

from pathlib import Path
from typing import Annotated, Any

import typer

from icans_risk.cli.options import MODEL, PATIENTS, TRACKING_URI, DataKind, JsonFile, TrackingUri

__all__ = ["score"]


def score(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=MODEL)],
    source: Annotated[
        Path,
        typer.Argument(
            metavar="PATIENTS",
            help=PATIENTS,
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The answers, as .json or .parquet.")],
    also: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="A model of another landmark; may be repeated."),
    ] = None,
    data_kind: DataKind = None,
    most_episodes: Annotated[
        int, typer.Option(min=1, help="More episodes at once are refused.")
    ] = 10_000,
    ledger: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write every prediction down here, sealed."),
    ] = None,
    data_cutoff: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Up to when the data reach, such as 2026-05-04T07:00+02:00."
        ),
    ] = None,
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
) -> None:
    """Score patients at a released model's landmark: risk, range and reasons, or why not.

    Example: icans-risk score models/72h cohorts/2026-05 --out risks.parquet
    Example: icans-risk score models:/nulisa80-72h@champion cohorts/2026-05 --out risks.json
    """
    from icans_risk.cli.hours import parse_moment
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.score import score_files

    told = run_job(
        lambda progress: score_files(
            [model, *(also or [])],
            source,
            out=out,
            data_kind=None if data_kind is None else data_kind.value,
            most_episodes=most_episodes,
            ledger=ledger,
            data_cutoff=None
            if data_cutoff is None
            else parse_moment(data_cutoff, option="--data-cutoff"),
            tracking_uri=tracking_uri,
            progress=progress,
        ),
        json_file,
    )
    _show(told)


def _show(told: dict[str, Any]) -> None:
    from icans_risk.cli.terminal import console

    printed = console()
    printed.print(told["label"], markup=False)
    for model in told["models"]:
        printed.print(
            f"{model['endpoint_in_words']} by {model['horizon_h']:g} h, landmark "
            f"{model['landmark_h']:g} h, model {model['sha256'][:12]}:",
            markup=False,
        )
        for row in told["statuses"]:
            if row["landmark_h"] == model["landmark_h"]:
                printed.print(f"  {row['predictions']:>6}  {row['status']}", markup=False)
    for note in told["notes"]:
        printed.print(note, markup=False)
    if told["ledger_head"] is not None:
        printed.print(f"Ledger:  note elsewhere {told['ledger_head']}", markup=False)
    printed.print(f"Answers: {told['out']}", markup=False)

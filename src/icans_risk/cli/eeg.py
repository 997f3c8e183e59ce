"""``icans-risk eeg``: EEG recordings to events."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from icans_risk.cli.hours import parse_hours
from icans_risk.cli.options import JsonFile
from icans_risk.errors import IcansRiskError

__all__ = ["NONE_USED", "eeg", "parse_turnaround", "show_lists"]

NONE_USED = 2


def eeg(
    recordings_file: Annotated[
        Path, typer.Argument(metavar="RECORDINGS.csv", help="One row per recording.")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="A new folder.")],
    visual: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also score visual findings (VE-CAM-S) of this CSV."),
    ] = None,
    turnaround: Annotated[
        str | None,
        typer.Option(
            metavar="H",
            help="Hours from a recording's end to its result where the table states no time, or "
            "'catalogue' for the catalogue's usual ones.",
        ),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Of calendar times without an offset.")
    ] = None,
    memory: Annotated[
        float, typer.Option(metavar="GIB", min=0.5, help="Of each process at most.")
    ] = 2.0,
    seconds: Annotated[float, typer.Option(min=1, help="For each recording at most.")] = 600.0,
    json_file: JsonFile = None,
    workers: Annotated[
        int | None, typer.Option(min=1, show_default="all cores", help="Processes.")
    ] = None,
) -> None:
    """Turn EEG recordings (EDF, BDF, BrainVision) into events of a cohort, with a quality page.

    Columns: file, episode_id, started_h (hours since infusion; or started and infused as
    calendar times), and optionally available_h, ordered_as and sha256. A recording that cannot
    be used is listed with the reason and stops nothing. An interrupted run goes on where it
    was when it is started again.

    Example: icans-risk eeg recordings.csv --out eeg/2026-05 --turnaround catalogue
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.eeg import measure_recordings
    from icans_risk.workflow.kinds import Reading

    reading = Reading(
        turnaround=parse_turnaround(turnaround),
        time_zone=time_zone,
        workers=workers,
        memory_gib=memory,
        seconds=seconds,
    )
    summary = run_job(
        lambda progress: measure_recordings(
            recordings_file, out, visual_file=visual, reading=reading, progress=progress
        ),
        json_file,
    )
    typer.echo(
        f"{summary['used']:,} of {summary['recordings']:,} recordings used, "
        f"{summary['hours']:.1f} h of EEG; {summary['events']:,} events of "
        f"{summary['episodes']:,} episodes."
    )
    show_lists(summary)
    if not summary["used"]:
        raise typer.Exit(NONE_USED)


def parse_turnaround(text: str | None) -> float | Literal["catalogue"] | None:
    """Read hours, or the word that stands for the catalogue's."""
    if text is None or text == "catalogue":
        return "catalogue" if text else None
    hours = parse_hours(text, option="--turnaround")
    if len(hours) != 1 or hours[0] < 0:
        raise IcansRiskError("--turnaround: expected hours such as 6, or 'catalogue'.")
    return hours[0]


def show_lists(summary: dict[str, Any]) -> None:
    """Say what was not used, what was noticed, and where everything is."""
    for title, key in (("not used", "refused"), ("noticed", "flagged")):
        for code, count in summary[key].items():
            typer.echo(f"  {title}: {code.replace('_', ' ')} ({count:,})")
    typer.echo(f"Events and measurements: {summary['folder']}\nQuality page: {summary['page']}")

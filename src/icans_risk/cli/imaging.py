"""``icans-risk imaging``: scans with masks to events."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.cli.eeg import NONE_USED, parse_turnaround, show_lists
from icans_risk.cli.options import JsonFile

__all__ = ["imaging"]


def imaging(
    scans_file: Annotated[
        Path, typer.Argument(metavar="SCANS.csv", help="One row per scan, with its masks.")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="A new folder.")],
    turnaround: Annotated[
        str | None,
        typer.Option(
            metavar="H",
            help="Hours from a scan to its result where the table states no time, or 'catalogue' "
            "for the catalogue's usual ones.",
        ),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Of calendar times without an offset.")
    ] = None,
    memory: Annotated[
        float, typer.Option(metavar="GIB", min=0.5, help="Of each process at most.")
    ] = 2.0,
    seconds: Annotated[float, typer.Option(min=1, help="For each scan at most.")] = 120.0,
    json_file: JsonFile = None,
    workers: Annotated[
        int | None, typer.Option(min=1, show_default="all cores", help="Processes.")
    ] = None,
) -> None:
    """Turn scans (NIfTI, NRRD) and their masks into events of a cohort, with a quality page.

    Columns: file, episode_id, scanned_h (hours since infusion; or scanned and infused as
    calendar times), masks in lesion, oedema, ventricles, brain and reference, and optionally
    available_h, ordered_as, sequence and sha256. A scan that cannot be used is listed with the
    reason and stops nothing. An interrupted run goes on where it was when it is started again.

    Example: icans-risk imaging scans.csv --out imaging/2026-05 --turnaround catalogue
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.imaging import measure_scans
    from icans_risk.workflow.kinds import Reading

    reading = Reading(
        turnaround=parse_turnaround(turnaround),
        time_zone=time_zone,
        workers=workers,
        memory_gib=memory,
        seconds=seconds,
    )
    summary = run_job(
        lambda progress: measure_scans(scans_file, out, reading=reading, progress=progress),
        json_file,
    )
    typer.echo(
        f"{summary['used']:,} of {summary['scans']:,} scans used, {summary['masks']:,} masks; "
        f"{summary['events']:,} events of {summary['episodes']:,} episodes."
    )
    show_lists(summary)
    if not summary["used"]:
        raise typer.Exit(NONE_USED)

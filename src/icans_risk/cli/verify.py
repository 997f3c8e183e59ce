"""``icans-risk verify``: a kept run is made again."""

from pathlib import Path
from typing import Annotated, Any

import typer

from icans_risk.cli.options import RUN, TRACKING_URI, WORKERS, JsonFile, TrackingUri, Workers

__all__ = ["verify"]

IS_DIFFERENT = 2


def verify(
    run: Annotated[str, typer.Argument(metavar="RUN", help=RUN)],
    study: Annotated[
        Path | None,
        typer.Option(
            metavar="STUDY.yaml", help="Where the study lies now.", show_default="where it lay"
        ),
    ] = None,
    retune: Annotated[
        bool, typer.Option("--retune", help="Search for settings again as well.")
    ] = False,
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
    workers: Workers = WORKERS,
) -> None:
    """Make a run again and hold it against what was kept; exit code 2 if it differs.

    Example: icans-risk verify 3f9c21aa
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.verify import DIFFERENT, verify_run

    told = run_job(
        lambda progress: verify_run(
            run,
            tracking_uri=tracking_uri,
            study_file=study,
            retune=retune,
            workers=workers,
            progress=progress,
        ),
        json_file,
    )
    _show(told)
    if told["verdict"] == DIFFERENT:
        raise typer.Exit(IS_DIFFERENT)


def _how_far(difference: float | None) -> str:
    shown = "absent on one side" if difference is None else f"{difference:.1e}"
    return f"greatest difference of a risk {shown}"


def _show(told: dict[str, Any]) -> None:
    from icans_risk.cli.terminal import console

    out = console()
    out.print(f"Run {told['run_id'][:8]}, study {told['study']}: {told['verdict']}.", markup=False)
    for landmark in told["landmarks"]:
        if not landmark["rows"]:
            out.print(f"  {landmark['landmark']}: other patients or outcomes.", markup=False)
            continue
        for name, difference in landmark["greatest"].items():
            out.print(f"  {landmark['landmark']} {name}: {_how_far(difference)}", markup=False)
        model = landmark["model"]
        if model["then"] != model["now"]:
            changed = f"the released model has other bytes, {_how_far(model['greatest'])}"
            out.print(f"  {landmark['landmark']}: {changed}", markup=False)
    for part in told["parts"]:
        out.print(f"{part['part']}: {part['sentence']}", markup=False)
    if not told["parts"]:
        out.print("Data, study, lock and code are what they were.", markup=False)
    if told["was_dirty"]:
        out.print("The run was made from files that no commit holds.", markup=False)

"""How every command runs its job: a bar while it works, and ``--json FILE`` if asked for."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from icans_risk.cli.terminal import terminal_progress
from icans_risk.workflow.files import check_folder, write_json
from icans_risk.workflow.progress import Progress

__all__ = ["run_job"]

Told = dict[str, Any]


def run_job(
    job: Callable[[Progress], Told],
    json_file: Path | None,
    *,
    also: Sequence[Path | None] = (),
    doing: str = "",
) -> Told:
    """Run a job under a progress bar, and write what it tells to a file if asked to.

    Parameters
    ----------
    job : callable
        Takes a ``Progress`` and returns plain data.
    json_file : Path, optional
        Its folder is looked for before the work and not after it.
    also : sequence of Path, optional
        Other files that the job will write: their folders are looked for as well.
    doing : str
        What the bar says of a job that has one stage and tells none.

    Returns
    -------
    dict
        What the job told.
    """
    for file in (json_file, *also):
        if file is not None:
            check_folder(file)
    with terminal_progress() as progress:
        if doing:
            progress.stage(doing, steps=None)
        told = job(progress)
    if json_file is not None:
        write_json(json_file, told)
    return told

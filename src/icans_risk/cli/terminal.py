"""The terminal: its width, and a progress bar behind the protocol that jobs know."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress

from icans_risk.workflow.progress import Progress

__all__ = ["console", "terminal_progress"]

LOG_WIDTH = 140


def console() -> Console:
    """Make a console for results; a log, which has no width of its own, gets a wide one."""
    out = Console(highlight=False, soft_wrap=True)
    if not out.is_terminal:
        out.width = LOG_WIDTH
    return out


class _Bar:
    def __init__(self, bar: RichProgress) -> None:
        self.bar, self.task = bar, bar.add_task("starting", total=None, note="")

    def stage(self, name: str, *, steps: int | None) -> None:
        self.bar.reset(self.task, description=name, total=steps, note="")

    def step(self) -> None:
        self.bar.advance(self.task)

    def at(self, step: int, note: str) -> None:
        self.bar.update(self.task, completed=step, note=note)

    def tell(self, sentence: str) -> None:
        self.bar.console.print(sentence, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def terminal_progress() -> Iterator[Progress]:
    """Show a progress bar on standard error while the block runs."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    err = Console(stderr=True)
    # A log has no use for a bar, not even for the empty line that it would leave.
    with RichProgress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield _Bar(bar)

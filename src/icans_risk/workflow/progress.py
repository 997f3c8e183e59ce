"""How a job says what it is doing, without knowing who listens."""

from typing import Protocol

__all__ = ["SILENT", "Progress"]


class Progress(Protocol):
    """Receives the stages of a job and their steps."""

    def stage(self, name: str, *, steps: int | None) -> None:
        """Begin a stage; None where nobody knows how many steps it takes."""

    def step(self) -> None:
        """Finish one step of the current stage."""

    def at(self, step: int, note: str) -> None:
        """Say how many steps are finished, and something to be read beside them."""

    def tell(self, sentence: str) -> None:
        """Say something that is to be read while the work goes on."""


class _Silent:
    def stage(self, name: str, *, steps: int | None) -> None:
        """Say nothing."""

    def step(self) -> None:
        """Say nothing."""

    def at(self, step: int, note: str) -> None:
        """Say nothing."""

    def tell(self, sentence: str) -> None:
        """Say nothing."""


SILENT: Progress = _Silent()

"""Kinds of raw files, and how they are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from icans_risk.catalogue import load_catalogue
from icans_risk.signals.reasons import Reason
from icans_risk.signals.tables import Turnaround

__all__ = ["Kind", "Reading"]

Listed = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Reading:
    """How raw files are read.

    Attributes
    ----------
    turnaround : float or "catalogue" or None
        Hours from the end of a recording to its result, where the table states no time.
    time_zone : str, optional
        For calendar times without an offset.
    workers : int, optional
        Processes; one for each processor by default. On Spark: tasks.
    memory_gib, seconds : float
        What each process may use, the latter for each file.
    spark : SparkSession, optional
        Runs the processes on a cluster; every node has to see the files at the same paths.
    """

    turnaround: float | Literal["catalogue"] | None = None
    time_zone: str | None = None
    workers: int | None = None
    memory_gib: float = 2.0
    seconds: float = 600.0
    spark: Any = None


@dataclass(frozen=True)
class Kind:
    """A kind of raw files, and who knows what about it.

    Attributes
    ----------
    one, many : str
        What a file is called, and several.
    task : str
        ``module:function`` of the workers.
    usual : str
        The analyte whose turnaround the catalogue's is.
    require : callable
        Refuses to begin where a library is missing.
    read : callable
        Table and folder to one row per file.
    job : callable
        Row to what a worker takes.
    events, measurements : callable
        Rows and judged results to tables.
    reasons, flags : mapping
        Why files are refused, and what is noticed.
    describe : callable
        Result to further columns of the list.
    count : callable
        Results used to further entries of the summary.
    page : callable
        List, events, kind of data and version to a page of HTML.
    """

    one: str
    many: str
    task: str
    usual: str
    require: Callable[[], None]
    read: Callable[[pd.DataFrame, Path], pd.DataFrame]
    job: Callable[[Mapping[str, Any]], dict[str, Any]]
    events: Callable[[pd.DataFrame, Listed, Turnaround], pd.DataFrame]
    measurements: Callable[[pd.DataFrame, Listed], pd.DataFrame]
    reasons: Mapping[str, Reason]
    flags: Mapping[str, str]
    describe: Callable[[Mapping[str, Any]], dict[str, Any]]
    count: Callable[[Listed], dict[str, float]]
    page: Callable[..., str]

    def policy(self, reading: Reading) -> Turnaround:
        """When a result is available that states no time."""
        if reading.turnaround == "catalogue":
            return Turnaround(load_catalogue()[self.usual].turnaround_hours)
        return Turnaround(reading.turnaround)

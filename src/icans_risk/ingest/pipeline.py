"""Chunks of raw results through the stages, each row kept, missing, or set aside with a reason."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from icans_risk.catalogue import load_catalogue
from icans_risk.errors import CohortError
from icans_risk.ingest.match import Habits, keep_reachable, match_episodes
from icans_risk.ingest.quality import ROWS_KEPT, QualityReport
from icans_risk.ingest.quarantine import Quarantine
from icans_risk.ingest.stages.availability import fill_availability
from icans_risk.ingest.stages.times import read_times
from icans_risk.ingest.stages.units import convert_units
from icans_risk.ingest.stages.values import parse_values
from icans_risk.study.handling import Handling

__all__ = ["Collected", "Stream", "collect"]

# Episodes are worked through in so many groups, so that only one is in memory uncoded.
GROUPS = 16
FEW_EPISODES = 50

# What is kept of each row; words are coded, because ten million of them are few different ones.
WORDS = (
    "file", "column", "episode_id", "site", "analyte", "unit_read", "assay", "ordered_as",
    "censored", "missing", "reason", "availability", "era",
)  # fmt: skip
NUMBERS: Mapping[str, pl.DataType] = {
    "row": pl.Int64(), "position": pl.UInt32(),
    "collected_h": pl.Float64(), "available_h": pl.Float64(), "value": pl.Float64(),
}  # fmt: skip
# A group without a result is a group all the same.
NOTHING = pl.Schema(dict.fromkeys(WORDS, pl.Categorical()) | dict(NUMBERS))


class Stream(NamedTuple):
    """One source of results: how it writes, and its chunks."""

    habits: Habits
    chunks: Iterable[pl.DataFrame]


@dataclass
class Collected:
    """All rows of all sources after the row-wise stages, by group of episodes.

    Attributes
    ----------
    groups : list of list of DataFrame
        Coded rows: ``WORDS`` and ``NUMBERS``.
    quarantine : Quarantine
        Raw cells of what was set aside.
    flags : dict of str to list of DataFrame
        File and row of times that were adjusted, by kind.
    """

    groups: list[list[pl.DataFrame]]
    quarantine: Quarantine = field(default_factory=Quarantine)
    flags: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    def select(self, *columns: str) -> pl.DataFrame:
        """Return some columns of all rows."""
        return pl.concat([part.select(columns) for group in self.groups for part in group])


def collect(
    streams: Iterable[Stream],
    infusions: pl.DataFrame,
    handling: Handling,
    *,
    quality: QualityReport,
    on_rows: Callable[[int], None] = lambda _: None,
) -> Collected:
    """Interpret every result of every source.

    What is wrong with a whole source is added to the report as an error, and the next
    source is read, so that one run lists all there is to mend.

    Parameters
    ----------
    streams : iterable of Stream
        The sources.
    infusions : DataFrame
        From ``read_infusions``.
    handling : Handling
        Decisions about what is left open.
    quality : QualityReport
        Receives what was noticed.
    on_rows : callable
        Told how many rows each chunk had.

    Returns
    -------
    Collected
        Every row of every source that could be read.
    """
    count = min(GROUPS, max(1, len(infusions) // FEW_EPISODES))
    collected = Collected([[NOTHING.to_frame()] for _ in range(count)])
    for stream in streams:
        try:
            for chunk in stream.chunks:
                frame = _interpret(chunk, infusions, stream.habits, handling=handling)
                collected.quarantine.take(frame)
                _keep(frame, collected, len(infusions))
                on_rows(len(chunk))
        except CohortError as error:
            quality.refuse(error)
    _note_flags(collected, quality)
    return collected


def _interpret(
    chunk: pl.DataFrame, infusions: pl.DataFrame, habits: Habits, *, handling: Handling
) -> pl.DataFrame:
    catalogue = load_catalogue()
    frame = match_episodes(chunk, infusions, habits)
    frame = parse_values(frame, habits, handling)
    frame = read_times(frame, habits, exported_at=handling.exported_at)
    frame = keep_reachable(frame, handling)
    frame = fill_availability(frame, handling, catalogue)
    frame = convert_units(frame, handling, catalogue)
    return frame.with_columns(era=_quarter())


def _quarter() -> pl.Expr:
    """Name the calendar quarter of the collection, where there is a calendar."""
    moment = pl.col("infused") + pl.duration(seconds=pl.col("collected_h") * 3600)
    return moment.dt.year().cast(pl.String) + "-Q" + moment.dt.quarter().cast(pl.String)


def _keep(frame: pl.DataFrame, collected: Collected, episodes: int) -> None:
    for name in ("dst_ambiguous", "clamped"):
        collected.flags.setdefault(name, []).append(frame.filter(name).select("file", "row"))
    coded = frame.select(
        *(pl.col(name).cast(pl.Categorical) for name in WORDS), *(pl.col(name) for name in NUMBERS)
    )
    count = len(collected.groups)
    group = (pl.col("position").fill_null(0).cast(pl.Int64) * count // max(episodes, 1)).alias(
        "group"
    )
    for (number,), part in coded.with_columns(group).group_by("group", maintain_order=True):
        collected.groups[int(str(number))].append(part.drop("group"))


def _note_flags(collected: Collected, quality: QualityReport) -> None:
    said = {
        "dst_ambiguous": (
            "A local time stands for two moments: clocks went back over it.",
            "The later moment was taken.",
        ),
        "clamped": (
            "A result was available up to five minutes before its sample was taken.",
            "Taken as available at collection.",
        ),
    }
    for code, frames in collected.flags.items():
        message, action = said[code]
        for (file,), rows in pl.concat(frames).group_by("file", maintain_order=True):
            quality.add(
                code, "note", rows["row"].head(ROWS_KEPT), count=len(rows),
                where=(str(file), "", ""), message=message, action=action,
            )  # fmt: skip

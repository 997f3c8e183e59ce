"""The tables that somebody asks about: cut into episodes before any of them is trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import pandas as pd

from icans_risk.cohort import EPISODES, EVENTS, GRADES, CellError, Cohort, Table
from icans_risk.errors import CohortError

__all__ = ["MOST_EPISODES", "MOST_ROWS", "RawTables", "Request", "Tables"]

MOST_EPISODES = 10_000
MOST_ROWS = 5_000_000

_TABLES = {"episodes": EPISODES, "events": EVENTS, "grades": GRADES}


class Tables(Protocol):
    """What can be scored: a cohort, or tables that are not one yet."""

    @property
    def episodes(self) -> pd.DataFrame:
        """One row per infusion, see ``EPISODES``."""

    @property
    def events(self) -> pd.DataFrame:
        """One row per value, see ``EVENTS``."""

    @property
    def grades(self) -> pd.DataFrame:
        """One row per assessment, see ``GRADES``."""


@dataclass(frozen=True, repr=False)
class RawTables:
    """Three tables as they came, nothing of them checked.

    Attributes
    ----------
    episodes, events, grades : DataFrame
        In the layouts ``EPISODES``, ``EVENTS``, ``GRADES``; times are hours since infusion.
    """

    episodes: pd.DataFrame
    events: pd.DataFrame
    grades: pd.DataFrame


@dataclass(frozen=True, repr=False)
class Request:
    """Tables whose rows each belong to one of the episodes that are asked about.

    Attributes
    ----------
    tables : RawTables
        Of the episodes that can be told apart.
    episode_ids : tuple of str
        Each once, in the order asked.
    nameless : tuple of str
        Rows of episodes without an identifier, by their position.
    notes : tuple of str
        What was left out, in words.
    """

    tables: RawTables
    episode_ids: tuple[str, ...]
    nameless: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, tables: Tables, *, most_episodes: int = MOST_EPISODES) -> Self:
        """Take tables in, or say why none of it can be scored.

        Raises
        ------
        CohortError
            If a table lacks a column, there is no episode, or there are too many rows.
        """
        given = {name: getattr(tables, name) for name in _TABLES}
        for name, table in _TABLES.items():
            _check_columns(given[name], table, name=name)
        _check_size(given, most_episodes=most_episodes)
        named = {name: _with_text_ids(frame) for name, frame in given.items()}
        has_id = named["episodes"]["episode_id"].notna()
        rows = [f"row {position} of episodes" for position in _positions(~has_id)]
        episodes = named["episodes"][has_id]
        ids = tuple(dict.fromkeys(episodes["episode_id"]))
        kept, notes = {"episodes": episodes}, []
        for name in ("events", "grades"):
            is_known = named[name]["episode_id"].isin(ids)
            kept[name] = named[name][is_known]
            if lost := int((~is_known).sum()):
                notes.append(
                    f"{lost} of {len(is_known)} rows of {name} name no episode that was asked "
                    "about and were left out."
                )
        return cls(RawTables(**kept), ids, tuple(rows), tuple(notes))

    def take(self, episode_ids: Sequence[str]) -> Self:
        """Return the same for some of the episodes."""
        wanted = set(episode_ids)
        parts = {}
        for name in _TABLES:
            frame = getattr(self.tables, name)
            parts[name] = frame[frame["episode_id"].isin(wanted)]
        return type(self)(RawTables(**parts), tuple(episode_ids))

    def cohort(self) -> Cohort:
        """Check every cell.

        Raises
        ------
        CohortError
            If one cannot be true.
        """
        return Cohort(self.tables.episodes, self.tables.events, self.tables.grades)

    def blame(self, error: CellError) -> dict[str, str]:
        """Return what each episode that owns such cells would have been told alone.

        Empty if they are of another table.
        """
        if error.table not in _TABLES:
            return {}
        ids = getattr(self.tables, error.table)["episode_id"].reset_index(drop=True)
        own = ids.groupby(ids, sort=False).cumcount()[error.rows]
        return {
            str(name): str(CellError(error.where, error.expected, positions.tolist()))
            for name, positions in own.groupby(ids[error.rows], sort=False)
        }


def _check_columns(frame: pd.DataFrame, table: Table, *, name: str) -> None:
    absent = [c for c, column in table.items() if column.required and c not in frame]
    if absent:
        # Names of columns that came are not repeated: they may hold what a header should not.
        raise CohortError(
            f"{name} needs the columns {absent}, which are absent among {frame.shape[1]} columns. "
            "Add them, or map other columns to these names."
        )


def _check_size(given: dict[str, pd.DataFrame], *, most_episodes: int) -> None:
    asked = len(given["episodes"])
    if not 0 < asked <= most_episodes:
        raise CohortError(
            f"expected 1 to {most_episodes} episodes at once, got {asked}. Score fewer at a time, "
            "or allow more."
        )
    for name in ("events", "grades"):
        if len(given[name]) > MOST_ROWS:
            raise CohortError(
                f"expected at most {MOST_ROWS} rows of {name} at once, got {len(given[name])}. "
                "Score fewer episodes at a time."
            )


def _with_text_ids(frame: pd.DataFrame) -> pd.DataFrame:
    ids = frame["episode_id"]
    text = ids.astype("str").where(ids.notna(), None)
    return frame.assign(episode_id=text).reset_index(drop=True)


def _positions(wanted: pd.Series) -> list[int]:
    return [int(position) for position in wanted.to_numpy().nonzero()[0]]

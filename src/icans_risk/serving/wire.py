"""Patients as a scoring server gets them: one row for each episode, its tables as JSON text.

Text, because a server that was given typed columns repeats a cell that does not fit in its own
error message. Here every row is read by itself, and what cannot be read costs its own answer only.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from icans_risk.cohort import EPISODES, EVENTS, GRADES, DataKind, Table
from icans_risk.errors import CohortError
from icans_risk.serving.records import to_arrow
from icans_risk.serving.request import RawTables
from icans_risk.serving.scoring import score
from icans_risk.serving.served import ServedModel

__all__ = ["WIRE_COLUMNS", "complete_table", "example_row", "score_rows", "wire_rows"]

WIRE_COLUMNS = ("episode", "events", "grades")
MOST_ROWS = 10_000
# Of one patient: a value every five minutes for a month is 2 MB.
MOST_CHARACTERS = 16 * 2**20

_FLAGS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}


def score_rows(
    rows: pd.DataFrame, models: Sequence[ServedModel], *, data_kind: DataKind
) -> list[dict[str, Any]]:
    """Score patients that came as JSON text.

    Parameters
    ----------
    rows : DataFrame
        ``WIRE_COLUMNS``, one row for each episode: a JSON object, and two JSON lists of
        objects whose ``episode_id`` is the episode's, whatever they say.
    models : sequence of ServedModel
        Of different landmarks.
    data_kind : {"real", "synthetic"}
        Whether patients stand behind the rows.

    Returns
    -------
    list of dict
        Records in the layout of ``records.SCHEMA``, strict JSON values.

    Raises
    ------
    CohortError
        If a column is absent, or there are no rows or too many; no cell is repeated.
    """
    absent = [name for name in WIRE_COLUMNS if name not in rows]
    if absent or not 0 < len(rows) <= MOST_ROWS:
        raise CohortError(
            f"expected 1 to {MOST_ROWS} rows with the columns {list(WIRE_COLUMNS)}, got "
            f"{len(rows)} rows without {absent}. Send JSON text in each."
        )
    static = {name: None for model in models for name in model.specification.static}
    episodes: list[dict[str, Any]] = []
    parts: dict[str, list[dict[str, Any]]] = {"events": [], "grades": []}
    for row in rows[list(WIRE_COLUMNS)].to_dict("records"):
        try:
            episode = _read(row["episode"], dict)
            own = {name: _of_episode(row[name], episode) for name in parts}
        except (ValueError, TypeError, RecursionError):
            # It gets no name of its own, and with it the answer that it cannot be read.
            episode, own = {}, {"events": [], "grades": []}
        episodes.append(static | episode)
        for name, found in own.items():
            parts[name] += found
    tables = RawTables(
        complete_table(pd.DataFrame(episodes), EPISODES),
        complete_table(pd.DataFrame(parts["events"]), EVENTS),
        complete_table(pd.DataFrame(parts["grades"]), GRADES),
    )
    scored = score(tables, models, data_kind=data_kind, most_episodes=MOST_ROWS)
    records: list[dict[str, Any]] = to_arrow(scored).to_pylist()
    return records


def wire_rows(tables: RawTables) -> pd.DataFrame:
    """Write tables as a scoring server takes them, one row for each episode.

    Parameters
    ----------
    tables : RawTables or Cohort
        Values that JSON can hold.

    Returns
    -------
    DataFrame
        ``WIRE_COLUMNS``.
    """
    own = {
        name: dict(tuple(getattr(tables, name).groupby("episode_id")))
        for name in ("events", "grades")
    }
    rows = []
    for episode in _plain(tables.episodes):
        of_episode = {
            name: json.dumps(_plain(found[episode["episode_id"]]))
            if episode["episode_id"] in found
            else "[]"
            for name, found in own.items()
        }
        rows.append({"episode": json.dumps(episode), **of_episode})
    return pd.DataFrame(rows, columns=list(WIRE_COLUMNS))


def example_row(model: ServedModel) -> pd.DataFrame:
    """Make up a patient, to show what a server takes; nobody's values are in it."""
    episode = dict.fromkeys(model.specification.static) | {
        "episode_id": "SYNTHETIC-EXAMPLE",
        "patient_id": "SYNTHETIC-EXAMPLE",
        "followed_until_h": model.landmark_h,
    }
    events = []
    for name in model.specification.analytes[:3]:
        modality, _, analyte = name.partition(".")
        events.append(
            {
                "modality": modality,
                "analyte": analyte,
                "collected_h": model.landmark_h - 12.0,
                "available_h": model.landmark_h - 6.0,
                "value": 1.0,
                "censored": "",
                "ordered_as": "protocol",
                "assay": "",
                "version": 1.0,
            }
        )
    row = {"episode": json.dumps(episode), "events": json.dumps(events), "grades": "[]"}
    return pd.DataFrame([row], columns=list(WIRE_COLUMNS))


def complete_table(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Add what a table must have and text cannot say: absent columns, empty words, flags.

    Parameters
    ----------
    frame : DataFrame
        As it was read from text.
    table : mapping of str to Column
        The contract.

    Returns
    -------
    DataFrame
        With every required column, an absent one left empty.
    """
    required = [name for name, column in table.items() if column.required]
    whole = frame.reindex(columns=list(dict.fromkeys([*frame.columns, *required])))
    return whole.assign(**_mended(whole, table))


def _mended(frame: pd.DataFrame, table: Table) -> Mapping[str, pd.Series]:
    mended = {}
    for name, column in table.items():
        if name not in frame:
            continue
        is_word = column.kind == "text" and not column.nullable and not name.endswith("_id")
        if is_word and ("" in column.values or name == "assay"):
            mended[name] = frame[name].astype(object).where(frame[name].notna(), "")
        elif column.kind == "flag":
            words = frame[name].astype("str").str.lower()
            mended[name] = words.map(_FLAGS).where(words.isin(list(_FLAGS)), frame[name])
    return mended


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    whole = table.astype(object).where(table.notna(), None)
    return [{str(name): cell for name, cell in row.items()} for row in whole.to_dict("records")]


def _of_episode(text: Any, episode: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = _read(text, list)
    return [dict(row) | {"episode_id": episode.get("episode_id")} for row in rows]


def _read(text: Any, kind: type) -> Any:
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise TypeError
    found = json.loads(text, parse_constant=_refuse)
    if not isinstance(found, kind):
        raise TypeError
    return found


def _refuse(_: str) -> None:
    raise ValueError

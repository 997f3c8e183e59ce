"""Patients as a scoring server gets them: one row for each episode, its tables as JSON text.

Text, because a server that was given typed columns repeats a cell that does not fit in its own
error message. Here every row is read by itself (``cells.py``), and what cannot be read costs its
own answer only.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from icans_risk.cohort import EPISODES, EVENTS, GRADES, LOCAL_ROUTES, DataKind, Table
from icans_risk.errors import CohortError
from icans_risk.serving.cells import FLAGS, read_json, settle_cells
from icans_risk.serving.records import to_arrow, unreadable_record
from icans_risk.serving.request import RawTables
from icans_risk.serving.scoring import score
from icans_risk.serving.served import ServedModel

__all__ = ["WIRE_COLUMNS", "complete_table", "example_row", "score_rows", "wire_rows"]

WIRE_COLUMNS = ("episode", "events", "grades")
MOST_ROWS = 10_000

_PARTS = {"events": EVENTS, "grades": GRADES}
# The row says whose they are, whatever stands in them.
_OF_PARTS = {
    name: {key: column for key, column in table.items() if key != "episode_id"}
    for name, table in _PARTS.items()
}


@dataclass(frozen=True, repr=False)
class _Row:
    """One patient as he came: his identifier or position, his cells, or why there are none."""

    name: str
    episode: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    reason: str = ""


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
        Records in the layout of ``records.SCHEMA``, strict JSON values: one for each row, in
        the order of the rows, model by model.

    Raises
    ------
    CohortError
        If a column is absent or stands twice, or there are no rows or too many; no cell is
        repeated.
    """
    absent = [name for name in WIRE_COLUMNS if list(rows.columns).count(name) != 1]
    if absent or not 0 < len(rows) <= MOST_ROWS:
        raise CohortError(
            f"expected 1 to {MOST_ROWS} rows with the columns {list(WIRE_COLUMNS)}, got "
            f"{len(rows)} rows without {absent}. Send JSON text in each, each column once."
        )
    static: dict[str, None] = dict.fromkeys(
        name for model in models for name in model.specification.static
    )
    cells = rows[list(WIRE_COLUMNS)].to_dict("records")
    found = _tell_apart([_read_row(row, place, static=static) for place, row in enumerate(cells)])
    readable = [row for row in found if not row.reason]
    told = _score(readable, models, data_kind=data_kind, static=static) if readable else {}
    return [
        told[row.name, model.landmark_h]
        if not row.reason
        else unreadable_record(model, row.name, row.reason)
        for model in models
        for row in found
    ]


def _read_row(row: Mapping[Any, Any], place: int, *, static: dict[str, None]) -> _Row:
    name = f"row {place} of episodes"
    try:
        raw = read_json(row["episode"], dict, where="episode")
        key = settle_cells(raw, {"episode_id": EPISODES["episode_id"]}, where="episode")
        if not key.get("episode_id"):
            raise CohortError("episode.episode_id must be filled.")
        name = key["episode_id"]
        episode = settle_cells(raw, {**static, **EPISODES}, where="episode")
        if episode.get("cns_tumour") is None:
            # Somebody else's flag makes a column of it, in which nobody's may be empty.
            episode["cns_tumour"] = episode.get("delivery_route") in LOCAL_ROUTES
        parts = {}
        for part, table in _OF_PARTS.items():
            given = read_json(row[part], list, where=part)
            parts[part] = [
                {"episode_id": name} | settle_cells(cells, table, where=f"{part}[{at}]")
                for at, cells in enumerate(given)
            ]
    except CohortError as error:
        return _Row(name, reason=str(error))
    return _Row(name, episode, parts)


def _tell_apart(rows: Sequence[_Row]) -> list[_Row]:
    """Refuse rows that share an identifier: whose values are whose could not be said."""
    times = Counter(row.name for row in rows)
    reason = "episode.episode_id must be unique. Ask about each episode once."
    return [replace(row, reason=reason) if times[row.name] > 1 else row for row in rows]


def _score(
    rows: Sequence[_Row],
    models: Sequence[ServedModel],
    *,
    data_kind: DataKind,
    static: dict[str, None],
) -> dict[tuple[str, float], dict[str, Any]]:
    parts = {name: [cells for row in rows for cells in row.parts[name]] for name in _PARTS}
    tables = RawTables(
        complete_table(pd.DataFrame([{**static, **row.episode} for row in rows]), EPISODES),
        complete_table(pd.DataFrame(parts["events"]), EVENTS),
        complete_table(pd.DataFrame(parts["grades"]), GRADES),
    )
    scored = score(tables, models, data_kind=data_kind, most_episodes=MOST_ROWS)
    records = to_arrow(scored).to_pylist()
    return {(record["episode_id"], record["landmark_h"]): record for record in records}


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
    own = {}
    for name in _PARTS:
        frame = getattr(tables, name)
        ids = frame["episode_id"]
        # The row says whose they are, and a server's limit counts every byte.
        own[name] = dict(tuple(frame.drop(columns="episode_id").groupby(ids)))
    rows = []
    for episode in _plain(tables.episodes):
        of_episode = {
            name: _text(_plain(found[episode["episode_id"]]))
            if episode["episode_id"] in found
            else "[]"
            for name, found in own.items()
        }
        rows.append({"episode": _text(episode), **of_episode})
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
            mended[name] = words.map(FLAGS).where(words.isin(list(FLAGS)), frame[name])
    return mended


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    whole = table.astype(object).where(table.notna(), None)
    return [{str(name): cell for name, cell in row.items()} for row in whole.to_dict("records")]

"""An answer as one record with everything that belongs to it: for files, servers and Spark."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from icans_risk.serving.scored import Scored
from icans_risk.serving.served import ServedModel
from icans_risk.serving.statuses import SENTENCES, UNREADABLE

__all__ = ["LABELS", "SCHEMA", "label_of", "to_arrow", "unreadable_record"]

# What must stand beside a number wherever it goes.
LABELS: Mapping[bool, str] = {
    True: "From a model fitted on SYNTHETIC patients: says nothing about real ones.",
    False: "Research use only; no advice.",
}


def _lists_of(**fields: pa.DataType) -> pa.DataType:
    return pa.list_(pa.struct([pa.field(name, kind) for name, kind in fields.items()]))


_TEXT, _NUMBER = pa.string(), pa.float64()
_NESTED = {
    "contributions": _lists_of(column=_TEXT, contribution_logit=_NUMBER),
    "folded": _lists_of(analyte=_TEXT, contribution_logit=_NUMBER),
    "inputs": _lists_of(
        modality=_TEXT,
        analyte=_TEXT,
        collected_h=_NUMBER,
        available_h=_NUMBER,
        value=_NUMBER,
        after_treatment=pa.bool_(),
    ),
    "missing": _lists_of(analyte=_TEXT, columns_missing=pa.int64(), columns=pa.int64()),
}
_KEY = ["episode_id", "landmark_h"]

SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("episode_id", _TEXT, nullable=False),
        pa.field("landmark_h", _NUMBER, nullable=False),
        pa.field("status", _TEXT, nullable=False),
        pa.field("risk", _NUMBER),
        pa.field("risk_low", _NUMBER),
        pa.field("risk_high", _NUMBER),
        pa.field("model", _TEXT, nullable=False),
        pa.field("reasons", _TEXT),
        pa.field("reason", _TEXT),
        pa.field("venn_abers_low", _NUMBER),
        pa.field("venn_abers_high", _NUMBER),
        pa.field("trained_on", _TEXT, nullable=False),
        pa.field("known_until_h", _NUMBER),
        *(pa.field(name, kind) for name, kind in _NESTED.items()),
    ]
)


def label_of(scored: Scored) -> str:
    """Return the sentence that goes with the numbers of a scoring."""
    return LABELS[scored.is_synthetic]


def to_arrow(scored: Scored) -> pa.Table:
    """Write one record per prediction, with its contributions, inputs and missing values.

    Parameters
    ----------
    scored : Scored
        From ``score``.

    Returns
    -------
    pyarrow.Table
        In the layout ``SCHEMA``; a number that is not there is null.
    """
    columns: dict[str, Any] = {}
    for field in SCHEMA:
        if field.name in _NESTED:
            table = getattr(scored, field.name)
            columns[field.name] = _nest(table, scored.predictions, kind=field.type)
        else:
            columns[field.name] = pa.array(
                scored.predictions[field.name], field.type, from_pandas=True
            )
    return pa.table(columns, schema=SCHEMA)


def unreadable_record(served: ServedModel, name: str, reason: str) -> dict[str, Any]:
    """Write the record of an episode whose rows cannot be read.

    Parameters
    ----------
    served : ServedModel
        Who was asked.
    name : str
        The episode's identifier, or its position.
    reason : str
        Why, without a cell.

    Returns
    -------
    dict
        In the layout ``SCHEMA``, as ``score`` would have it.
    """
    return (
        dict.fromkeys(SCHEMA.names)
        | {name: [] for name in _NESTED}
        | {
            "episode_id": name,
            "landmark_h": served.landmark_h,
            "status": UNREADABLE,
            "model": served.identity,
            "reasons": UNREADABLE,
            "reason": f"{SENTENCES[UNREADABLE]} {reason}",
            "trained_on": served.facts["data_kind"],
        }
    )


def _nest(table: pd.DataFrame, predictions: pd.DataFrame, *, kind: pa.DataType) -> pa.Array:
    """Give each prediction its rows of a long table, in the order of the table."""
    names = [field.name for field in kind.value_type]
    own: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for *key, cells in zip(
        *(table[name].tolist() for name in _KEY),
        zip(*(table[name].tolist() for name in names), strict=True),
        strict=True,
    ):
        own.setdefault(tuple(key), []).append(dict(zip(names, cells, strict=True)))
    keys = zip(*(predictions[name] for name in _KEY), strict=True)
    return pa.array([own.get(key, []) for key in keys], kind)

"""From a scoring to the entries of a ledger."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from icans_risk.cohort import DataKind
from icans_risk.errors import LedgerError
from icans_risk.serving.ledger import append_entries
from icans_risk.serving.ledger_lines import Head
from icans_risk.serving.scored import Scored
from icans_risk.serving.served import ServedModel

__all__ = ["append_predictions"]

_NUMBERS = ("risk", "risk_low", "risk_high", "known_until_h")
_ASKED = ("endpoint", "scale", "horizon_h", "end_of_observation")


def append_predictions(
    file: Path,
    scored: Scored,
    models: Sequence[ServedModel],
    *,
    data_cutoff: datetime,
    data_kind: DataKind,
    now: datetime | None = None,
) -> Head:
    """Write every prediction of a scoring to a ledger, abstentions too.

    Parameters
    ----------
    file : Path
        The ledger.
    scored : Scored
        From ``score``.
    models : sequence of ServedModel
        That it was scored by.
    data_cutoff : datetime
        Up to when the data reach, with its time zone.
    data_kind : {"real", "synthetic"}
        Whether patients stand behind them.
    now : datetime, optional
        By default the clock's.

    Returns
    -------
    Head
        To be noted elsewhere.

    Raises
    ------
    LedgerError
        If the data reach beyond now, or the ledger cannot be written to.
    """
    moment = datetime.now(UTC) if now is None else now
    if data_cutoff.tzinfo is None or data_cutoff > moment:
        raise LedgerError(
            "the data's cut-off must have a time zone and lie in the past, it does not. Give the "
            "time at which they were extracted, such as 2026-05-04T07:00+02:00."
        )
    question = {m.identity: {name: m.facts.get(name) for name in _ASKED} for m in models}
    entries: list[dict[str, Any]] = []
    for row in scored.predictions.to_dict("records"):
        numbers = {name: None if pd.isna(row[name]) else float(row[name]) for name in _NUMBERS}
        entries.append(
            {
                "kind": "prediction",
                "episode_id": row["episode_id"],
                "landmark_h": float(row["landmark_h"]),
                "status": row["status"],
                **numbers,
                "model": row["model"],
                "trained_on": row["trained_on"],
                "data_kind": data_kind,
                "data_cutoff": data_cutoff.astimezone(UTC).isoformat(),
                **question[row["model"]],
            }
        )
    return append_entries(file, entries, now=now)

"""The table of recordings: whose they are, when they began, why they were ordered."""

from pathlib import Path

import numpy as np
import pandas as pd

from icans_risk.signals.tables import (
    checksums,
    filled,
    need_columns,
    numbers,
    orders,
    refuse_cells,
)

__all__ = ["read_readings", "read_recordings"]

_PAGE = "docs/eeg.md"


def read_recordings(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Read a table of recordings.

    Parameters
    ----------
    table : DataFrame of str
        ``file``, ``episode_id`` and ``started_h`` (hours since infusion); ``available_h``,
        ``ordered_as`` and ``sha256`` may be there. Other columns are not looked at.
    folder : Path
        What the names of files are relative to.

    Returns
    -------
    DataFrame
        ``row`` (as a spreadsheet counts), ``path``, ``episode_id``, ``started_h``,
        ``available_h`` (NaN where not stated), ``ordered_as`` and ``sha256`` (or empty).

    Raises
    ------
    SignalError
        If a column is missing, or cells are empty, no numbers or not of the vocabulary. Rows
        are named, their content never.
    """
    need_columns(table, ("file", "episode_id", "started_h"), page=_PAGE)
    names = filled(table, "file")
    refuse_cells(names.duplicated(), "file", "must name each file once")
    return pd.DataFrame(
        {
            "row": np.arange(len(table)) + 2,
            "path": [str(folder / name) for name in names],
            "episode_id": filled(table, "episode_id"),
            "started_h": numbers(table, "started_h", may_be_empty=False),
            "available_h": numbers(table, "available_h", may_be_empty=True),
            "ordered_as": orders(table),
            "sha256": checksums(table),
        }
    ).reset_index(drop=True)


def read_readings(table: pd.DataFrame) -> pd.DataFrame:
    """Read whose the visual findings are, and when they were made.

    Parameters
    ----------
    table : DataFrame of str
        ``episode_id`` and ``collected_h``; ``available_h`` and ``ordered_as`` may be there.

    Returns
    -------
    DataFrame
        ``episode_id``, ``collected_h``, ``available_h`` (NaN where not stated), ``ordered_as``.

    Raises
    ------
    SignalError
        As for ``read_recordings``.
    """
    need_columns(table, ("episode_id", "collected_h"), page=_PAGE)
    readings = pd.DataFrame(
        {
            "episode_id": filled(table, "episode_id"),
            "collected_h": numbers(table, "collected_h", may_be_empty=False),
            "available_h": numbers(table, "available_h", may_be_empty=True),
            "ordered_as": orders(table),
        }
    ).reset_index(drop=True)
    early = readings["available_h"] < readings["collected_h"]
    refuse_cells(early, "available_h", "must not precede collected_h")
    return readings

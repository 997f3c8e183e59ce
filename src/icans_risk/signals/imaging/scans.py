"""The table of scans: whose they are, when they were made, why they were ordered, their masks."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.signals.imaging.measure import MASKS
from icans_risk.signals.tables import (
    checksums,
    filled,
    need_columns,
    numbers,
    orders,
    refuse_cells,
    texts,
)

__all__ = ["SEQUENCES", "read_scans"]

SEQUENCES = ("t1", "t1ce", "t2", "flair", "dwi", "adc", "swi", "ct", "pet", "unknown")
# A file, and behind it the labels that are meant: ``labels.nii.gz#1+4``.
_MASK = re.compile(r"(?P<file>.*?)(?:#(?P<labels>[0-9]+(?:\+[0-9]+)*))?")
_HALF = re.compile(r"#[0-9+]*$")
_MOST_LABEL = 2**31


def read_scans(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Read a table of scans.

    Parameters
    ----------
    table : DataFrame of str
        ``file``, ``episode_id`` and ``scanned_h`` (hours since infusion); ``available_h``,
        ``ordered_as``, ``sequence``, ``sha256`` and a column for each of ``MASKS`` may be
        there. Other columns are not looked at.
    folder : Path
        What the names of files are relative to.

    Returns
    -------
    DataFrame
        ``row`` (as a spreadsheet counts), ``path``, ``masks`` (name to path and labels),
        ``sequence``, ``episode_id``, ``started_h`` (when it was scanned), ``available_h``
        (NaN where not stated), ``ordered_as`` and ``sha256`` (or empty).

    Raises
    ------
    SignalError
        If a column is missing, or cells are empty, no numbers or not of the vocabulary. Rows
        are named, their content never.
    """
    need_columns(table, ("file", "episode_id", "scanned_h"), page="docs/imaging.md")
    names = filled(table, "file")
    refuse_cells(names.duplicated(), "file", "must name each file once")
    sequences = texts(table, "sequence").str.lower().replace("", "unknown")
    must = f"must be one of {list(SEQUENCES)} or empty"
    refuse_cells(~sequences.isin(SEQUENCES), "sequence", must)
    return pd.DataFrame(
        {
            "row": np.arange(len(table)) + 2,
            "path": [str(folder / name) for name in names],
            "masks": _masks(table, folder),
            "sequence": sequences,
            "episode_id": filled(table, "episode_id"),
            "started_h": numbers(table, "scanned_h", may_be_empty=False),
            "available_h": numbers(table, "available_h", may_be_empty=True),
            "ordered_as": orders(table),
            "sha256": checksums(table),
        }
    ).reset_index(drop=True)


def _masks(table: pd.DataFrame, folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{} for _ in range(len(table))]
    for name in MASKS:
        cells = texts(table, name)
        matches = [_MASK.fullmatch(cell) for cell in cells]
        labels = [_labels(match) for match in matches]
        wrong = [
            match is None or not _is_file(match["file"]) or max(found, default=1) >= _MOST_LABEL
            for match, found in zip(matches, labels, strict=True)
        ]
        is_given = cells != ""
        must = "must be empty or a file, and labels behind it as in labels.nii.gz#1+4"
        refuse_cells(is_given & pd.Series(wrong, index=cells.index), name, must)
        for row, match, found in zip(rows, matches, labels, strict=True):
            if match is not None and match["file"]:
                row[name] = {"path": str(folder / match["file"]), "labels": found}
    return rows


def _is_file(name: str) -> bool:
    """Say whether something is left of a cell without its labels, and no half of labels."""
    return bool(name) and not _HALF.search(name)


def _labels(match: re.Match[str] | None) -> list[int]:
    if match is None or match["labels"] is None:
        return []
    return [int(label) for label in match["labels"].split("+")]

"""The table of recordings: whose they are, when they began, why they were ordered."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.cohort import ORDERED_AS
from icans_risk.errors import SignalError

__all__ = ["Turnaround", "read_readings", "read_recordings"]

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_CHECKSUM = "[0-9a-f]{64}"


@dataclass(frozen=True)
class Turnaround:
    """How a time of availability is found where none is stated.

    Attributes
    ----------
    hours : float or None
        After the end of what was measured; None where no policy is named.
    """

    hours: float | None

    def check(self, available_h: pd.Series) -> None:
        """Refuse a table that leaves times open which no policy fills.

        Raises
        ------
        SignalError
            If there are such rows.
        """
        open_rows = np.flatnonzero(available_h.isna())
        if open_rows.size and self.hours is None:
            raise SignalError(
                f"available_h must be stated, {open_rows.size} rows have none (rows "
                f"{_rows(open_rows)}): when could a clinician read the result? Add the column, or "
                "name a policy with --turnaround."
            )

    def fill(self, available_h: float, collected_h: float) -> float:
        """Return when a result was available, by the table or by the policy."""
        if np.isnan(available_h):
            return collected_h + float(self.hours or 0.0)
        return available_h


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
    _need_columns(table, ("file", "episode_id", "started_h"))
    names = _filled(table, "file")
    _refuse(names.duplicated(), "file", "must name each file once")
    checksums = _texts(table, "sha256").str.lower()
    wrong = (checksums != "") & ~checksums.str.fullmatch(_CHECKSUM)
    _refuse(wrong, "sha256", "must be 64 hexadecimal digits or empty")
    return pd.DataFrame(
        {
            "row": np.arange(len(table)) + 2,
            "path": [str(folder / name) for name in names],
            "episode_id": _filled(table, "episode_id"),
            "started_h": _numbers(table, "started_h", may_be_empty=False),
            "available_h": _numbers(table, "available_h", may_be_empty=True),
            "ordered_as": _orders(table),
            "sha256": checksums,
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
    _need_columns(table, ("episode_id", "collected_h"))
    readings = pd.DataFrame(
        {
            "episode_id": _filled(table, "episode_id"),
            "collected_h": _numbers(table, "collected_h", may_be_empty=False),
            "available_h": _numbers(table, "available_h", may_be_empty=True),
            "ordered_as": _orders(table),
        }
    ).reset_index(drop=True)
    early = readings["available_h"] < readings["collected_h"]
    _refuse(early, "available_h", "must not precede collected_h")
    return readings


def _need_columns(table: pd.DataFrame, needed: tuple[str, ...]) -> None:
    absent = [name for name in needed if name not in table]
    if absent:
        raise SignalError(
            f"A table of recordings needs the columns {list(needed)}, {absent} are not there among "
            f"its {table.shape[1]}. Add them; docs/eeg.md has an example."
        )
    if table.empty:
        raise SignalError("A table of recordings needs at least one row, got none.")


def _texts(table: pd.DataFrame, name: str) -> pd.Series:
    """Return the cells of a column without blanks around them; empty where there is nothing."""
    if name not in table:
        return pd.Series("", index=table.index)
    return table[name].astype("str").where(table[name].notna(), "").str.strip()


def _filled(table: pd.DataFrame, name: str) -> pd.Series:
    text = _texts(table, name)
    _refuse(text == "", name, "must be filled")
    return text


def _numbers(table: pd.DataFrame, name: str, *, may_be_empty: bool) -> NDArray[np.float64]:
    text = _texts(table, name)
    is_number = text.str.fullmatch(_NUMBER)
    allowed = is_number | (text == "") if may_be_empty else is_number
    _refuse(~allowed, name, "must be hours since infusion, such as -26.5")
    return np.asarray(text.where(is_number, "nan").astype("float64"), dtype=np.float64)


def _orders(table: pd.DataFrame) -> pd.Series:
    text = _texts(table, "ordered_as").replace("", "unknown")
    _refuse(~text.isin(ORDERED_AS), "ordered_as", f"must be one of {list(ORDERED_AS)} or empty")
    return text


def _refuse(bad: pd.Series, column: str, must: str) -> None:
    rows = np.flatnonzero(bad.to_numpy(dtype=np.bool_))
    if rows.size:
        raise SignalError(
            f"{column} {must}; {rows.size} cells are not (rows {_rows(rows)}). Correct the table."
        )


def _rows(positions: NDArray[np.intp]) -> str:
    shown = ", ".join(str(position + 2) for position in positions[:10])
    return shown + (f" and {positions.size - 10} more" if positions.size > 10 else "")

"""The tables that list recordings: whose they are, when they were made, why they were ordered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.cohort import ORDERED_AS
from icans_risk.errors import SignalError

__all__ = [
    "Turnaround",
    "checksums",
    "filled",
    "need_columns",
    "numbers",
    "orders",
    "refuse_cells",
    "texts",
]  # fmt: skip

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


def need_columns(table: pd.DataFrame, needed: Sequence[str], *, page: str) -> None:
    """Refuse a table without rows, or without one of the columns that it needs."""
    absent = [name for name in needed if name not in table]
    if absent:
        raise SignalError(
            f"A table of recordings needs the columns {list(needed)}, {absent} are not there among "
            f"its {table.shape[1]}. Add them; {page} has an example."
        )
    if table.empty:
        raise SignalError("A table of recordings needs at least one row, got none.")


def texts(table: pd.DataFrame, name: str) -> pd.Series:
    """Return the cells of a column without blanks around them; empty where there is nothing."""
    if name not in table:
        return pd.Series("", index=table.index)
    return table[name].astype("str").where(table[name].notna(), "").str.strip()


def filled(table: pd.DataFrame, name: str) -> pd.Series:
    """Return the cells of a column, none of which may be empty."""
    text = texts(table, name)
    refuse_cells(text == "", name, "must be filled")
    return text


def numbers(table: pd.DataFrame, name: str, *, may_be_empty: bool) -> NDArray[np.float64]:
    """Return the hours of a column; NaN where a cell may be empty and is."""
    text = texts(table, name)
    is_number = text.str.fullmatch(_NUMBER)
    allowed = is_number | (text == "") if may_be_empty else is_number
    refuse_cells(~allowed, name, "must be hours since infusion, such as -26.5")
    return np.asarray(text.where(is_number, "nan").astype("float64"), dtype=np.float64)


def orders(table: pd.DataFrame) -> pd.Series:
    """Return why each recording was ordered; unknown where nobody says."""
    text = texts(table, "ordered_as").replace("", "unknown")
    refuse_cells(
        ~text.isin(ORDERED_AS), "ordered_as", f"must be one of {list(ORDERED_AS)} or empty"
    )
    return text


def checksums(table: pd.DataFrame) -> pd.Series:
    """Return the checksums that a table states, in lower case; empty where it states none."""
    text = texts(table, "sha256").str.lower()
    wrong = (text != "") & ~text.str.fullmatch(_CHECKSUM)
    refuse_cells(wrong, "sha256", "must be 64 hexadecimal digits or empty")
    return text


def refuse_cells(bad: pd.Series, column: str, must: str) -> None:
    """Refuse a column of which some cells are wrong, by their rows and never by their content."""
    rows = np.flatnonzero(bad.to_numpy(dtype=np.bool_))
    if rows.size:
        raise SignalError(
            f"{column} {must}; {rows.size} cells are not (rows {_rows(rows)}). Correct the table."
        )


def _rows(positions: NDArray[np.intp]) -> str:
    shown = ", ".join(str(position + 2) for position in positions[:10])
    return shown + (f" and {positions.size - 10} more" if positions.size > 10 else "")

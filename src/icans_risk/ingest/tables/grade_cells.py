"""Cells that hold a grade or a score of toxicity."""

import numpy as np
import pandas as pd

from icans_risk.cohort import SCALES
from icans_risk.ingest.files.raw_table import RawTable, parse_integers, parse_numbers
from icans_risk.study.daily import HalfRule, Scale, ScaleColumn
from icans_risk.study.tables import Decimal

__all__ = ["CRS_EVENT", "GRADE_LIMITS", "parse_grades", "parse_scales"]

CRS_EVENT = "clinical.crs_grade"

# What may stand in the grades table, and the lowest and highest value that can be true.
GRADE_LIMITS = {
    "icans_grade": (0, 5),
    "crs_grade": (0, 5),
    "tian_grade": (0, 5),
    "ice_total": (0, 10),
    "capd_total": (0, 32),
}


def parse_grades(
    table: RawTable, column: str, *, grade: str, half: HalfRule, decimal: Decimal = "point"
) -> pd.Series:
    """Parse a column of grades or scores.

    Parameters
    ----------
    table, column : RawTable, str
        Where they stand.
    grade : str
        A key of ``GRADE_LIMITS``.
    half : {"ceil", "floor", "strict"}
        Where a half grade goes, the mean of two raters; strict refuses it.
    decimal : {"point", "comma"}
        The decimal sign of numbers that are written as text.

    Returns
    -------
    Series of float64
        Indexed like the table; NaN where the cell is empty.

    Raises
    ------
    CohortError
        If a cell holds anything else.
    """
    low, high = GRADE_LIMITS[grade]
    expected = f"whole {'grades' if grade.endswith('grade') else 'scores'} from {low} to {high}"
    if half == "strict":
        return parse_integers(table, column, limits=(low, high), expected=expected, decimal=decimal)
    numbers = parse_numbers(table, column, limits=(low, high), expected=expected, decimal=decimal)
    table.refuse(
        column,
        numbers.index[numbers.notna() & (numbers * 2 % 1 != 0)],
        expected=f"whole or half values from {low} to {high}",
        remedy="Correct them in the source.",
    )
    rounded: pd.Series = np.ceil(numbers) if half == "ceil" else np.floor(numbers)
    return rounded


def parse_scales(
    table: RawTable, scale: Scale | ScaleColumn, *, rows: pd.Index
) -> "pd.Series | str":
    """Return the scale of all rows, or read it from its column and refuse unknown words.

    Parameters
    ----------
    table : RawTable
        The sheet.
    scale : str or ScaleColumn
        The scale of all rows, or the column that says it for each.
    rows : Index
        The rows that need one.

    Returns
    -------
    str or Series of str
        Indexed like the table.

    Raises
    ------
    CohortError
        If one of these rows has another word.
    """
    if isinstance(scale, str):
        return scale
    words = table.cells[scale.column].map(str).str.strip().str.upper()
    unknown = rows[~words.loc[rows].isin(SCALES)]
    remedy = "Correct the words, or leave the rows out."
    table.refuse(scale.column, unknown, expected=f"one of {SCALES}", remedy=remedy)
    return words

"""Describe the columns of a vector in words that a clinician can check."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.features.naming import check_known
from icans_risk.features.scores import SCORES

if TYPE_CHECKING:
    from icans_risk.features.choices import Window
    from icans_risk.features.specification import FeatureColumn, FeatureSpecification

__all__ = ["describe_columns", "describe_window"]

_COLUMNS = (
    "column",
    "label",
    "unit",
    "modality",
    "analyte",
    "statistic",
    "window",
    "window_in_words",
)

# Units (UCUM) of the static columns that have one; the others are counts, scores or levels.
_STATIC_UNITS = {"age_years": "a", "dose_cells_per_kg": "{cells}/kg", "tumour_volume_ml": "mL"}

_ANCHORS = {
    "infusion": "infusion",
    "lymphodepletion": "the start of lymphodepletion",
    "landmark": "the landmark",
}


def describe_columns(
    specification: "FeatureSpecification", catalogue: Mapping[str, Analyte] | None = None
) -> pd.DataFrame:
    """Describe every column: what, in which unit, over which stretch of time.

    Parameters
    ----------
    specification : FeatureSpecification
        Fitted, if it has categorical static columns.
    catalogue : mapping of str to Analyte, optional
        Labels and units by full name; the package's own by default.

    Returns
    -------
    DataFrame
        One row per column of the vector, in its order: ``column, label, unit, modality,
        analyte, statistic, window, window_in_words``. The unit is that of the cell: a
        slope is per day (``/d``), a time to the peak is in hours.

    Raises
    ------
    StudyError
        If an analyte is not in the catalogue.
    """
    known = load_catalogue() if catalogue is None else catalogue
    words = {window.name: describe_window(window) for window in specification.windows}
    rows = [_describe(column, known, words) for column in specification.layout]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def describe_window(window: "Window") -> str:
    """Say in words which stretch of time a window covers."""
    start = None if window.start_h is None else _moment(window.start_h, window.anchor)
    end = "the landmark" if window.end_h is None else _moment(window.end_h, window.anchor)
    if start is None:
        return f"any time up to {end}"
    return f"later than {start}, up to {end}"


def _moment(hours: float, anchor: str) -> str:
    if hours == 0.0:
        return _ANCHORS[anchor]
    return f"{abs(hours):g} h {'after' if hours > 0 else 'before'} {_ANCHORS[anchor]}"


def _describe(
    column: "FeatureColumn", known: Mapping[str, Analyte], words: Mapping[str, str]
) -> tuple[str, ...]:
    name, modality, analyte, statistic, window, level = column
    if modality == "static":
        label = analyte.replace("_", " ") + ("" if level is None else f": {level}")
        unit = _STATIC_UNITS.get(analyte, "1")
        return (name, label, unit, modality, analyte, "", "", "fixed at infusion")
    if modality == "score":
        return (name, SCORES[analyte].label, "1", modality, analyte, "", window, words[window])
    full_name = f"{modality}.{analyte}"
    check_known(full_name, known, what="A measured analyte")
    unit = _unit_of(statistic, known[full_name].unit)
    label = known[full_name].label
    return (name, label, unit, modality, analyte, statistic, window, words[window])


def _unit_of(statistic: str, unit: str) -> str:
    if statistic == "hours_to_peak":
        return "h"
    return f"{unit}/d" if statistic == "slope_per_day" else unit

"""Describe the columns of a vector in words that a clinician can check."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.features.columns import GIVEN
from icans_risk.features.naming import check_known
from icans_risk.features.scores import SCORES
from icans_risk.features.words import CHANGE_WORDS, GIVEN_WORDS, STATISTIC_WORDS

if TYPE_CHECKING:
    from icans_risk.features.choices import Window
    from icans_risk.features.columns import FeatureColumn
    from icans_risk.features.specification import FeatureSpecification

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
    "statistic_in_words",
)

# Units (UCUM) of the static columns that have one; the others are counts, scores or levels.
_STATIC_UNITS = {"age_years": "a", "dose_cells_per_kg": "{cells}/kg", "tumour_volume_ml": "mL"}

# Units in words.py that are put behind the analyte's.
_OF_THE_ANALYTE = ("", "/d")

_ANCHORS = {
    "infusion": "infusion",
    "lymphodepletion": "the start of lymphodepletion",
    "landmark": "the landmark",
    "crs_onset": "the onset of CRS",
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
        analyte, statistic, window, window_in_words, statistic_in_words``. The unit is that
        of the cell: a slope is per day (``/d``), a time to the peak is in hours.

    Raises
    ------
    StudyError
        If an analyte is not in the catalogue.
    """
    known = load_catalogue() if catalogue is None else catalogue
    words = {window.name: describe_window(window) for window in specification.all_windows}
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
    name, modality, analyte, statistic, window = column[:5]
    if modality == "static":
        label = analyte.replace("_", " ") + ("" if column.level is None else f": {column.level}")
        unit = _STATIC_UNITS.get(analyte, "1")
        return (name, label, unit, modality, analyte, "", "", "fixed at infusion", "")
    if modality == "score":
        score = SCORES[analyte]
        span, meaning = words[window], score.describe
        return (name, score.label, score.unit, modality, analyte, "", window, span, meaning)
    full_name = f"{modality}.{analyte}"
    check_known(full_name, known, what="A measured analyte")
    entry = known[full_name]
    if statistic == GIVEN:
        return (name, entry.label, "1", modality, analyte, statistic, window, *GIVEN_WORDS)
    meaning, unit = _compare(column) if column.change else _measure(column, entry.unit)
    spans = [words[name] for name in dict.fromkeys(cell.window for cell in column.cells)]
    unit = f"{entry.unit}{unit}" if unit in _OF_THE_ANALYTE else unit
    span = "; then ".join(spans)
    return (name, entry.label, unit, modality, analyte, statistic, window, span, meaning)


def _measure(column: "FeatureColumn", unit: str) -> tuple[str, str]:
    cell = column.cells[0]
    meaning, unit_of_cell = STATISTIC_WORDS[cell.statistic]
    limits = [
        "" if cell.threshold is None else f"threshold {cell.threshold:g} {unit}",
        "" if cell.minimum_count == 1 else f"from {cell.minimum_count} values on",
        "" if cell.maximum_age_h is None else f"at most {cell.maximum_age_h:g} h old",
    ]
    return "; ".join([meaning, *filter(None, limits)]), unit_of_cell


def _compare(column: "FeatureColumn") -> tuple[str, str]:
    meaning, unit_of_cell = CHANGE_WORDS[column.change]
    of, _ = STATISTIC_WORDS[column.cells[0].statistic]
    return f"{meaning}; in each window {of}", unit_of_cell

"""What the model reads over a whole cohort: tables and figures for the data scientist."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.catalogue import load_catalogue
from icans_risk.explanation import (
    NAMED_AGREEMENT,
    fold_by_analyte,
    mean_size,
    modality_by_window,
    shap_explanation,
)
from icans_risk.explanation.folding import analyte_of, window_of
from icans_risk.features import SCORES
from icans_risk.report import Rate
from icans_risk.report.reads_plots import modality_window_figure, reads_figures
from icans_risk.report.study_words import column_words
from icans_risk.study import Study
from icans_risk.workflow.landmark import LandmarkResult

__all__ = ["WORDS", "describe_reads", "draw_reads"]

# What readers call the first part of a column's name, and a window that is none.
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "plasma": "Blood",
        "csf": "CSF",
        "eeg": "EEG",
        "imaging": "Imaging",
        "clinical": "Bedside",
        "treatment": "Treatment given",
        "score": "Published scores",
        "static": "Patient and product",
        "fixed": "known at infusion",
    }
)


def describe_reads(result: LandmarkResult) -> dict[str, pd.DataFrame]:
    """Say what the held-out contributions of everyone at risk come from.

    Parameters
    ----------
    result : LandmarkResult
        Explained.

    Returns
    -------
    dict of str to DataFrame
        ``inputs``: a line per analyte, the largest first, with its label and modality, its mean
        absolute contribution, for how many it was ``measured``, the z of its held-out
        ``support`` and whether that suffices, and in how many it may be ``named`` (NaN where
        the model was not rebuilt). ``columns``: the same of each column in size alone, to
        drill down. ``modality_by_window``: when which modality speaks.
    """
    contributions = result.held_out.contributions
    size = mean_size(fold_by_analyte(contributions))
    explaining = result.explaining
    inputs = pd.DataFrame(
        {
            "analyte": size.index,
            "label": [_label(name) for name in size.index],
            "modality": [name.partition(".")[0] for name in size.index],
            "mean_abs": size.to_numpy(),
            "measured": explaining.measured[size.index].mean().to_numpy(),
            "support_z": explaining.support[size.index].to_numpy(),
            "supported": [name in explaining.supported for name in size.index],
            "named": _named_share(result, size.index),
        }
    )
    columns = mean_size(contributions).rename("mean_abs").rename_axis("column").reset_index()
    columns.insert(1, "analyte", [analyte_of(name) for name in columns["column"]])
    columns.insert(2, "window", [window_of(name) for name in columns["column"]])
    cells = modality_by_window(contributions)
    for name in ("modality", "window"):
        cells[f"{name}_words"] = [WORDS.get(part, part.replace("_", " ")) for part in cells[name]]
    return {"inputs": inputs, "columns": columns, "modality_by_window": cells}


def _named_share(result: LandmarkResult, analytes: pd.Index) -> Any:
    told = [reasons.agreement for reasons in result.explaining.by_episode().values()]
    if not any(told):
        return np.nan
    shares = pd.DataFrame(told).reindex(columns=analytes)
    return (shares >= NAMED_AGREEMENT).mean().to_numpy()


def draw_reads(study: Study, result: LandmarkResult) -> dict[str, Any]:
    """Draw shap's plots of the held-out contributions, and when which modality speaks.

    Parameters
    ----------
    study : Study
        Says whether the data are real.
    result : LandmarkResult
        Explained.

    Returns
    -------
    dict of str to Figure
        By file name.
    """
    contributions = result.held_out.contributions
    columns = list(result.main.plan.columns)
    vectors = result.data.vectors.loc[contributions.index, columns]
    explanation = shap_explanation(
        contributions, vectors, names=[_column_label(name) for name in columns]
    )
    event = result.rows.event
    rate, kind = Rate(n=len(contributions), events=int(event.sum())), study.data_kind
    table = modality_by_window(contributions)
    drawn = reads_figures(explanation, rate=rate, data_kind=kind) if columns else {}
    return drawn | {
        "modality_by_window.png": modality_window_figure(table, WORDS, rate=rate, data_kind=kind)
    }


def _label(analyte: str) -> str:
    modality, _, name = analyte.partition(".")
    if modality == "score":
        return SCORES[name].label if name in SCORES else name
    entry = load_catalogue().get(analyte)
    if entry is not None:
        return entry.label
    return column_words(name)


def _column_label(column: str) -> str:
    """Shorten what the column dictionary says at length, to stand beside an axis.

    Examples
    --------
    >>> _column_label("plasma.crp.slope_per_day.early"), _column_label("static.product.axi-cel")
    ('C-reactive protein, slope per day, early', 'Product, axi-cel')
    """
    rest = column.split(".")[2:]
    words = [part.replace("-to-", " to ").replace("_", " ") for part in rest]
    if column.startswith("static."):
        words = rest
    return ", ".join([_label(analyte_of(column)), *words])

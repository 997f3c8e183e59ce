"""Findings of a reader of the EEG: VE-CAM-S, and the patterns of the catalogue.

Tesh RA, et al. "VE-CAM-S: visual EEG-based grading of delirium severity and associations with
clinical outcomes." Crit Care Explor 2022;4(1):e0611, doi:10.1097/CCE.0000000000000611. The points
are those of its published coefficients.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import SignalError

__all__ = ["FINDINGS", "POINTS", "SEVERE", "score_findings"]

# Findings that add up.
POINTS: Mapping[str, int] = {
    "intermittent_brief_attenuation": 6,
    "gpd_or_bipd": 4,
    "diffuse_delta": 2,
    "lpd": 2,
    "moderately_low_voltage": 2,
    "absent_sleep_features": 1,
    "diffuse_theta": 1,
    "grda": 1,
    "lrda": 1,
}
# Findings of which any one makes the score its highest.
SEVERE = (
    "extreme_delta_brush", "burst_suppression", "nonconvulsive_status", "unreactive",
    "extreme_low_voltage",
)  # fmt: skip
HIGHEST = 20
FINDINGS = (*POINTS, *SEVERE)
# The status of seizures is part of the outcome.
_STATUS = "nonconvulsive_status"
# Patterns of the catalogue, and the findings of which any one is one.
_PATTERNS = {
    "periodic_discharges": ("gpd_or_bipd", "lpd"),
    "rhythmic_delta": ("grda", "lrda"),
    "burst_suppression": ("burst_suppression",),
}
_WORDS = {"1": 1.0, "yes": 1.0, "true": 1.0, "present": 1.0}
_WORDS |= {"0": 0.0, "no": 0.0, "false": 0.0, "absent": 0.0}

Floats = NDArray[np.float64]


def score_findings(table: pd.DataFrame) -> pd.DataFrame:
    """Score visual findings; what was not looked for never counts as absent.

    Parameters
    ----------
    table : DataFrame of str
        One row per reading, columns of ``FINDINGS``: 1 or 0, yes or no, present or absent,
        in any case. An empty cell and an absent column mean "not looked for".

    Returns
    -------
    DataFrame
        ``ve_cam_s`` (0 to 20), ``ve_cam_s_without_status`` and the catalogue's patterns, NaN
        where they do not follow from what was looked for.

    Raises
    ------
    SignalError
        If a cell holds another word, or there is no column of findings.

    Examples
    --------
    >>> seen = pd.DataFrame({name: ["no", "no"] for name in FINDINGS}, dtype="str")
    >>> seen["diffuse_theta"], seen["burst_suppression"] = ["yes", "yes"], ["no", "yes"]
    >>> score_findings(seen)["ve_cam_s"].tolist()
    [1.0, 20.0]
    """
    if not set(FINDINGS) & set(table):
        raise SignalError(
            f"A table of visual findings needs columns such as {list(FINDINGS[:3])}, found none of "
            f"the {len(FINDINGS)}. Rename them; docs/eeg.md lists all."
        )
    found = {name: _read(table, name) for name in FINDINGS}
    without = {name: values for name, values in found.items() if name != _STATUS}
    status = found[_STATUS]
    return pd.DataFrame(
        {
            "ve_cam_s": _score(found),
            "ve_cam_s_without_status": np.where(status == 1.0, np.nan, _score(without)),
            **{name: _any([found[part] for part in parts]) for name, parts in _PATTERNS.items()},
        },
        index=table.index,
    )


def _read(table: pd.DataFrame, name: str) -> Floats:
    if name not in table:
        return np.full(len(table), np.nan)
    text = table[name].astype("str").str.strip().str.lower()
    text = text.where(table[name].notna() & (text != ""))
    values = text.map(_WORDS).astype("float64")
    wrong = np.flatnonzero(text.notna() & values.isna())
    if wrong.size:
        raise SignalError(
            f"{name} must be one of {list(_WORDS)} or empty, {wrong.size} cells are not (rows "
            f"{(wrong[:10] + 2).tolist()}). Correct them."
        )
    return np.asarray(values, dtype=np.float64)


def _score(found: Mapping[str, Floats]) -> Floats:
    severe = np.stack([found[name] for name in SEVERE if name in found])
    points = np.stack([value * found[name] for name, value in POINTS.items()])
    # NaN carries over: a sum with an unknown part is unknown.
    total = points.sum(axis=0) + 0.0 * severe.sum(axis=0)
    return np.where((severe == 1.0).any(axis=0), float(HIGHEST), total)


def _any(parts: list[Floats]) -> Floats:
    stacked = np.stack(parts)
    return np.where((stacked == 1.0).any(axis=0), 1.0, stacked.sum(axis=0))

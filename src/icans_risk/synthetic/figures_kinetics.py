"""Measure how analytes move: at rest, at their peak or nadir, and when that is."""

import numpy as np
import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.synthetic.tallies import Measured, median_of, select

__all__ = ["measure_kinetics"]

_ANALYTES = (
    *(f"plasma.{name}" for name in (
        "crp", "ferritin", "ldh", "il6", "il8", "il10", "il15", "ifn_gamma", "gm_csf", "mcp1",
        "cxcl10", "ang1", "ang2", "vwf_antigen", "platelets", "fibrinogen", "d_dimer",
        "albumin", "neutrophils", "creatinine", "nfl", "gfap",
    )),
    "clinical.temperature", "clinical.heart_rate",
    *(f"csf.{name}" for name in (
        "protein", "wbc", "albumin_quotient", "il6", "il8", "il10", "ifn_gamma", "nfl", "gfap",
    )),
)  # fmt: skip
_FALLING = frozenset(
    f"plasma.{n}" for n in ("ang1", "platelets", "fibrinogen", "albumin", "neutrophils")
)
# These are stated as a multiple of the value at rest.
_OVER_REST = frozenset(("plasma.nfl", "plasma.gfap", "csf.nfl", "csf.gfap"))
_LAST_DAY = 21.0
_FEVER = 38.0
_CELLS, _COPIES = "plasma.car_t_cells", "plasma.car_t_copies"


def measure_kinetics(cohort: Cohort, table: pd.DataFrame) -> Measured:
    """Measure rest, peak and day of peak of every analyte, and of CAR T cells.

    Parameters
    ----------
    cohort : Cohort
        With noise.
    table : DataFrame
        One row per episode, see `summarise`.

    Returns
    -------
    dict
        Value and patients by key. The day of the peak is counted in patients with CRS.
    """
    haematological = table[~table["cns_tumour"]]
    measured: Measured = {}
    for analyte in _ANALYTES:
        events = select(cohort, analyte)
        events = events[events["episode_id"].isin(haematological["episode_id"])]
        measured |= _measure(events, haematological, analyte)
    measured |= _fibrinogen(cohort, haematological)
    measured |= _growth(cohort, haematological)
    measured |= _fever(cohort, haematological)
    return measured | _expansion(cohort, haematological)


def _measure(events: pd.DataFrame, table: pd.DataFrame, analyte: str) -> Measured:
    name = f"kinetics.{analyte}"
    sign = -1.0 if analyte in _FALLING else 1.0
    rest = events[events["collected_h"] <= 0].groupby("episode_id")["value"].last()
    extreme = _extremes(events, sign)
    size = extreme["value"]
    if analyte in _OVER_REST:
        size = size / rest.reindex(size.index)
    severe = table["icans"].reindex(size.index) >= 3
    with_crs = table["crs"].reindex(extreme.index) >= 1
    return {
        f"{name}.baseline": median_of(rest),
        f"{name}.peak_grade0_2": median_of(size[~severe]),
        f"{name}.peak_grade3": median_of(size[severe]),
        f"{name}.peak_day": median_of(extreme.loc[with_crs, "collected_h"] / 24.0),
    }


def _extremes(events: pd.DataFrame, sign: float) -> pd.DataFrame:
    later = events[(events["collected_h"] > 0) & (events["collected_h"] <= 24 * 28)]
    order = np.lexsort((later["collected_h"], -sign * later["value"]))
    first = later.iloc[order].drop_duplicates("episode_id")
    return first.set_index("episode_id")[["value", "collected_h"]]


def _fibrinogen(cohort: Cohort, table: pd.DataFrame) -> Measured:
    events = select(cohort, "plasma.fibrinogen")
    events = events[events["collected_h"] <= _LAST_DAY * 24]
    ill = table.loc[table["crs"] >= 1, "episode_id"]
    nadir = _extremes(events[events["episode_id"].isin(ill)], -1.0)
    return {"fibrinogen.nadir_day": median_of(nadir["collected_h"] / 24.0)}


def _growth(cohort: Cohort, table: pd.DataFrame) -> Measured:
    """Measure how fast tisa-cel doubles, and halves after its peak, between two samples."""
    events = select(cohort, _COPIES)
    tisa = table.loc[table["product"] == "tisa-cel", "episode_id"]
    events = events[events["episode_id"].isin(tisa) & (events["censored"] == "")]
    day = (events["collected_h"] / 24.0).round()
    events = events.assign(day=day, doublings=np.log2(events["value"].clip(lower=1.0)))
    wide = events.pivot_table(index="episode_id", columns="day", values="doublings")
    wide = wide.reindex(columns=[3.0, 7.0, 16.0, 21.0])
    rise, patients = median_of(wide[7.0] - wide[3.0])
    fall, others = median_of(wide[16.0] - wide[21.0])
    return {
        "car_t.doubling": (4.0 / rise, patients),
        "car_t.contraction_half_life": (5.0 / fall, others),
    }


def _fever(cohort: Cohort, table: pd.DataFrame) -> Measured:
    """Measure fever the way intensive care did: in patients with CRS grade 2 or more."""
    ill = table[table["crs"] >= 2]
    events = select(cohort, "clinical.temperature")
    hot = events[(events["value"] >= _FEVER) & events["episode_id"].isin(ill["episode_id"])]
    day = (hot["collected_h"] / 24.0 - 0.5).groupby(hot["episode_id"])
    grades = cohort.grades[cohort.grades["crs_grade"] >= 2]
    low = (grades["covers_from_h"] / 24.0 + 0.5).groupby(grades["episode_id"]).min()
    lag = low.reindex(ill.index) - day.min().reindex(ill.index)
    return {
        "fever.duration": median_of(day.max() - day.min() + 1.0),
        "lag.fever_to_hypotension": median_of(lag),
    }


def _expansion(cohort: Cohort, table: pd.DataFrame) -> Measured:
    peaks = pd.concat([_extremes(select(cohort, name), 1.0) for name in (_CELLS, _COPIES)])
    table = table.join(peaks.rename(columns={"value": "peak", "collected_h": "peak_h"}))
    measured: Measured = {}
    for product, part in table.groupby("product"):
        name = str(product).replace("-", "_")
        measured[f"car_t.peak_day.{name}"] = median_of(part["peak_h"] / 24.0)
        measured[f"car_t.peak.{name}"] = median_of(part["peak"])
    for arm, part in table.groupby("arm"):
        measured[f"car_t.peak.{arm}"] = median_of(part["peak"])
    axi = table[table["product"] == "axi-cel"]
    tisa = table[table["product"] == "tisa-cel"]
    return measured | {
        "expansion.icans_grade3.axi_cel": _ratio(axi["peak"], axi["icans"] >= 3),
        "expansion.icans_grade3.tisa_cel": _ratio(_relative(tisa), tisa["icans"] >= 1),
    }


def _relative(part: pd.DataFrame) -> pd.Series:
    """Compare within diseases: expansion differs between them."""
    return part["peak"] / part.groupby("arm")["peak"].transform("median")


def _ratio(values: pd.Series, group: pd.Series) -> tuple[float, int]:
    if group.sum() < 10:
        return (np.nan, int(group.sum()))
    return (float(values[group].median() / values[~group].median()), int(group.sum()))

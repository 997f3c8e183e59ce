"""Measure what goes with risk: age, frailty, burden, prophylaxis, single markers."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from statsmodels.api import Logit, add_constant
from statsmodels.duration.hazard_regression import PHReg

from icans_risk.cohort import Cohort
from icans_risk.synthetic.cohort import Simulated
from icans_risk.synthetic.tallies import Measured, select

__all__ = ["measure_risk_factors"]

_FEWEST = 30
_LAST_DAY = 30.0
_MARKERS = (
    "plasma.crp", "plasma.ferritin", "plasma.ldh", "plasma.il6", "plasma.platelets",
    "plasma.fibrinogen", "plasma.ifn_gamma", "plasma.mcp1", "plasma.ang2", "plasma.nfl",
    "clinical.temperature", "eeg.theta_relative", "csf.protein",
)  # fmt: skip
_LANDMARK_H = 72.0


def measure_risk_factors(simulated: Simulated, table: pd.DataFrame) -> Measured:
    """Measure effects on risk the way registries report them.

    Parameters
    ----------
    simulated : Simulated
        The cohort.
    table : DataFrame
        One row per episode, see `summarise`.

    Returns
    -------
    dict
        Value and patients by key.
    """
    cohort = simulated.cohort
    lymphoma = table[table["disease"] == "LBCL"]
    adults = table[~table["cns_tumour"]]
    return {
        "age.icans.hr": _hazard_ratio(lymphoma, lymphoma["age_years"], "icans"),
        "age.crs.hr": _hazard_ratio(lymphoma, lymphoma["age_years"], "crs"),
        "eeg.baseline_abnormal.icans.hr": _eeg_ratio(cohort, adults),
        "easix.severe_crs_or_icans.or": _easix(cohort, lymphoma),
        "single_marker.auc": _best_marker(cohort, adults),
        "prophylaxis.steroid.risk_ratio": _prophylaxis(adults),
    }


def _hazard_ratio(table: pd.DataFrame, factor: pd.Series, name: str) -> tuple[float, int]:
    """Fit a Cox model of the day of onset, stratified by product."""
    happened = table[f"{name}_day"].notna()
    if happened.sum() < _FEWEST or factor.nunique() < 2:
        return (np.nan, len(table))
    day = table[f"{name}_day"].fillna(_LAST_DAY)
    strata = pd.factorize(table["arm"])[0]
    fit = PHReg(
        day.to_numpy(), factor.to_numpy(dtype=float)[:, np.newaxis],
        status=happened.to_numpy(dtype=int), strata=strata, ties="breslow",
    ).fit()  # fmt: skip
    return (float(np.exp(fit.params[0])), len(table))


def _eeg_ratio(cohort: Cohort, table: pd.DataFrame) -> tuple[float, int]:
    events = select(cohort, "eeg.abnormal")
    before = events[events["collected_h"] <= 0].groupby("episode_id")["value"].last()
    known = table[table["episode_id"].isin(before.index)]
    return _hazard_ratio(known, known["episode_id"].map(before), "icans")


def _easix(cohort: Cohort, table: pd.DataFrame) -> tuple[float, int]:
    """Fit the odds ratio per doubling of LDH x creatinine / platelets before lymphodepletion."""
    parts = {}
    for name in ("ldh", "creatinine", "platelets"):
        events = select(cohort, f"plasma.{name}")
        first = events[events["collected_h"] < -120].groupby("episode_id")["value"].first()
        parts[name] = first.reindex(table.index)
    easix = parts["ldh"] * parts["creatinine"] / parts["platelets"].clip(lower=1.0)
    severe = (table["icans"] >= 3) | (table["crs"] >= 3)
    known = easix.notna()
    if severe[known].sum() < _FEWEST:
        return (np.nan, int(known.sum()))
    doublings = np.log2(easix[known].to_numpy())
    fit = Logit(severe[known].to_numpy(dtype=float), add_constant(doublings)).fit(disp=0)
    return (float(np.exp(fit.params[1])), int(known.sum()))


def _best_marker(cohort: Cohort, table: pd.DataFrame) -> tuple[float, int]:
    """Return the highest AUC, for severe ICANS after day 3, of a last value known by then."""
    onset = table["icans_day"].where(table["icans"] >= 3)
    at_risk = table[~(24.0 * onset <= _LANDMARK_H)]
    severe = at_risk["icans"] >= 3
    best = (np.nan, 0)
    for name in _MARKERS:
        events = select(cohort, name)
        events = events[(events["collected_h"] <= _LANDMARK_H) & (events["collected_h"] > 0)]
        value = events.groupby("episode_id")["value"].last().reindex(at_risk.index).dropna()
        case = severe[value.index].to_numpy()
        if case.sum() >= _FEWEST:
            auc = _auc(value.to_numpy(), case)
            best = max(best, (max(auc, 1.0 - auc), len(value)), key=lambda b: np.nan_to_num(b[0]))
    return best


def _auc(value: np.ndarray, case: np.ndarray) -> float:
    rank = rankdata(value)[case].sum()
    cases, others = int(case.sum()), int((~case).sum())
    return float((rank - cases * (cases + 1) / 2) / (cases * others))


def _prophylaxis(table: pd.DataFrame) -> tuple[float, int]:
    """Compare the rates of grade 3 within products, weighted by who received steroids."""
    given = table["prophylaxis"] == "corticosteroid"
    if given.sum() < _FEWEST:
        return (np.nan, int(given.sum()))
    severe = table["icans"] >= 3
    usual = severe[~given].groupby(table.loc[~given, "arm"]).mean()
    expected = table.loc[given, "arm"].map(usual).mean()
    return (float(severe[given].mean() / expected), int(given.sum()))

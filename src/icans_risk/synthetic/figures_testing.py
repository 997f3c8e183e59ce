"""Measure who is tested because of ICANS and what the tests show."""

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from icans_risk.cohort import Cohort
from icans_risk.synthetic.tallies import Measured, median_of, rate_of, select

__all__ = ["measure_testing"]

_ROUTINE = ("plasma.platelets", "plasma.crp", "plasma.ldh", "plasma.creatinine")
# A test belongs to ICANS if it was done from half a day before to ten days after the onset.
_BEFORE_H, _AFTER_H = 36.0, 240.0


def measure_testing(cohort: Cohort, table: pd.DataFrame) -> Measured:
    """Measure testing rates, findings among the tested, and turnaround.

    Parameters
    ----------
    cohort : Cohort
        With informative ordering and noise.
    table : DataFrame
        One row per episode, see `summarise`.

    Returns
    -------
    dict
        Value and patients by key.
    """
    table = table[~table["cns_tumour"]]
    ill = table[table["icans"] >= 1]
    eeg = _during(select(cohort, "eeg.abnormal"), ill)
    mri = _during(select(cohort, "imaging.mri_abnormal"), ill)
    ct = _during(select(cohort, "imaging.ct_abnormal"), ill)
    fluid = _during(select(cohort, "csf.protein"), ill)
    periodic = _during(select(cohort, "eeg.periodic_discharges"), ill)
    cells = _during(select(cohort, "csf.wbc"), ill)
    before = select(cohort, "eeg.abnormal")
    before = before[before["collected_h"] <= 0]
    return {
        "testing_rate.eeg.icans": rate_of(ill["episode_id"].isin(_for_cause(eeg))),
        "testing_rate.mri.icans": rate_of(ill["episode_id"].isin(_for_cause(mri))),
        "testing_rate.lp.icans": rate_of(ill["episode_id"].isin(_for_cause(fluid))),
        "eeg.abnormal.icans": _ever(eeg, 1.0),
        "eeg.encephalopathy.icans": _ever(eeg, 1.0),
        "eeg.gpd.icans": _ever(periodic, 1.0),
        "mri.abnormal.icans": _ever(mri, 1.0),
        "ct.abnormal.icans": _ever(ct, 1.0),
        "csf.protein_50.icans": _ever(fluid, 50.0),
        "csf.wbc_10.icans": _ever(cells, 10.0),
        "eeg.baseline_abnormal": rate_of(before["value"] == 1),
        **_unrelated(cohort, table),
        **_turnaround(cohort),
    }


def _during(events: pd.DataFrame, ill: pd.DataFrame) -> pd.DataFrame:
    onset = events["episode_id"].map(24.0 * ill["icans_day"])
    since = events["collected_h"] - onset
    return events[(since >= -_BEFORE_H) & (since <= _AFTER_H)]


def _for_cause(events: pd.DataFrame) -> pd.Series:
    return events.loc[events["ordered_as"] != "protocol", "episode_id"]


def _ever(events: pd.DataFrame, at_least: float) -> tuple[float, int]:
    """Count patients, among those tested because of ICANS, in whom it was ever found."""
    events = events[events["ordered_as"] != "protocol"]
    return rate_of(events.groupby("episode_id")["value"].max() >= at_least)


def _unrelated(cohort: Cohort, table: pd.DataFrame) -> Measured:
    measured: Measured = {}
    for key, analyte in (("csf.wbc.grade", "csf.wbc"), ("csf.car_t.grade", "csf.car_t_cells")):
        events = select(cohort, analyte)
        events = events[(events["collected_h"] > 0) & events["episode_id"].isin(table.index)]
        highest = events.groupby("episode_id")["value"].max()
        grade = table["icans"].reindex(highest.index)
        if len(highest) > 10 and highest.nunique() > 1:
            measured[key] = (float(spearmanr(highest, grade).statistic), len(highest))
    return measured


def _turnaround(cohort: Cohort) -> Measured:
    def hours(events: pd.DataFrame) -> tuple[float, int]:
        return median_of(events["available_h"] - events["collected_h"])

    routine = pd.concat([select(cohort, name) for name in _ROUTINE])
    il6 = select(cohort, "plasma.il6")
    il6 = il6[il6["assay"] != "reference laboratory"]
    return {"turnaround.routine.in_house": hours(routine), "turnaround.il6.in_house": hours(il6),
            "il6.after_tocilizumab.fold": _fold(cohort)}  # fmt: skip


def _fold(cohort: Cohort) -> tuple[float, int]:
    """Compare the highest IL-6 within two days of tocilizumab with the last one before."""
    given = select(cohort, "treatment.tocilizumab").groupby("episode_id")["collected_h"].min()
    il6 = select(cohort, "plasma.il6")
    since = il6["collected_h"] - il6["episode_id"].map(given)
    before = il6[(since <= 0) & (since > -30)].groupby("episode_id")["value"].last()
    after = il6[(since > 0) & (since <= 48)].groupby("episode_id")["value"].max()
    both = (after / before).dropna()
    return (float(np.exp(np.log(both).mean())) if len(both) else np.nan, len(both))

"""Measure a simulated cohort the way the published figures were measured.

Keys are those of ``icans_risk.evidence``; a figure that the cohort cannot show (an arm that
it does not hold, too few patients) is left out.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from icans_risk.synthetic.cohort import Simulated
from icans_risk.synthetic.figures_kinetics import measure_kinetics
from icans_risk.synthetic.figures_risk import measure_risk_factors
from icans_risk.synthetic.figures_testing import measure_testing
from icans_risk.synthetic.tallies import Measured, median_of, rate_of, summarise

__all__ = ["measure"]

_MOST_DAYS = 14


def measure(simulated: Simulated) -> dict[str, tuple[float, int]]:
    """Measure every checked figure that the cohort can show.

    Parameters
    ----------
    simulated : Simulated
        A cohort with informative ordering and noise, and its truth.

    Returns
    -------
    dict of str to (float, int)
        Value, in the figure's unit, and the patients that it rests on, by key of evidence.
    """
    table = summarise(simulated.cohort)
    measured: Measured = {}
    for part in (_incidence, _timing, _late, _treatment):
        measured |= part(table)
    measured |= _tian(table)
    measured |= measure_kinetics(simulated.cohort, table)
    measured |= measure_testing(simulated.cohort, table)
    measured |= measure_risk_factors(simulated, table)
    return {key: (float(v), int(n)) for key, (v, n) in measured.items() if np.isfinite(v)}


def _by_arm(table: pd.DataFrame, count: Callable[[pd.DataFrame, str], Measured]) -> Measured:
    measured: Measured = {}
    for arm, part in table.groupby("arm"):
        measured |= count(part, str(arm))
    return measured


def _incidence(table: pd.DataFrame) -> Measured:
    def count(part: pd.DataFrame, arm: str) -> Measured:
        rates = {f"icans_any.{arm}": part["icans"] >= 1, f"crs_any.{arm}": part["crs"] >= 1}
        rates |= {f"icans_grade{g}.{arm}": part["icans"] >= g for g in (3, 4)}
        rates |= {f"crs_grade{g}.{arm}": part["crs"] >= g for g in (3, 4)}
        rates[f"icans_grade5.{arm}"] = part["died_of_icans"]
        rates[f"death_by_day_28.{arm}"] = part["died_h"] <= 28 * 24
        return {key: rate_of(share) for key, share in rates.items()}

    return _by_arm(table, count) | _mixed(table)


def _mixed(table: pd.DataFrame) -> Measured:
    """Weigh the arms as one registry did: axi-cel 75 %, tisa-cel 25 %."""
    axi, tisa = (table[table["arm"] == f"{p}_cel.lbcl"] for p in ("axi", "tisa"))
    if axi.empty or tisa.empty:
        return {}
    measured: Measured = {}
    for name, column, grade in (
        ("icans_any", "icans", 1), ("icans_grade3", "icans", 3),
        ("crs_any", "crs", 1), ("crs_grade3", "crs", 3),
    ):  # fmt: skip
        rate = 0.75 * (axi[column] >= grade).mean() + 0.25 * (tisa[column] >= grade).mean()
        measured[f"{name}.mixed.lbcl"] = (rate, len(axi) + len(tisa))
    return measured


def _timing(table: pd.DataFrame) -> Measured:
    def count(part: pd.DataFrame, arm: str) -> Measured:
        return {
            f"icans_onset.{arm}": median_of(part["icans_day"]),
            f"icans_duration.{arm}": median_of(part["icans_days"]),
            f"crs_onset.{arm}": median_of(part["crs_day"]),
            f"crs_duration.{arm}": median_of(part["crs_days"]),
        }

    adults = table[~table["arm"].str.contains("car")]
    both = adults[adults["icans_day"].notna() & adults["crs_day"].notna()]
    with_icans = adults[adults["icans_day"].notna()]
    severe = adults[adults["crs"] >= 3]
    return _by_arm(table, count) | {
        "lag.crs_to_icans": median_of(both["icans_day"] - both["crs_day"]),
        "lag.icans_onset_to_peak": median_of(adults["icans_peak_day"] - adults["icans_day"]),
        # The source saw patients in intensive care.
        "lag.fever_to_crs_peak": median_of(severe["crs_peak_day"] - severe["crs_day"]),
        "icans_peak_day": median_of(adults["icans_peak_day"]),
        "crs_peak_day": median_of(adults["crs_peak_day"]),
        "order.crs_before_or_with_icans": rate_of(with_icans["crs_day"] <= with_icans["icans_day"]),
    }


def _late(table: pd.DataFrame) -> Measured:
    measured: Measured = {}
    for antigen in ("cd19", "bcma"):
        part = table[table["target_antigen"].str.lower() == antigen]
        for name in ("icans", "crs"):
            key = f"new_onset_after_day_14.{name}.{antigen}"
            measured[key] = rate_of(part[f"{name}_day"] > _MOST_DAYS)
    liso = table[(table["product"] == "liso-cel") & (table["icans"] + table["crs"] > 0)]
    first = liso[["icans_day", "crs_day"]].min(axis=1)
    return measured | {"first_event_by_day_15.liso_cel": rate_of(first <= _MOST_DAYS + 1)}


# The key of each treatment figure: arm, column, and among whom.
_TREATED: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "tocilizumab.axi_cel.lbcl": ("axi_cel.lbcl", "tocilizumab", "all"),
        "steroid.axi_cel.lbcl": ("axi_cel.lbcl", "steroid", "all"),
        "tocilizumab_for_crs.brexu_cel.mcl": ("brexu_cel.mcl", "tocilizumab", "all"),
        "steroid_for_icans.brexu_cel.mcl": ("brexu_cel.mcl", "steroid", "all"),
        "tocilizumab_for_crs.tisa_cel.all_paediatric": (
            "tisa_cel.all_paediatric", "tocilizumab", "crs",
        ),
        "steroid_for_icans.tisa_cel.all_paediatric": (
            "tisa_cel.all_paediatric", "steroid", "icans",
        ),
        "tocilizumab.tisa_cel.lbcl.riedell": ("tisa_cel.lbcl", "tocilizumab", "all"),
        "steroid.tisa_cel.lbcl.riedell": ("tisa_cel.lbcl", "steroid", "all"),
        "tocilizumab_or_steroid.liso_cel.lbcl": ("liso_cel.lbcl", "either", "all"),
        "tocilizumab.ide_cel.mm": ("ide_cel.mm", "tocilizumab", "all"),
        "steroid.ide_cel.mm": ("ide_cel.mm", "steroid", "all"),
        "tocilizumab.cilta_cel.mm": ("cilta_cel.mm", "tocilizumab", "all"),
        "steroid.cilta_cel.mm": ("cilta_cel.mm", "steroid", "all"),
    }
)  # fmt: skip


def _treatment(table: pd.DataFrame) -> Measured:
    measured: Measured = {}
    for key, (arm, column, whom) in _TREATED.items():
        part = table[table["arm"] == arm]
        part = part if whom == "all" else part[part[whom] >= 1]
        measured[key] = rate_of(part[column])
    return measured


def _tian(table: pd.DataFrame) -> Measured:
    gd2 = table[table["product"] == "gd2-car"]
    by_patient = gd2.groupby("patient_id")["tian"].max()
    local = gd2[gd2["delivery_route"] == "intracerebroventricular"]
    return {
        "tian.any.gd2": rate_of(by_patient >= 1),
        "icans_any.gd2.intracerebroventricular": rate_of(local["icans"] >= 1),
        **_routes(gd2),
    }


def _routes(gd2: pd.DataFrame) -> Measured:
    severe = (gd2[["icans", "crs", "tian"]] >= 3).sum(axis=1)
    by_vein = severe[gd2["delivery_route"] == "intravenous"]
    local = severe[gd2["delivery_route"] != "intravenous"]
    if by_vein.empty or local.empty:
        return {}
    ratio = local.mean() / by_vein.mean() if by_vein.mean() else np.nan
    return {"toxicity.grade3.locoregional_over_systemic": (ratio, len(gd2))}

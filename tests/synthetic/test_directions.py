"""Each number moves its outcome in the stated direction."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from icans_risk.cohort import Cohort
from icans_risk.synthetic import Simulated, load, simulate
from icans_risk.synthetic.tallies import select, summarise

PATIENTS = 500


def run(**changed: float) -> Simulated:
    numbers = load().changed(**changed) if changed else load()
    return simulate(PATIENTS, seed=31, parameters=numbers, landmarks_h=(0, 72))


@pytest.fixture(scope="module")
def usual() -> Simulated:
    return run()


def mean_risk(s: Simulated) -> float:
    return float(s.truth.risks["true_risk"].mean())


def spread_of_risk(s: Simulated) -> float:
    risk = s.truth.risks["true_risk"].clip(1e-12, 1 - 1e-12)
    return float(np.log(-np.log1p(-risk)).std())


def risk_by(column: str) -> Callable[[Simulated], float]:
    def slope(s: Simulated) -> float:
        trait = s.truth.risks["episode_id"].map(s.cohort.episodes.set_index("episode_id")[column])
        return float(np.corrcoef(trait.rank(), s.truth.risks["true_risk"].rank())[0, 1])

    return slope


def mean_log(analyte: str) -> Callable[[Simulated], float]:
    return lambda s: float(np.log(select(s.cohort, analyte)["value"].clip(lower=1e-3)).mean())


def mean_value(analyte: str) -> Callable[[Simulated], float]:
    return lambda s: float(select(s.cohort, analyte)["value"].mean())


def median_day(name: str) -> Callable[[Simulated], float]:
    return lambda s: float(summarise(s.cohort)[f"{name}_day"].mean())


def rate(name: str, grade: int) -> Callable[[Simulated], float]:
    return lambda s: float((summarise(s.cohort)[name] >= grade).mean())


def older_by_any_icans(s: Simulated) -> float:
    table = summarise(s.cohort)
    ill = table["icans"] >= 1
    return float(table.loc[ill, "age_years"].mean() - table.loc[~ill, "age_years"].mean())


def steroid_risk(s: Simulated) -> float:
    given = s.cohort.episodes.set_index("episode_id")["prophylaxis"] == "corticosteroid"
    return float(s.truth.risks[s.truth.risks["episode_id"].map(given)]["true_risk"].mean())


def count_for_cause(modality: str) -> Callable[[Simulated], float]:
    def count(s: Simulated) -> float:
        events = s.cohort.events
        wanted = (events["modality"] == modality) & (events["ordered_as"] == "clinical")
        return float(wanted.sum())

    return count


MOVES = [
    ({"hazard__age": 0.08}, risk_by("age_years"), +1),
    ({"hazard__neuro_vulnerability": 0.0}, spread_of_risk, -1),
    ({"hazard__endothelial_stress": 1.5}, spread_of_risk, +1),
    ({"hazard__barrier_leak": 0.0}, spread_of_risk, -1),
    ({"hazard__neuro_inflammation": 0.0}, spread_of_risk, -1),
    ({"hazard__permission": 6.0}, mean_risk, -1),
    ({"hazard__leak_by_cytokines": 0.9}, spread_of_risk, +1),
    ({"hazard__corticosteroid_prophylaxis": -3.0}, steroid_risk, -1),
    ({"hazard__ends_h": 100.0}, mean_risk, -1),
    ({"hazard__mild_frailty": 4.0}, older_by_any_icans, +1),
    ({"size__expansion": 1.5}, mean_log("plasma.il6"), +1),
    ({"size__tumour_burden": 1.5}, rate("crs", 3), +1),
    ({"size__endothelium_location": 1.5}, mean_log("plasma.ang2"), +1),
    ({"size__leak_location": 1.5}, mean_log("csf.albumin_quotient"), +1),
    ({"size__neuro_inflammation_location": 1.5}, mean_value("eeg.theta_relative"), +1),
    ({"pulse__consumption": 20.0}, mean_value("plasma.fibrinogen"), +1),
    ({"start_log_sd": 0.8}, lambda s: float(summarise(s.cohort)["crs_day"].std()), +1),
    ({"tocilizumab__il6_fold": 40.0}, mean_log("plasma.il6"), +1),
    ({"tocilizumab__crp_log_fall": 0.0}, mean_log("plasma.crp"), +1),
    ({"tocilizumab__fever_left": 1.0}, mean_value("clinical.temperature"), +1),
    ({"steroid__fever_left": 0.0}, mean_value("clinical.temperature"), -1),
    ({"order__eeg_icans_severe": 0.0}, count_for_cause("eeg"), -1),
    ({"order__lp_icans_mild": 1.0}, count_for_cause("csf"), +1),
    ({"order__mri_icans_mild": 1.0}, count_for_cause("imaging"), +1),
    ({"eeg__abnormal_above": 1.0}, mean_value("eeg.abnormal"), -1),
    ({"icans__grade_2_share": 0.0}, rate("icans", 2), -1),
    ({"death__other_by_day_30": 0.2}, lambda s: float(s.truth.onsets["died_h"].notna().sum()), +1),
    ({"discharge__median_d": 21.0}, lambda s: float(s.cohort.episodes["discharged_h"].mean()), +1),
]


@pytest.mark.parametrize(
    ("changed", "outcome", "sign"), MOVES, ids=[next(iter(m[0])) for m in MOVES]
)
def test_a_number_moves_its_outcome(
    usual: Simulated, changed: dict[str, float], outcome: Callable[[Simulated], float], sign: int
) -> None:
    assert sign * (outcome(run(**changed)) - outcome(usual)) > 0


def test_the_effect_of_endothelial_stress_on_severe_icans_is_null_by_default() -> None:
    # The direct effect; what acts through the endothelium is left.
    assert load().number("hazard.endothelial_stress") == 0.0


def test_after_tocilizumab_il6_rises_and_crp_falls(mixed: Simulated) -> None:
    def change(analyte: str) -> pd.Series:
        given = first_dose(mixed.cohort)
        events = select(mixed.cohort, analyte)
        since = events["collected_h"] - events["episode_id"].map(given)
        before = events[(since <= 0) & (since > -30)].groupby("episode_id")["value"].last()
        after = events[(since > 24) & (since <= 72)].groupby("episode_id")["value"].last()
        return np.log(after / before).dropna()

    assert change("plasma.il6").median() > np.log(2)
    assert change("plasma.crp").median() < np.log(0.6)


def first_dose(cohort: Cohort) -> pd.Series:
    return select(cohort, "treatment.tocilizumab").groupby("episode_id")["collected_h"].min()

"""The worked example: the table as printed, and what it says however it is read."""

import numpy as np
import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.evidence.locoregional import (
    _compare,
    leave_one_trial_out,
    load_trials,
    printed,
    readings,
    trial_rates,
)
from icans_risk.evidence.registry import load_evidence


def totals(route: str) -> tuple[int, int]:
    held = [trial for trial in load_trials() if trial.route == route]
    return sum(t.events for t in held), sum(t.treated for t in held)


def test_the_table_adds_up_as_printed() -> None:
    assert totals("systemic") == (117, 63)
    assert totals("local") == (78, 112)
    assert totals("combined") == (23, 19)
    assert sum(trial.treated for trial in load_trials()) == 194
    assert len(load_trials()) == 16


def test_the_text_s_107_patients_are_those_without_earlier_reports() -> None:
    earlier = [trial for trial in load_trials() if trial.again_in is not None]
    assert [(trial.treated, trial.events) for trial in earlier] == [(1, 0), (4, 0)]
    later = {trial.report: trial.nct for trial in load_trials()}
    assert all(later[trial.again_in] == trial.nct for trial in earlier)
    assert printed("local") == {"events": 78, "patients": 107, "trials": 7}


def test_the_fixed_ratio_is_the_published_one() -> None:
    first = readings().iloc[0]
    assert first["fixed"] == pytest.approx(printed("ratio")["value"], abs=0.005)
    assert first["fixed_low"] == pytest.approx(printed("ratio")["low"], abs=0.01)
    assert first["fixed_high"] == pytest.approx(printed("ratio")["high"], abs=0.01)


def test_no_reading_holds_once_each_trial_has_a_rate_of_its_own() -> None:
    table = readings()
    assert (table["fixed_high"] < 0.6).all()
    for model in ("quasi", "negative_binomial", "mixed"):
        assert (table[f"{model}_low"] < 1).all()
        assert (table[f"{model}_high"] > 1).all()
    assert (table["factor"] > 15).all()


def test_one_trial_carries_the_result() -> None:
    without = leave_one_trial_out().set_index("left_out")
    assert len(without) == 12
    assert without.loc["Goff 2019", "fixed"] == pytest.approx((78 / 107) / (31 / 45))
    assert without["fixed"].drop("Goff 2019").max() < 0.75


def test_an_exact_interval_of_no_events_ends_at_the_rule_of_three_point_seven() -> None:
    rates = trial_rates().set_index("report")
    assert rates.loc["Brown 2016", "low"] == 0.0
    assert rates.loc["Brown 2016", "high"] == pytest.approx(-np.log(0.025))
    assert rates.loc["O'Rourke 2017", ["low", "high"]].tolist() == pytest.approx(
        [0.4115, 1.7085], abs=1e-4
    )


def test_the_registry_prints_the_same_figures() -> None:
    figures = load_evidence()
    local = figures["toxicity.grade3.locoregional_per_patient"]
    assert (local.events, local.n) == (printed("local")["events"], printed("local")["patients"])
    ratio = figures["toxicity.grade3.locoregional_over_systemic"]
    assert (ratio.value, ratio.interval.low, ratio.interval.high) == (0.39, 0.30, 0.52)


def test_one_route_alone_is_not_compared() -> None:
    with pytest.raises(IcansRiskError, match="both routes"):
        _compare([trial for trial in load_trials() if trial.route == "local"])

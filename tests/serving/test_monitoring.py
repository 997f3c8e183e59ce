"""Breaches of the contract are found and nothing else is; calibration alarms at a stated rate."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from typer.testing import CliRunner

from icans_risk.cli.main import app
from icans_risk.cohort import Cohort, write_cohort
from icans_risk.errors import IcansRiskError, LedgerError
from icans_risk.serving import score
from icans_risk.serving.calibration_watch import ODDS_RATIOS, log_evidence, watch_calibration
from icans_risk.serving.contract import FEWEST, learn_contract
from icans_risk.serving.monitoring import check_contract, describe_drift
from icans_risk.serving.predictions_ledger import append_predictions
from icans_risk.workflow.monitor import monitor_model
from serving.example import Example
from serving.test_prospective import known_at
from test_studies import STUDIES, load


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def checked(example: Example, cohort: Cohort) -> pd.DataFrame:
    served = example.served
    table = check_contract(
        cohort,
        served.contract,
        specification=served.specification,
        landmark_h=served.landmark_h,
    )
    return table.set_index(["analyte", "check"])["verdict"]


def changed(cohort: Cohort, analyte: str, column: str, value: Any) -> Cohort:
    events = cohort.events.copy()
    own = events["analyte"] == analyte
    events.loc[own, column] = value(events.loc[own, column]) if callable(value) else value
    return replace(cohort, events=events)


def test_patients_of_the_same_kind_breach_nothing(example: Example) -> None:
    verdicts = checked(example, example.cohort)
    assert len(verdicts) == 5 * 5
    assert set(verdicts) <= {"as learnt", "too few"}
    assert (verdicts == "as learnt").mean() > 0.8


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        ("value", lambda values: values * 10, "values"),
        ("available_h", lambda hours: hours + 20.0, "turnaround_h"),
        ("assay", "another", "assay"),
        ("ordered_as", "unknown", "ordered_unknown"),
    ],
)
def test_one_change_breaches_the_check_that_is_meant_for_it(
    example: Example, column: str, value: Any, check: str
) -> None:
    verdicts = checked(example, changed(example.cohort, "crp", column, value))
    assert verdicts["plasma.crp", check] == "breach"
    others = verdicts.drop("plasma.crp", level="analyte")
    assert (others != "breach").all()


def test_a_value_that_is_no_longer_measured_is_a_breach(example: Example) -> None:
    events = example.cohort.events
    lost = replace(example.cohort, events=events[events["analyte"] != "platelets"])
    assert checked(example, lost)["plasma.platelets", "measured"] == "breach"


def test_of_few_patients_nothing_is_said_but_of_an_assay_that_is_new(example: Example) -> None:
    cohort = changed(example.cohort, "crp", "assay", "another")
    few = cohort.episodes.iloc[:6]
    small = Cohort(
        few,
        cohort.events[cohort.events["episode_id"].isin(few["episode_id"])],
        cohort.grades.iloc[:0],
    )
    verdicts = checked(example, small)
    assert verdicts["plasma.crp", "assay"] == "breach"
    assert set(verdicts.drop("assay", level="check")) == {"too few"}


def test_no_quantile_of_few_patients_is_kept(example: Example) -> None:
    served, cohort = example.served, example.cohort
    few = cohort.episodes.iloc[: FEWEST - 1]
    small = Cohort(
        few,
        cohort.events[cohort.events["episode_id"].isin(few["episode_id"])],
        cohort.grades.iloc[:0],
    )
    learnt = learn_contract(small, served.specification, 72.0)
    assert all(analyte["value"] is None for analyte in learnt["analytes"].values())
    assert all(column["quantiles"] is None for column in learnt["columns"].values())
    json.dumps(served.contract, allow_nan=False)
    assert served.contract["analytes"]["plasma.crp"]["value"] is not None


def test_drift_is_in_order_of_size_and_has_no_p_values(example: Example) -> None:
    served = example.served
    cohort = changed(example.cohort, "crp", "value", lambda values: values * 10)
    table = describe_drift(
        cohort, served.contract, specification=served.specification, landmark_h=72.0
    )
    assert {"plasma.crp.last.early", "plasma.crp.max.early"} == set(table["column"][:2])
    sizes = table["shift"].abs().dropna()
    assert sizes.is_monotonic_decreasing
    assert sizes.iloc[0] > 3 > sizes.iloc[2]
    assert not any("p" in name.split("_") for name in table)


def test_the_evidence_is_the_mean_likelihood_ratio_by_hand() -> None:
    """Two patients, risks 0.2 and 0.5, the first with the event: products of odds, written out."""
    expected = 0.0
    for ratio in ODDS_RATIOS:
        first = ratio * 0.2 / (0.8 + ratio * 0.2) / 0.2
        second = 0.5 / (0.5 + ratio * 0.5) / 0.5
        expected += first * second / len(ODDS_RATIOS)
    assert np.exp(log_evidence([1, 0], [0.2, 0.5])[-1]) == pytest.approx(expected, rel=1e-12)


def test_a_right_model_gains_nothing_on_average() -> None:
    """All outcomes of four patients, each with its probability: the mean evidence is 1."""
    risk = np.array([0.05, 0.2, 0.4, 0.9])
    outcomes = np.array([[(n >> bit) & 1 for bit in range(4)] for n in range(16)])
    chance = np.prod(np.where(outcomes == 1, risk, 1 - risk), axis=1)
    evidence = np.exp(log_evidence(outcomes, np.broadcast_to(risk, outcomes.shape)))
    np.testing.assert_allclose(chance @ evidence, 1.0, rtol=1e-12)


def test_each_period_begins_anew_and_says_when_it_alarmed() -> None:
    event, risk = [1] * 6 + [0] * 6, [0.1] * 12
    first, second = watch_calibration(event, risk, period=[2026] * 6 + [2027] * 6)
    assert (first.period, first.patients, first.events, first.alarm_at) == ("2026", 6, 6, 5)
    assert first.expected == pytest.approx(0.6)
    assert (second.events, second.alarm_at) == (0, None)
    with pytest.raises(IcansRiskError, match="in 1 rows"):
        watch_calibration([1, np.nan], [0.1, 0.2], period=[1, 1])
    with pytest.raises(IcansRiskError, match="lies within"):
        watch_calibration([1], [0.1], period=[1], false_alarm_rate=0.0)


def test_the_miniature_alarms_within_the_stated_rate_and_notices_what_is_wrong() -> None:
    table = load("monitoring").watch(years=400, seed=3).set_index(["changed", "patients"])
    false = table.loc["odds times 1.00", "alarms"]
    # Two standard errors above one in twenty.
    assert (false <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)).all()
    assert table.loc[("odds times 3.00", 100), "alarms"] > 0.9
    assert table.loc[("odds times 0.33", 150), "alarms"] > 0.9


def test_the_committed_table_keeps_what_is_promised() -> None:
    table = pd.read_csv(STUDIES / "monitoring.csv", dtype={"commit": str})
    assert table["seed"].nunique() == 1
    assert table["commit"].str.len().ge(7).all()
    indexed = table.set_index(["what", "changed", "patients"])["alarms"]
    assert (indexed["calibration"]["odds times 1.00"] <= 0.05).all()
    assert (indexed["calibration"]["slope 0.5"] <= 0.06).all()
    assert indexed["calibration"]["odds times 3.00"][100] >= 0.95
    contract = indexed["contract"].unstack()
    assert (contract.loc["nothing"] <= 0.05).all()
    assert (contract.drop("nothing") >= 0.9).all().all()


def test_the_program_finds_a_breach_and_draws_how_far_inputs_moved(
    example: Example, tmp_path: Path
) -> None:
    folder, figure = tmp_path / "later", tmp_path / "drift.png"
    cohort = changed(example.cohort, "ferritin", "value", lambda values: values / 1000)
    write_cohort(cohort, folder, made_by="test", data_kind="synthetic")
    done = call(
        "monitor", example.models[0], folder, "--figure", figure, "--json", tmp_path / "f.json"
    )
    assert done.exit_code == 2, done.output
    assert "plasma.ferritin, values" in done.output
    assert "SYNTHETIC" in done.output
    assert figure.read_bytes()[:4] == b"\x89PNG"
    found = json.loads((tmp_path / "f.json").read_text())
    assert found["breaches"] == 1
    assert found["drift"][0]["column"].startswith("plasma.ferritin")
    fine = call("monitor", example.models[0], example.cohort_folder)
    assert fine.exit_code == 0, fine.output
    assert "no alarm" in fine.output


def test_calibration_is_watched_on_what_was_written_down_first(
    example: Example, tmp_path: Path
) -> None:
    then, served = known_at(example.cohort, 73.0), example.served
    scored = score(then, [served], data_kind="synthetic")
    early = datetime(2026, 5, 1, tzinfo=UTC)
    ledgers = {}
    for name, odds in (("honest", 1.0), ("far too low", 0.05)):
        told = scored.predictions.copy()
        told["risk"] = expit(logit(told["risk"]) + np.log(odds))
        ledgers[name] = tmp_path / f"{name}.jsonl"
        append_predictions(
            ledgers[name],
            replace(scored, predictions=told),
            [served],
            data_cutoff=early,
            data_kind="synthetic",
            now=early + timedelta(hours=1),
        )
    calm = monitor_model(example.models[0], example.cohort_folder, ledger=ledgers["honest"])
    assert calm["calibration"]["alarms"] == 0
    assert [period["period"] for period in calm["calibration"]["periods"]] == ["2026"]
    loud = monitor_model(example.models[0], example.cohort_folder, ledger=ledgers["far too low"])
    assert loud["calibration"]["alarms"] == 1
    with pytest.raises(LedgerError, match="no prediction of this model"):
        monitor_model(example.models[1], example.cohort_folder, ledger=ledgers["honest"])

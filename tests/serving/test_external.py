"""A released model is judged on patients whom it was not fitted on, and on no others."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from icans_risk.cli.main import app
from icans_risk.cohort import Cohort, write_cohort
from icans_risk.errors import ModelError
from icans_risk.evaluation import METRICS, metric_interval, net_benefit
from icans_risk.models.released import load_released
from icans_risk.models.withdrawal import withdraw_model
from icans_risk.outcome import derive_outcomes
from icans_risk.serving import score
from icans_risk.workflow.external import evaluate_model
from icans_risk.workflow.recalibrate import recalibrate_model
from serving.example import Example
from workflow.small import small_study

RESAMPLES = 50


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def declaring(example: Example, folder: Path, *thresholds: float) -> Path:
    """Write the example's model as a study with these thresholds would have released it."""
    released = load_released(example.models[0])
    replace(released, facts={**released.facts, "thresholds": list(thresholds)}).save(folder)
    return folder


@pytest.fixture(scope="module")
def found(example: Example) -> dict[str, Any]:
    return evaluate_model(example.models[0], example.cohort_folder, resamples=RESAMPLES)


def test_figures_are_those_of_answers_and_outcomes_put_together_by_hand(
    example: Example, found: dict[str, Any]
) -> None:
    (one,) = found["models"]
    told = score(example.cohort, [example.served], data_kind="synthetic").predictions
    outcomes = derive_outcomes(
        example.cohort,
        (72.0,),
        endpoint=example.served.endpoint,
        scale="ASTCT",
        horizon_h=lambda _: example.served.horizon_h,
        policy="discharged_well",
    )
    at_risk = outcomes["at_risk"].to_numpy()
    answered = (told["status"] == "answered").to_numpy()
    event = outcomes["event"].to_numpy()
    judged = answered & np.isfinite(event)
    assert (one["at_risk"], one["answered"]) == (at_risk.sum(), answered.sum())
    assert one["answered_share"] == pytest.approx(answered.sum() / at_risk.sum())
    assert (one["judged"], one["events"]) == (judged.sum(), event[judged].sum())
    silent = at_risk & ~answered & np.isfinite(event)
    assert one["not_answered"] == {"judgeable": silent.sum(), "events": event[silent].sum()}
    y, p = event[judged], told["risk"].to_numpy()[judged]
    w = outcomes["weight"].to_numpy()[judged]
    groups = example.cohort.episodes["patient_id"].to_numpy()[judged]
    for name in METRICS:
        expected = metric_interval(name, y, p, groups=groups, weight=w, resamples=RESAMPLES, seed=0)
        ends = {"estimate": expected.estimate, "low": expected.low, "high": expected.high}
        assert one["metrics"][name] == pytest.approx(ends)
    assert one["ranking"]["everyone"]["auroc"] == pytest.approx(one["metrics"]["auroc"]["estimate"])
    performance = example.served.facts["performance"]["auroc"]
    assert list(one["in_development"]["auroc"].values()) == performance


def test_net_benefit_is_given_at_what_the_study_declared_and_nowhere_else(
    example: Example, found: dict[str, Any], tmp_path: Path
) -> None:
    (silent,) = found["models"]
    assert silent["net_benefit"] == []
    assert "its study declared none" in silent["thresholds_note"]
    model = declaring(example, tmp_path / "model", 0.2)
    (one,) = evaluate_model(model, example.cohort_folder, resamples=RESAMPLES)["models"]
    assert one["thresholds_note"] == "The model's study declared the thresholds 0.2."
    told = score(example.cohort, [example.served], data_kind="synthetic").predictions
    outcomes = derive_outcomes(
        example.cohort, (72.0,), endpoint=example.served.endpoint, scale="ASTCT",
        horizon_h=lambda _: example.served.horizon_h, policy="discharged_well",
    )  # fmt: skip
    rows = (told["status"] == "answered") & outcomes["event"].notna()
    columns = (outcomes["event"][rows], told["risk"][rows], outcomes["weight"][rows])
    (row,) = one["net_benefit"]
    assert row["net_benefit"] == pytest.approx(net_benefit(*columns, threshold=0.2))
    (by_hand,) = evaluate_model(
        model, example.cohort_folder, thresholds=[0.3], resamples=RESAMPLES
    )["models"]
    assert by_hand["thresholds"] == [0.3]
    assert "prove nothing" in by_hand["thresholds_note"]


def test_a_study_s_thresholds_are_kept_with_its_model(example: Example) -> None:
    assert example.served.facts["thresholds"] == list(example.study.evaluation.thresholds)


def test_the_patients_of_the_fit_are_refused(example: Example, tmp_path: Path) -> None:
    write_cohort(example.trained_on, tmp_path / "own", made_by="test", data_kind="synthetic")
    with pytest.raises(ModelError, match="these are the ones that it was fitted on"):
        evaluate_model(example.models[0], tmp_path / "own")


def test_the_patients_of_a_recalibration_are_refused(example: Example, tmp_path: Path) -> None:
    there = tmp_path / "there.yaml"
    small_study(there, example.cohort_folder)
    recalibrate_model(example.models[0], there, out=tmp_path / "local")
    with pytest.raises(ModelError, match="these are the ones that it was fitted on"):
        evaluate_model(tmp_path / "local", example.cohort_folder)


def some_known(example: Example) -> Cohort:
    """The other patients, 20 of whom are patients of the fit."""
    episodes = example.cohort.episodes.copy()
    known = set(example.trained_on.episodes["patient_id"])
    names = [f"new-{number}" for number in range(len(episodes))]
    names[:20] = sorted(known)[:20]
    return replace(example.cohort, episodes=episodes.assign(patient_id=names))


def test_whoever_was_in_the_fit_is_left_out_if_it_is_shown(
    example: Example, tmp_path: Path
) -> None:
    write_cohort(some_known(example), tmp_path / "mixed", made_by="test", data_kind="synthetic")
    write_cohort(example.trained_on, tmp_path / "own", made_by="test", data_kind="synthetic")
    without = evaluate_model(example.models[0], tmp_path / "mixed", resamples=RESAMPLES)
    assert without["left_out_as_trained_on"] == 0
    assert "keeps no patient" in without["cannot_show"]
    shown = evaluate_model(
        example.models[0], tmp_path / "mixed", trained_on=tmp_path / "own", resamples=RESAMPLES
    )
    assert shown["left_out_as_trained_on"] == 20
    assert shown["episodes"] == without["episodes"] - 20
    assert shown["cannot_show"] is None
    assert shown["models"][0]["at_risk"] < without["models"][0]["at_risk"]


def test_another_cohort_than_the_one_of_the_fit_is_no_proof(
    example: Example, tmp_path: Path
) -> None:
    write_cohort(some_known(example), tmp_path / "mixed", made_by="test", data_kind="synthetic")
    with pytest.raises(ModelError, match="--trained-on: expected the cohort that"):
        evaluate_model(example.models[0], example.cohort_folder, trained_on=tmp_path / "mixed")


def test_patients_of_another_kind_and_withdrawn_models_are_refused(
    example: Example, tmp_path: Path
) -> None:
    write_cohort(example.cohort, tmp_path / "real", made_by="test", data_kind="real")
    with pytest.raises(ModelError, match="synthetic patients for real ones"):
        evaluate_model(example.models[0], tmp_path / "real")
    model = declaring(example, tmp_path / "model")
    withdraw_model(model, reason="another assay")
    with pytest.raises(ModelError, match="another assay"):
        evaluate_model(model, example.cohort_folder)


def test_a_cohort_without_an_event_is_judged_not_estimable_and_says_so(
    example: Example, tmp_path: Path
) -> None:
    grades = example.cohort.grades
    mild = grades.assign(icans_grade=grades["icans_grade"].clip(upper=1.0))
    died = example.cohort.episodes.assign(death_cause=None)
    cohort = replace(example.cohort, grades=mild, episodes=died)
    write_cohort(cohort, tmp_path / "mild", made_by="test", data_kind="synthetic")
    (one,) = evaluate_model(example.models[0], tmp_path / "mild", resamples=RESAMPLES)["models"]
    assert one["events"] == 0
    assert set(one["metrics"].values()) == {None}
    assert one["ranking"]["everyone"]["auroc"] is None


def test_the_program_prints_writes_and_draws(example: Example, tmp_path: Path) -> None:
    model = declaring(example, tmp_path / "model", 0.2)
    done = call(
        "evaluate", model, "--cohort", example.cohort_folder, "--resamples", RESAMPLES,
        "--figure", tmp_path / "calibration.png", "--json", tmp_path / "told.json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    (one,) = told["models"]
    assert told["synthetic"] is told["research_use_only"] is True
    assert "SYNTHETIC patients: no evidence about real ones." in done.output
    auroc = one["metrics"]["auroc"]
    assert f"{auroc['estimate']:.3f} ({auroc['low']:.3f} to {auroc['high']:.3f})" in done.output
    assert f"{one['judged']} judged, {one['events']} of them with the endpoint" in done.output
    assert "net benefit at 0.2" in done.output
    assert "held out in its own study" in done.output
    assert (tmp_path / "calibration.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected either a model or a ledger, got neither"),
        (["{model}", "--ledger", "x"], "expected either a model or a ledger, got both"),
        (["{model}", "--head", "1:ab"], "--head belongs to --ledger"),
        (["--ledger", "x", "--figure", "x.png"], "--figure belongs to MODEL"),
        (["{model}", "--thresholds", "many"], "--thresholds: expected risks such as"),
        (["{model}", "--thresholds", "20"], "strictly between 0 and 1"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    example: Example, arguments: list[str], message: str
) -> None:
    filled = [one.format(model=example.models[0]) for one in arguments]
    done = call("evaluate", *filled, "--cohort", example.cohort_folder, "--resamples", 2)
    assert message in str(done.exception)

"""Predictions written down first, outcomes joined later."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from icans_risk.cli.main import app
from icans_risk.cohort import Cohort, write_cohort
from icans_risk.errors import LedgerError
from icans_risk.evaluation import METRICS
from icans_risk.outcome import derive_outcomes
from icans_risk.serving import score
from icans_risk.serving.predictions_ledger import append_predictions
from icans_risk.workflow.prospective import evaluate_ledger
from serving.example import Example

EARLY = datetime(2026, 5, 1, tzinfo=UTC)


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def known_at(cohort: Cohort, hours: float) -> Cohort:
    """What an export at that hour of everybody's course would hold."""
    episodes = cohort.episodes.copy()
    for column in ("died_h", "discharged_h"):
        episodes[column] = episodes[column].where(episodes[column] <= hours)
    episodes["death_cause"] = episodes["death_cause"].where(episodes["died_h"].notna())
    episodes["followed_until_h"] = episodes["followed_until_h"].clip(upper=hours)
    events, grades = cohort.events, cohort.grades
    return Cohort(
        episodes,
        events[(events["collected_h"] <= hours) & (events["available_h"] <= hours)],
        grades[(grades["assessed_h"] <= hours) & (grades["available_h"] <= hours)],
    )


@pytest.fixture
def kept(example: Example, tmp_path: Path) -> dict[str, Any]:
    """A ledger of predictions at 72 h, made from what was known then."""
    then = known_at(example.cohort, 73.0)
    scored = score(then, [example.served], data_kind="synthetic")
    ledger = tmp_path / "ledger.jsonl"
    head = append_predictions(
        ledger,
        scored,
        [example.served],
        data_cutoff=EARLY,
        data_kind="synthetic",
        now=EARLY + timedelta(hours=1),
    )
    return {"ledger": ledger, "scored": scored, "head": str(head), "folder": tmp_path}


def test_what_was_known_then_gives_the_answers_of_the_whole_cohort(
    example: Example, kept: dict[str, Any]
) -> None:
    """Nothing after the landmark bears on a prediction."""
    whole = score(example.cohort, [example.served], data_kind="synthetic").predictions
    told = kept["scored"].predictions
    both = (told["status"] == "answered") & (whole["status"] == "answered")
    assert both.sum() > 30
    pd.testing.assert_series_equal(told["risk"][both], whole["risk"][both], check_exact=True)
    assert (told["known_until_h"] <= 73.0).all()


def test_the_prospective_performance_is_that_of_what_was_written_down(
    example: Example, kept: dict[str, Any]
) -> None:
    found = evaluate_ledger(kept["ledger"], example.cohort_folder, resamples=50)
    assert found["problems"] == []
    assert "written anew" in found["cannot_show"]
    (model,) = found["models"]
    served = example.served
    outcomes = derive_outcomes(
        example.cohort,
        (72.0,),
        endpoint=served.endpoint,
        scale="ASTCT",
        horizon_h=lambda _: served.horizon_h,
        policy="discharged_well",
    )
    told = kept["scored"].predictions
    judged = (told["status"] == "answered") & outcomes["event"].notna()
    late = judged & (outcomes["observed_until_h"] <= told["known_until_h"])
    assert model["made_after_outcome"] == late.sum()
    rows = judged & ~late
    assert (model["judged"], model["events"]) == (rows.sum(), outcomes["event"][rows].sum())
    event, risk = outcomes["event"][rows].to_numpy(), told["risk"][rows].to_numpy()
    for name in ("auroc", "brier", "calibration_intercept"):
        expected = METRICS[name](event, risk, outcomes["weight"][rows].to_numpy())
        assert model["metrics"][name]["estimate"] == pytest.approx(expected)
    assert json.loads(json.dumps(found, allow_nan=False))["synthetic"] is True


def test_a_prediction_made_after_the_outcome_judges_nothing(
    example: Example, tmp_path: Path
) -> None:
    ledger = tmp_path / "late.jsonl"
    scored = score(example.cohort, [example.served], data_kind="synthetic")
    append_predictions(ledger, scored, [example.served], data_cutoff=EARLY, data_kind="synthetic")
    (model,) = evaluate_ledger(ledger, example.cohort_folder, resamples=50)["models"]
    assert model["judged"] == 0
    assert model["made_after_outcome"] >= 30
    assert set(model["metrics"].values()) == {None}


def test_the_clock_that_wrote_is_held_against_the_hour_of_the_outcome(
    example: Example, kept: dict[str, Any]
) -> None:
    def with_clock(infused: datetime) -> dict[str, Any]:
        file = kept["folder"] / "infused.csv"
        ids = example.cohort.episodes["episode_id"]
        pd.DataFrame({"episode_id": ids, "infused_at": infused.isoformat()}).to_csv(file)
        found = evaluate_ledger(kept["ledger"], example.cohort_folder, infused=file, resamples=50)
        return dict(found["models"][0])

    honest = with_clock(EARLY - timedelta(hours=73))
    (without,) = evaluate_ledger(kept["ledger"], example.cohort_folder, resamples=50)["models"]
    assert honest["judged"] == without["judged"] > 30
    # Written three weeks after everything had happened, on an export that was cut to look early.
    assert with_clock(EARLY - timedelta(days=60))["judged"] == 0


def test_the_first_prediction_counts(example: Example, kept: dict[str, Any]) -> None:
    again = kept["scored"].predictions.assign(risk=np.float64(0.5))
    append_predictions(
        kept["ledger"],
        replace(kept["scored"], predictions=again),
        [example.served],
        data_cutoff=EARLY,
        data_kind="synthetic",
        now=EARLY + timedelta(hours=3),
    )
    (model,) = evaluate_ledger(kept["ledger"], example.cohort_folder, resamples=50)["models"]
    assert model["repeated"] == 60
    assert model["metrics"]["auroc"]["estimate"] != 0.5


def test_a_ledger_that_was_tampered_with_judges_no_model(
    example: Example, kept: dict[str, Any]
) -> None:
    text = kept["ledger"].read_text()
    kept["ledger"].write_text(text.replace('"answered"', '"unstable"', 1))
    done = call(
        "evaluate", "--ledger", kept["ledger"], "--cohort", example.cohort_folder,
        "--json", kept["folder"] / "found.json",
    )  # fmt: skip
    assert done.exit_code == 2
    assert "It is not as it was written" in done.output
    found = json.loads((kept["folder"] / "found.json").read_text())
    assert found["models"] == []
    assert found["problems"][0]["code"] == "changed"


def test_the_program_writes_judges_and_checks_a_head(example: Example, tmp_path: Path) -> None:
    cohort = tmp_path / "then"
    write_cohort(known_at(example.cohort, 73.0), cohort, made_by="test", data_kind="synthetic")
    ledger, out = tmp_path / "ledger.jsonl", tmp_path / "risks.json"
    arguments = ["score", example.models[0], cohort, "--out", out, "--ledger", ledger]
    assert "Add --data-cutoff" in str(call(*arguments).exception)
    assert "time zone" in str(call(*arguments, "--data-cutoff", "2026-05-04").exception)
    future = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert "lie in the past" in str(call(*arguments, "--data-cutoff", future).exception)
    assert not ledger.exists()
    assert not out.exists()
    done = call(*arguments, "--data-cutoff", "2026-05-04T07:00+02:00")
    assert done.exit_code == 0, done.output
    head = done.output.partition("note elsewhere")[2].split()[0]
    judged = call(
        "evaluate", "--ledger", ledger, "--cohort", example.cohort_folder, "--head", head,
        "--resamples", 50,
    )  # fmt: skip
    assert judged.exit_code == 0, judged.output
    assert "SYNTHETIC" in judged.output
    assert "auroc" in judged.output
    other = "3" + head[head.index(":") :]
    assert (
        call(
            "evaluate", "--ledger", ledger, "--cohort", example.cohort_folder, "--head", other
        ).exit_code
        == 2
    )


def test_patients_of_another_kind_are_not_joined(
    example: Example, kept: dict[str, Any], tmp_path: Path
) -> None:
    write_cohort(example.cohort, tmp_path / "real", made_by="test", data_kind="real")
    with pytest.raises(LedgerError, match="the cohort is real"):
        evaluate_ledger(kept["ledger"], tmp_path / "real")

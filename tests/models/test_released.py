"""A released model answers, abstains, is stored whole, and is recalibrated."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from icans_risk.errors import ModelError, NotEstimableError
from icans_risk.models import BoostedTrees, save_model
from icans_risk.models.circumstances import Circumstances
from icans_risk.models.pipeline import Pipeline
from icans_risk.models.released import ReleasedModel, load_released
from models.test_pipeline import QUICK, patients
from models.whole import release_whole

FINE = Circumstances(
    is_model_withdrawn=False,
    is_real_patient=False,
    has_infusion_time=True,
    is_beyond_landmark=False,
    is_at_endpoint=False,
    has_cns_tumour=False,
    has_unseen_level=False,
    hours_since_last_input=2.0,
)


@pytest.fixture(scope="module")
def released() -> ReleasedModel:
    X, y, patient = patients(rows=200)
    model = Pipeline(settings=QUICK, folds=3).fit(X, y, groups=patient, seed=1).model
    return release_whole(model, X, y, patient, rebuilds=10)


def test_an_answer_has_a_risk_in_its_range_and_an_abstention_has_no_number(
    released: ReleasedModel,
) -> None:
    X, _, _ = patients(seed=2, rows=60)
    X.loc[7, [name for name in X if name.startswith("plasma")]] = np.nan
    X.loc[8, X.columns[0]] = 900.0
    told = released.answer(X, FINE)
    assert told.loc[7, "status"] == "required_modality_missing"
    assert "out_of_range" in told.loc[8, "reasons"]
    numbers = told.columns[2:]
    answered = told["status"] == "answered"
    assert answered.sum() > 50
    assert told.loc[~answered, numbers].isna().all().all()
    sure = told.loc[answered]
    assert ((sure["risk_low"] <= sure["risk"]) & (sure["risk"] <= sure["risk_high"])).all()
    assert (sure["venn_abers_low"] <= sure["venn_abers_high"]).all()
    np.testing.assert_array_equal(sure["risk"], released.model.predict_proba(X)[answered, 1])


def test_nobody_is_answered_by_a_model_of_whom_it_may_judge_nothing_is_known(
    released: ReleasedModel,
) -> None:
    X, _, _ = patients(seed=2, rows=5)
    with pytest.raises(NotEstimableError, match="too small to learn"):
        replace(released, applicability=None).answer(X, FINE)


def test_without_rebuilds_there_is_a_risk_and_no_range(released: ReleasedModel) -> None:
    X, _, _ = patients(seed=2, rows=20)
    told = replace(released, rebuilds=None, venn_abers=None).answer(X, FINE)
    assert told["risk"].notna().any()
    assert told[["risk_low", "risk_high", "venn_abers_low", "venn_abers_high"]].isna().all().all()


def test_what_is_stored_answers_alike(released: ReleasedModel, tmp_path: Path) -> None:
    released.save(tmp_path / "model")
    again = load_released(tmp_path / "model")
    X, _, _ = patients(seed=3, rows=80)
    pd.testing.assert_frame_equal(again.answer(X, FINE), released.answer(X, FINE))
    assert again.facts == released.facts
    again.save(tmp_path / "again")
    first, second = (tmp_path / name / "model.json" for name in ("model", "again"))
    assert first.read_bytes() == second.read_bytes()


def test_another_stored_model_is_refused(released: ReleasedModel, tmp_path: Path) -> None:
    X, y, _ = patients()
    save_model(BoostedTrees(rounds=2).fit(X, y), tmp_path / "bare")
    with pytest.raises(ModelError, match="released model"):
        load_released(tmp_path / "bare")
    damaged = {"facts": {}, "parts": {"rebuilds": {"failed": 0}, "venn_abers": None}}
    save_model(released.model, tmp_path / "parts", facts=damaged)
    with pytest.raises(ModelError, match="one of them cannot be read"):
        load_released(tmp_path / "parts")


def test_recalibration_moves_risk_and_range_and_is_written_down(released: ReleasedModel) -> None:
    X, y, patient = patients(seed=5, rows=300)
    # A site where three of four events do not happen.
    kept = (y == 0) | (patient % 4 == 0)
    local, changed = released.recalibrated(X[kept], y[kept], groups=patient[kept])
    assert changed.observed_expected_before < 0.8
    assert changed.observed_expected_after == pytest.approx(1.0)
    before, after = released.answer(X, FINE), local.answer(X, FINE)
    answered = after["status"] == "answered"
    for figure in ("risk_low", "risk", "risk_high", "venn_abers_high"):
        assert after.loc[answered, figure].mean() < before.loc[answered, figure].mean(), figure
    (told,) = local.facts["recalibrations"]
    assert told["patients"] == kept.sum()
    assert released.facts == {"landmark_h": 72.0}
    json.dumps(local.facts, allow_nan=False)

"""Miniature of the study of intervals, and what its committed tables say."""

from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

from test_studies import STUDIES, load


@pytest.fixture(scope="module")
def study() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        # One study imports another.
        patch.syspath_prepend(str(STUDIES))
        yield load("interval_coverage")


@pytest.fixture(scope="module")
def rows(study: ModuleType) -> object:
    return study.load_rows("interactions", study.TRAINING + 6 * study.PATIENTS + 500, seed=4)


def test_intervals_of_fixed_predictions_mostly_hold_the_truth(study, rows) -> None:
    table = study.fixed_predictions(rows, cohorts=6, resamples=200)
    assert table["cohorts"].between(5, 6).all()
    assert table["covered"].mean() > 0.8
    parts = table["covered"] + table["too_low"] + table["too_high"]
    assert parts.to_numpy() == pytest.approx(1.0, abs=1e-3)
    auroc = table.set_index(["figure", "interval"]).loc["auroc"]
    assert auroc["true"].between(0.7, 0.85).all()


def test_a_model_looks_better_on_its_own_patients_and_the_corrections_take_most_of_it(
    study, rows
) -> None:
    table, bias = study.refitted_models(rows, "elastic net", cohorts=3, rebuilds=10, resamples=50)
    assert table["truth"].tolist() == ["this model, fresh patients", "mean of models"] * 2
    error = bias.set_index("estimate")["bias"]
    assert error["apparent"] > error["optimism-corrected"] > error["out of bag"]
    assert error["apparent"] > 0.05


def test_an_interval_beside_the_truth_is_counted_on_its_side(study) -> None:
    label = ("r", "f", "i", "t")
    told = [
        study.Told(*label, 0.5, 0.6, 0.55, 0.7),
        study.Told(*label, 0.5, 0.4, 0.3, 0.45),
        study.Told(*label, 0.5, 0.5, 0.4, 0.6),
        study.Told(*label, 0.5, 0.5, 0.5, 0.6),
        study.Told(*label, 0.5, 0.5, np.nan, 0.6),
    ]
    row = study.count_covered(told).iloc[0]
    assert row["cohorts"] == 4
    assert (row["too_high"], row["too_low"], row["covered"]) == (0.25, 0.25, 0.5)

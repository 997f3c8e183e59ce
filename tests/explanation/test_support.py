"""An input is only believed where held-out patients bear it out."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit

from icans_risk.explanation import SUPPORTED_Z, held_out_support


def table(*columns: np.ndarray) -> pd.DataFrame:
    names = [f"plasma.a{i}" for i in range(len(columns))]
    return pd.DataFrame(np.column_stack(columns), columns=names)


def test_it_is_the_score_test_of_a_logistic_regression() -> None:
    generator = np.random.default_rng(0)
    added = generator.normal(size=4_000)
    y = (generator.random(4_000) < expit(0.2 * added - 1)).astype(int)
    parts = table(added)
    ours = held_out_support(parts, y, parts.notna()).iloc[0]
    empty = sm.GLM(y, np.ones(4_000), family=sm.families.Binomial()).fit()
    theirs = np.sqrt(empty.score_test(exog_extra=added[:, None])[0].item())
    # Theirs takes the variance of the model, ours that of the residuals.
    assert ours == pytest.approx(theirs, rel=0.05)


def test_what_points_the_wrong_way_is_below_zero_and_a_constant_is_zero() -> None:
    y = np.tile([0, 1], 20)
    parts = table(0.5 - y, np.ones(40))
    z = held_out_support(parts, y, parts.notna())
    assert z.iloc[0] < -5
    assert z.iloc[1] == 0.0


def test_noise_is_supported_in_one_of_twenty_cohorts() -> None:
    generator = np.random.default_rng(1)
    y = (generator.random(200) < 0.2).astype(int)
    parts = table(*generator.normal(size=(2_000, 200)))
    share = (held_out_support(parts, y, parts.notna()) >= SUPPORTED_Z).mean()
    assert share == pytest.approx(0.05, abs=0.015)


def test_that_something_was_measured_does_not_speak() -> None:
    generator = np.random.default_rng(2)
    y = np.repeat([0, 1], 60)
    # Measured in nearly all with the event and few without; absent moves the risk down.
    measured = generator.random(120) < np.where(y == 1, 0.9, 0.3)
    parts = table(np.where(measured, 0.3 + 0.1 * generator.normal(size=120), -0.5))
    known = pd.DataFrame({"plasma.a0": measured})
    assert held_out_support(parts, y, parts.notna()).iloc[0] > 5
    assert abs(held_out_support(parts, y, known).iloc[0]) < SUPPORTED_Z


def test_rows_of_one_patient_count_together_and_weights_count() -> None:
    generator = np.random.default_rng(3)
    y, added = np.tile([0, 1], 30), generator.normal(size=60)
    parts = table(added)
    once = held_out_support(parts, y, parts.notna())
    twice = table(np.repeat(added, 2))
    z = held_out_support(twice, np.repeat(y, 2), twice.notna(), patient=np.repeat(np.arange(60), 2))
    assert z.iloc[0] == pytest.approx(once.iloc[0])
    weight = np.where(np.arange(60) < 40, 2.0, 0.0)
    weighted = held_out_support(parts, y, parts.notna(), weight=weight)
    first = table(added[:40])
    assert weighted.iloc[0] == pytest.approx(held_out_support(first, y[:40], first.notna()).iloc[0])


def test_fewer_than_five_patients_of_either_outcome_say_nothing() -> None:
    y = np.array([1] * 4 + [0] * 40)
    parts = table(y - 0.5 + 0.01 * np.arange(44))
    assert held_out_support(parts, y, parts.notna()).iloc[0] == 0.0
    y[4] = 1
    assert held_out_support(parts, y, parts.notna()).iloc[0] > 0.0

import json

import numpy as np
import pytest
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.models.venn_abers import VennAbers, fit_venn_abers


def by_isotonic_regression(margin, y, asked):
    """Fit twice for each new margin, with either outcome: the definition."""
    return np.array(
        [
            [
                IsotonicRegression().fit_transform(np.append(margin, x), np.append(y, k))[-1]
                for x in asked
            ]
            for k in (0, 1)
        ]
    )


def patients(seed, rows, *, decimals):
    draw = np.random.default_rng(seed)
    margin = draw.normal(-1, 1.5, rows).round(decimals)
    y = (draw.random(rows) < expit(margin)).astype(int)
    y[:2] = 0, 1
    return margin, y


@pytest.mark.parametrize("decimals", [12, 0], ids=["distinct", "tied"])
@pytest.mark.parametrize("rows", [2, 5, 40, 150])
@pytest.mark.parametrize("seed", range(4))
def test_it_is_isotonic_regression_with_either_outcome(seed, rows, decimals):
    margin, y = patients(seed, rows, decimals=decimals)
    between = np.random.default_rng(seed).normal(-1, 2, 10)
    asked = np.concatenate([between, margin[:10], [margin.min() - 1, margin.max() + 1]])
    found = fit_venn_abers(margin, y).interval(asked)
    np.testing.assert_allclose(found, by_isotonic_regression(margin, y, asked), atol=1e-12)


def test_the_lower_risk_is_the_lower_and_both_rise_with_the_margin():
    low, high = fit_venn_abers(*patients(1, 200, decimals=3)).interval(np.linspace(-6, 6, 500))
    assert (low < high).all()
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()


def test_more_patients_settle_more():
    widths = []
    for rows in (50, 2_000):
        low, high = fit_venn_abers(*patients(2, rows, decimals=6)).interval(np.linspace(-2, 0, 50))
        widths.append((high - low).mean())
    assert widths[1] < widths[0] / 3


def test_the_margins_of_patients_are_not_kept():
    steps = fit_venn_abers(*patients(3, 400, decimals=9))
    assert steps.low_from.size + steps.high_after.size < 100


def test_it_survives_json():
    steps = fit_venn_abers(*patients(4, 80, decimals=6))
    read = VennAbers.from_state(json.loads(json.dumps(steps.to_state())))
    asked = np.linspace(-6, 6, 300)
    np.testing.assert_array_equal(read.interval(asked), steps.interval(asked))


def test_numpy_still_warns_after_the_package_came_in():
    assert np.geterr()["divide"] == "warn"
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.float64(1.0) / np.float64(0.0)


@pytest.mark.parametrize(
    ("margin", "y", "error"),
    [
        ([0.0, 1.0], [0, 0], NotEstimableError),
        ([0.0, 1.0], [0], IcansRiskError),
        ([0.0, np.inf], [0, 1], IcansRiskError),
        ([0.0, 1.0], [0, 3], IcansRiskError),
    ],
)
def test_unsound_rows_are_refused(margin, y, error):
    with pytest.raises(error):
        fit_venn_abers(margin, y)

"""Simulated figures against published ones."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from icans_risk.errors import IcansRiskError
from icans_risk.evidence import Tolerance, compare, comparison_table, load_evidence
from icans_risk.evidence.tolerance import binomial_bounds

FIGURES = load_evidence()
proportions = st.floats(0, 1)
counts = st.integers(1, 200_000)


def verdict(key: str, simulated: float, n: int | None = None) -> bool | None:
    return compare(FIGURES[key], simulated, n).passed


@pytest.mark.parametrize(
    ("key", "simulated", "passed"),
    [
        ("lag.crs_to_icans", 2.0, True),  # 3 d, within 1
        ("lag.crs_to_icans", 4.0, True),
        ("lag.crs_to_icans", 1.99, False),
        ("lag.crs_to_icans", 4.01, False),
        ("age.icans.hr", 1.02, True),  # 1.03, within 0.01: binary rounding does not decide
        ("age.icans.hr", 1.04, True),
        ("age.icans.hr", 1.0401, False),
        ("age.crs.hr", 1.0, True),
        ("age.crs.hr", 1.03, False),
        ("easix.severe_crs_or_icans.or", 1.3, True),  # 1.3 to 2.5
        ("easix.severe_crs_or_icans.or", 2.5, True),
        ("easix.severe_crs_or_icans.or", 1.29, False),
        ("single_marker.auc", 0.9, True),  # at most 0.9
        ("single_marker.auc", 0.5, True),
        ("single_marker.auc", 0.91, False),
        ("eeg.abnormal.icans", 0.95, True),  # at least 0.95
        ("eeg.abnormal.icans", 0.94, False),
        ("kinetics.plasma.il6.peak_grade3", 400.0, True),  # 800, factor 2
        ("kinetics.plasma.il6.peak_grade3", 1600.0, True),
        ("kinetics.plasma.il6.peak_grade3", 399.0, False),
        ("csf.wbc.grade", -0.1, True),  # no relation, within 0.1
        ("csf.wbc.grade", 0.2, False),
        ("nfl_baseline.auc.butt", 0.6, None),  # shown, not checked
    ],
)
def test_a_value_on_the_border_passes_and_one_beyond_does_not(key, simulated, passed) -> None:
    assert verdict(key, simulated) is passed


def test_a_proportion_passes_within_chance_and_three_points() -> None:
    # Binomial (1000, 0.30): central 95 % is 272 to 329.
    found = compare(FIGURES["icans_grade3.brexu_cel.mcl"], 0.30, n=1000)
    assert (found.low, found.high) == (pytest.approx(0.242), pytest.approx(0.359))
    assert verdict("icans_grade3.brexu_cel.mcl", 0.242, 1000)
    assert verdict("icans_grade3.brexu_cel.mcl", 0.359, 1000)
    assert not verdict("icans_grade3.brexu_cel.mcl", 0.241, 1000)
    assert not verdict("icans_grade3.brexu_cel.mcl", 0.360, 1000)


def test_many_patients_leave_the_three_points() -> None:
    low, high = binomial_bounds(0.3, 10_000_000)
    assert (low, high) == (pytest.approx(0.27, abs=1e-3), pytest.approx(0.33, abs=1e-3))


@pytest.mark.parametrize(("value", "bounds"), [(0.0, (0.0, 0.03)), (1.0, (0.97, 1.0))])
def test_nobody_and_everybody_have_bounds_too(value: float, bounds: tuple) -> None:
    assert binomial_bounds(value, 50) == pytest.approx(bounds)


def test_a_comparison_says_what_was_published_and_by_whom() -> None:
    found = compare(FIGURES["icans_any.brexu_cel.mcl"], 0.60, n=500)
    assert (found.published, found.published_low, found.published_high) == (0.62, 0.57, 0.66)
    assert (found.key, found.n, found.status) == ("icans_any.brexu_cel.mcl", 500, "read")
    assert found.source.startswith("CIBMTR brexu-cel MCL")
    assert found.tolerance_in_words == (
        "binomial 95 % at the simulated n, and 3 percentage points more"
    )


@pytest.mark.parametrize(
    ("fields", "unit", "words"),
    [
        ({"rule": "absolute", "amount": 1.0}, "d", "within 1 d"),
        ({"rule": "absolute", "amount": 0.01}, "1", "within 0.01"),
        ({"rule": "factor", "amount": 2.0}, "pg/mL", "within a factor of 2"),
        ({"rule": "between", "low": 1.3, "high": 2.5}, "1", "from 1.3 to 2.5"),
        ({"rule": "at_most", "amount": 0.9}, "1", "at most 0.9"),
        ({"rule": "at_least", "amount": 0.95}, "1", "at least 0.95"),
    ],
)
def test_a_rule_is_said_in_words(fields: dict, unit: str, words: str) -> None:
    assert Tolerance(**fields).in_words(unit) == words


def test_what_could_not_be_estimated_neither_passes_nor_misses() -> None:
    found = compare(FIGURES["icans_any.brexu_cel.mcl"], math.nan, n=0)
    assert (found.passed, found.low, found.high) == (None, None, None)
    assert found.tolerance_in_words == "not estimable in this simulation"


@pytest.mark.parametrize("n", [None, 0])
def test_a_proportion_needs_the_n_that_it_is_of(n: int | None) -> None:
    with pytest.raises(IcansRiskError, match="at least 1"):
        compare(FIGURES["icans_any.brexu_cel.mcl"], 0.6, n)


@pytest.mark.parametrize(
    ("key", "simulated"),
    [
        ("icans_any.brexu_cel.mcl", 62.0),
        ("icans_any.brexu_cel.mcl", -0.01),
        ("single_marker.auc", 1.01),
        ("lag.crs_to_icans", math.inf),
    ],
)
def test_an_impossible_simulated_value_is_refused(key: str, simulated: float) -> None:
    with pytest.raises(IcansRiskError, match=f"{key}: a simulated"):
        compare(FIGURES[key], simulated, 100)


def test_a_negative_n_is_refused() -> None:
    with pytest.raises(IcansRiskError, match="n counts patients, got -1"):
        compare(FIGURES["lag.crs_to_icans"], 3.0, -1)


@pytest.mark.parametrize("key", [key for key, f in FIGURES.items() if f.tolerance is not None])
def test_each_published_figure_passes_its_own_check(key: str) -> None:
    assert verdict(key, FIGURES[key].value, 1000)


def test_a_table_keeps_the_order_and_says_nothing_where_there_is_no_verdict() -> None:
    keys = ["lag.crs_to_icans", "nfl_baseline.auc.butt", "single_marker.auc"]
    table = comparison_table(
        [compare(FIGURES[k], v) for k, v in zip(keys, (9, 0.6, 0.8), strict=True)]
    )
    assert table["key"].tolist() == keys
    assert table["passed"].tolist()[0] is False
    assert table["passed"].isna().tolist() == [False, True, False]
    assert np.isnan(table.loc[2, "low"])
    assert table.loc[2, "high"] == 0.9


def test_an_empty_table_has_the_same_columns_and_types() -> None:
    full = comparison_table([compare(FIGURES["lag.crs_to_icans"], 3.0, 10)])
    empty = comparison_table([])
    assert len(empty) == 0
    assert list(empty.columns) == list(full.columns)
    for name in ("published", "low", "simulated", "n", "passed"):
        assert empty[name].dtype == full[name].dtype


@given(proportions, counts)
def test_binomial_bounds_hold_the_published_value_and_stay_possible(p: float, n: int) -> None:
    low, high = binomial_bounds(p, n)
    assert 0 <= low <= p <= high <= 1


@given(proportions, counts)
def test_binomial_bounds_are_at_least_three_points_wide_on_either_side(p: float, n: int) -> None:
    low, high = binomial_bounds(p, n)
    # The quantiles are whole patients: half a share of one is the most they can miss.
    assert low <= max(0.0, p - 0.03 + 1 / n)
    assert high >= min(1.0, p + 0.03 - 1 / n)


@given(proportions, st.integers(1, 5000))
def test_a_true_generator_misses_by_chance_in_at_most_one_of_twenty(p: float, n: int) -> None:
    low, high = binomial_bounds(p, n)
    below = binom.cdf(math.ceil(low * n - 1e-9) - 1, n, p)
    above = binom.sf(math.floor(high * n + 1e-9), n, p)
    assert below + above <= 0.05 + 1e-9


@given(st.floats(1e-3, 1e6), st.floats(1.01, 10), st.floats(1e-3, 1e3))
def test_a_factor_is_the_same_in_every_unit(value: float, amount: float, unit: float) -> None:
    rule = Tolerance(rule="factor", amount=amount)
    low, high = rule.bounds(value)
    assert rule.bounds(value * unit) == pytest.approx((low * unit, high * unit))
    assert low * high == pytest.approx(value * value)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_a_larger_amount_never_narrows(value: float, amount: float, more: float) -> None:
    narrow = Tolerance(rule="absolute", amount=amount).bounds(value)
    wide = Tolerance(rule="absolute", amount=amount + more).bounds(value)
    assert wide[0] <= narrow[0]
    assert wide[1] >= narrow[1]


def test_n_narrows_the_binomial_rule() -> None:
    widths = [high - low for low, high in (binomial_bounds(0.3, n) for n in (50, 500, 5000))]
    assert widths == sorted(widths, reverse=True)

"""Each reason against an answer is given by its rule, on its side of the threshold, and alone."""

import itertools
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.models.abstention import (
    ABSTENTIONS,
    FALSE_ALARM_RATE,
    RANGE_MARGIN,
    SHARE_OF_IMPORTANT,
    STALE_AFTER_H,
    WIDEST_INTERVAL,
)
from icans_risk.models.applicability import Applicability
from icans_risk.models.circumstances import Circumstances
from icans_risk.models.rebuilds import RiskInterval
from icans_risk.models.states import pack, unpack

MEASURED = {
    "plasma.crp": "plasma",
    "plasma.ldh": "plasma",
    "plasma.il6": "plasma",
    "plasma.slope": "plasma",
    "csf.protein": "csf",
    "clinical.temperature": "clinical",
}
PRODUCTS = ["static.product.a", "static.product.b"]
COLUMNS = [*PRODUCTS, "static.age_years", *MEASURED]
IMPORTANT = ["static.age_years", "plasma.crp", "plasma.ldh", "plasma.il6"]
FINE = Circumstances(
    is_model_withdrawn=False,
    is_real_patient=True,
    has_infusion_time=True,
    is_beyond_landmark=False,
    is_at_endpoint=False,
    has_cns_tumour=False,
    has_unseen_level=False,
    hours_since_last_input=6.0,
)


def cohort(seed: int, *, rows: int = 200) -> pd.DataFrame:
    """Severity moves all values; four in ten have no CSF, three in ten no interleukin-6."""
    generator = np.random.default_rng(seed)
    severity = generator.normal(size=(rows, 1))
    noise = severity + generator.normal(size=(rows, 6))
    measured = np.exp(0.5 * noise + [3.0, 5.5, 2.0, 0.0, 3.5, 0.0])
    measured[:, 3] = noise[:, 3]
    measured[:, 5] = 37.0 + 0.5 * noise[:, 5]
    measured[generator.random(rows) < 0.4, 4] = np.nan
    measured[generator.random(rows) < 0.3, 2] = np.nan
    product = generator.random(rows) < 0.3
    episode = np.column_stack([product, ~product, generator.normal(60.0, 10.0, rows).round()])
    table = pd.DataFrame(np.hstack([episode, measured]), columns=COLUMNS)
    return table.astype(np.float32)


def applicability(**options: Any) -> Applicability:
    chosen: dict[str, Any] = {
        "modality_of_column": MEASURED,
        "trained_on_synthetic": False,
        "trained_on_cns_tumours": False,
        "important": IMPORTANT,
        "categories": {"product": PRODUCTS},
    }
    return Applicability(**{**chosen, **options})


TRAINING = cohort(0)
FITTED = applicability().fit(TRAINING)
USUAL = pd.DataFrame(
    [[0.0, 1.0, 60.0, 20.0, 245.0, 7.4, 0.0, 33.0, 37.0]], columns=COLUMNS, dtype=np.float32
)


def reasons(
    X: pd.DataFrame = USUAL, facts: Circumstances = FINE, fitted: Applicability = FITTED, **at: Any
) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = fitted.check(X, facts, **at)["reasons"].tolist()
    return found


def usual(**cells: float) -> pd.DataFrame:
    """Change cells of the usual row; a double underscore stands for a dot."""
    return USUAL.assign(**{name.replace("__", "."): value for name, value in cells.items()})


def interval(low: float, high: float) -> RiskInterval:
    return RiskInterval(np.array([low]), np.array([high]), np.array([False]))


def test_a_usual_row_is_answered() -> None:
    checked = FITTED.check(USUAL.set_axis([17]), FINE, interval=interval(0.1, 0.3))
    assert checked.index.tolist() == [17]
    assert checked.loc[17].to_dict() == {"status": "answered", "reasons": ()}


@pytest.mark.parametrize(
    ("fact", "value", "code"),
    [
        ("is_model_withdrawn", True, "model_withdrawn"),
        ("has_infusion_time", False, "no_infusion_time"),
        ("is_beyond_landmark", True, "beyond_landmark"),
        ("is_at_endpoint", True, "already_at_endpoint"),
        ("has_cns_tumour", True, "cns_tumour"),
        ("has_unseen_level", True, "unknown_product"),
        ("hours_since_last_input", np.nextafter(STALE_AFTER_H, 100.0), "stale_input"),
    ],
)
def test_a_fact_gives_its_reason_and_no_other(fact: str, value: Any, code: str) -> None:
    assert reasons(facts=replace(FINE, **{fact: value})) == [(code,)]


@pytest.mark.parametrize("hours", [0.0, STALE_AFTER_H, np.nan])
def test_an_input_of_two_days_ago_is_not_stale(hours: float) -> None:
    assert reasons(facts=replace(FINE, hours_since_last_input=hours)) == [()]


@pytest.mark.parametrize(("synthetic", "real"), list(itertools.product((False, True), repeat=2)))
def test_a_synthetic_model_answers_for_synthetic_patients_alone(
    synthetic: bool, real: bool
) -> None:
    fitted = applicability(trained_on_synthetic=synthetic).fit(TRAINING)
    expected = ("synthetic_model_on_real_data",) if synthetic and real else ()
    assert reasons(facts=replace(FINE, is_real_patient=real), fitted=fitted) == [expected]


def test_a_model_of_cns_tumours_answers_for_them() -> None:
    fitted = applicability(trained_on_cns_tumours=True).fit(TRAINING)
    assert reasons(facts=replace(FINE, has_cns_tumour=True), fitted=fitted) == [()]


def test_facts_of_each_row_go_to_their_rows() -> None:
    three = pd.concat([USUAL] * 3, ignore_index=True)
    facts = replace(FINE, is_at_endpoint=[False, True, False], hours_since_last_input=[9, 9, 90])
    assert reasons(three, facts) == [(), ("already_at_endpoint",), ("stale_input",)]


@pytest.mark.parametrize(
    ("products", "expected"),
    [((0, 0), ("unknown_product",)), ((1, 0), ()), ((np.nan, np.nan), ())],
)
def test_indicators_that_are_all_zero_are_an_unknown_product(
    products: tuple[float, float], expected: tuple[str, ...]
) -> None:
    row = usual(**dict(zip(["static__product__a", "static__product__b"], products, strict=True)))
    assert reasons(row) == [expected]


def test_a_row_without_measurements_has_no_data() -> None:
    nothing = USUAL.assign(**dict.fromkeys(MEASURED, np.nan))
    assert reasons(nothing)[0][0] == "no_data_before_landmark"
    one = nothing.assign(**{"clinical.temperature": 37.0})
    assert "no_data_before_landmark" not in reasons(one)[0]


def test_a_model_of_product_and_age_waits_for_no_measurement() -> None:
    plain = applicability(modality_of_column={}, important=()).fit(TRAINING[COLUMNS[:3]])
    assert reasons(USUAL[COLUMNS[:3]], fitted=plain) == [()]


def test_a_required_modality_must_be_there_and_an_optional_one_need_not() -> None:
    without = usual(csf__protein=np.nan)
    assert reasons(without) == [()]
    strict = applicability(required_modalities=["csf"]).fit(TRAINING)
    assert reasons(without, fitted=strict) == [("required_modality_missing",)]
    assert reasons(fitted=strict) == [()]


def test_fewer_than_half_of_the_important_columns_are_too_few() -> None:
    assert FITTED.least_inputs_ == SHARE_OF_IMPORTANT * len(IMPORTANT) == 2
    two = usual(static__age_years=np.nan, plasma__il6=np.nan)
    assert "too_few_inputs" not in reasons(two)[0]
    assert "too_few_inputs" in reasons(two.assign(**{"plasma.crp": np.nan}))[0]


@pytest.mark.parametrize(("sparse", "least"), [(2, 2), (3, 1)])
def test_what_more_than_one_training_row_in_a_hundred_has_is_not_too_few(
    sparse: int, least: int
) -> None:
    training = TRAINING.copy()
    training["plasma.il6"] = 7.4
    training.loc[: sparse - 1, IMPORTANT[:3]] = np.nan
    fitted = applicability().fit(training)
    assert fitted.least_inputs_ == least
    few = ["too_few_inputs" in codes for codes in reasons(training, fitted=fitted)]
    assert sum(few) == (2 if sparse == 2 else 0)


@pytest.mark.parametrize("column", ["plasma.crp", "plasma.slope", "static.age_years"])
@pytest.mark.parametrize("is_high", [False, True])
def test_a_value_is_out_of_range_beyond_half_of_the_training_range(
    column: str, is_high: bool
) -> None:
    seen = TRAINING[column].to_numpy(dtype=np.float64)
    scaled = seen if seen.min() <= 0 else np.log(seen)
    span = RANGE_MARGIN * np.ptp(scaled)
    end = scaled.max() + span if is_high else scaled.min() - span
    for step, expected in ((-1e-4, False), (1e-4, True)):
        at = end + step * (1 if is_high else -1)
        row = USUAL.assign(**{column: at if seen.min() <= 0 else np.exp(at)})
        assert ("out_of_range" in reasons(row)[0]) is expected


# In single precision 0.7 is less than 0.7, and 90.3 is more than 90.3.
@pytest.mark.parametrize(
    ("value", "is_out"), [(0.7, False), (0.69, True), (90.3, False), (90.4, True)]
)
def test_a_hard_limit_holds_at_its_own_value(value: float, is_out: bool) -> None:
    limits = {"plasma.crp": (0.7, 90.3), "plasma.of_another_model": (0, 1)}
    fitted = applicability(hard_limits=limits, range_margin=10.0).fit(TRAINING)
    assert ("out_of_range" in reasons(usual(plasma__crp=value), fitted=fitted)[0]) is is_out


def test_a_hard_limit_beyond_the_range_leaves_the_range() -> None:
    limits = {"plasma.crp": (0.0, 1e30), "plasma.slope": (-1e30, 1e30)}
    fitted = applicability(hard_limits=limits).fit(TRAINING)
    np.testing.assert_array_equal(fitted.ranges_.low, FITTED.ranges_.low)
    np.testing.assert_array_equal(fitted.ranges_.high, FITTED.ranges_.high)
    assert np.isfinite(FITTED.ranges_.high).sum() == 7


def test_a_limit_may_be_open_at_one_end() -> None:
    fitted = applicability(hard_limits={"plasma.slope": (None, 3.0)}, range_margin=10.0)
    fitted.fit(TRAINING)
    assert "out_of_range" in reasons(usual(plasma__slope=3.1), fitted=fitted)[0]
    assert "out_of_range" not in reasons(usual(plasma__slope=-9.0), fitted=fitted)[0]


def test_a_column_with_few_values_or_two_of_them_has_no_range() -> None:
    rare = TRAINING.copy()
    rare["csf.protein"] = np.where(np.arange(200) < 19, TRAINING["plasma.crp"], np.nan)
    rare["plasma.il6"] = np.arange(200) % 2
    fitted = applicability().fit(rare)
    row = USUAL.assign(**{"csf.protein": 1e6, "plasma.il6": 50.0})
    assert "out_of_range" not in reasons(row, fitted=fitted)[0]
    rare["csf.protein"] = np.where(np.arange(200) < 20, TRAINING["plasma.crp"], np.nan)
    assert "out_of_range" in reasons(row, fitted=applicability().fit(rare))[0]


def test_values_that_do_not_go_together_are_unlike_training() -> None:
    # Each lies inside the range: only together are they strange.
    high, low = TRAINING.quantile(0.99), TRAINING.quantile(0.01)
    mixed = USUAL.assign(**{name: high[name] for name in ("plasma.crp", "plasma.il6")})
    mixed = mixed.assign(**{name: low[name] for name in ("plasma.ldh", "plasma.slope")})
    assert reasons(mixed) == [("unlike_training",)]
    severe = USUAL.assign(**{name: TRAINING[name].quantile(0.9) for name in MEASURED})
    assert reasons(severe) == [()]


def test_the_false_alarm_rate_is_the_greatest_p_value_that_is_refused() -> None:
    p_value = FITTED.p_value(TRAINING)
    assert set(FITTED.get_params()) >= {"false_alarm_rate"}
    refused = np.array(["unlike_training" in codes for codes in reasons(TRAINING)])
    assert refused.any()
    np.testing.assert_array_equal(refused, p_value <= FALSE_ALARM_RATE)
    strictest = applicability(false_alarm_rate=float(p_value.min())).fit(TRAINING)
    assert sum("unlike_training" in codes for codes in reasons(TRAINING, fitted=strictest)) == (
        np.count_nonzero(p_value == p_value.min())
    )


def test_a_laboratory_that_is_silent_is_unlike_training_and_a_missing_test_is_not() -> None:
    plasma = [name for name in MEASURED if name.startswith("plasma")]
    assert "unlike_training" in reasons(USUAL.assign(**dict.fromkeys(plasma, np.nan)))[0]
    for name in ("csf.protein", "plasma.il6", "plasma.ldh"):
        assert reasons(USUAL.assign(**{name: np.nan})) == [()]


@pytest.mark.parametrize(
    ("low", "high", "is_unstable"),
    [
        (0.0, WIDEST_INTERVAL, False),
        (0.0, np.nextafter(WIDEST_INTERVAL, 1.0), True),
        (0.1, 0.2, False),
        (0.2, 0.3, False),
        (0.19, 0.21, True),
    ],
)
def test_an_interval_is_unstable_if_wide_or_on_both_sides_of_the_threshold(
    low: float, high: float, is_unstable: bool
) -> None:
    fitted = applicability(decision_threshold=0.2).fit(TRAINING)
    expected = ("unstable",) if is_unstable else ()
    if (low, high) == (0.0, WIDEST_INTERVAL):
        fitted = FITTED
    assert reasons(fitted=fitted, interval=interval(low, high)) == [expected]


def test_values_are_looked_at_the_important_ones_first_and_never_of_indicators() -> None:
    last = applicability(important=["clinical.temperature"]).fit(TRAINING)
    numbers = [COLUMNS[k] for k in last.roles_.numbers]
    assert numbers[:2] == ["clinical.temperature", "static.age_years"]
    assert set(numbers) == set(COLUMNS) - set(PRODUCTS)


def test_without_a_declared_threshold_nothing_is_crossed() -> None:
    assert reasons(interval=interval(0.19, 0.21)) == [()]


def test_all_reasons_are_given_and_the_first_is_the_status() -> None:
    row = USUAL.assign(**dict.fromkeys(MEASURED, np.nan), **dict.fromkeys(PRODUCTS, 0.0))
    facts = Circumstances(
        is_model_withdrawn=True,
        is_real_patient=True,
        has_infusion_time=False,
        is_beyond_landmark=True,
        is_at_endpoint=True,
        has_cns_tumour=True,
        has_unseen_level=False,
        hours_since_last_input=100.0,
    )
    fitted = applicability(trained_on_synthetic=True, required_modalities=["plasma"])
    fitted.fit(TRAINING)
    row["static.age_years"] = 900.0
    checked = fitted.check(row, facts, interval=interval(0.1, 0.9))
    assert checked["reasons"].tolist() == [tuple(ABSTENTIONS)]
    assert checked["status"].tolist() == ["model_withdrawn"]


def test_every_reason_is_explained() -> None:
    for why in ABSTENTIONS.values():
        assert why.sentence.endswith(".")
        assert why.rule.endswith(".")
        assert why.source
    numbers = {code: why.threshold for code, why in ABSTENTIONS.items() if why.threshold}
    assert numbers == {
        "too_few_inputs": 0.5,
        "stale_input": 48.0,
        "out_of_range": 0.5,
        "unlike_training": 0.03,
        "unstable": 0.4,
    }


@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_the_order_of_rows_and_of_columns_makes_no_difference(seed: int) -> None:
    generator = np.random.default_rng(seed)
    patient = np.arange(200) // 2
    order = generator.permutation(200)
    asked = applicability().fit(TRAINING, groups=patient).to_state()
    turned = applicability().fit(TRAINING.iloc[order], groups=patient[order]).to_state()
    assert json.dumps(turned) == json.dumps(asked)
    columns = generator.permutation(COLUMNS)
    fresh = cohort(seed, rows=30)
    assert reasons(fresh[columns]) == reasons(fresh)
    assert reasons(fresh.iloc[::-1]) == reasons(fresh)[::-1]


def test_a_row_of_its_own_is_the_patient_where_none_is_named() -> None:
    by_row = applicability().fit(TRAINING.iloc[::-1]).to_state()
    assert json.dumps(by_row) == json.dumps(FITTED.to_state())


def test_the_state_is_strict_json_and_gives_the_same_answers() -> None:
    fitted = applicability(
        required_modalities=("plasma",), hard_limits={"plasma.crp": (None, 500.0)}
    ).fit(TRAINING)
    text = json.dumps(pack(fitted), allow_nan=False)
    read = unpack(json.loads(text))
    assert json.dumps(pack(read), allow_nan=False) == text
    fresh = cohort(3)
    fresh.iloc[:50] *= 3.0
    np.testing.assert_array_equal(read.p_value(fresh), fitted.p_value(fresh))
    assert reasons(fresh, fitted=read) == reasons(fresh, fitted=fitted)
    assert len(set(reasons(fresh, fitted=read))) > 2


def test_a_model_that_sees_only_categories_has_a_state_too() -> None:
    plain = applicability(modality_of_column={}, important=()).fit(TRAINING[PRODUCTS])
    read = unpack(json.loads(json.dumps(pack(plain))))
    assert reasons(USUAL[PRODUCTS], fitted=read) == [()]


def test_what_is_stored_of_a_column_does_not_grow_with_the_patients() -> None:
    large = applicability().fit(cohort(0, rows=1_000)).to_state()["novelty"]
    small = FITTED.to_state()["novelty"]
    for scales in zip(small["values"]["scales"], large["values"]["scales"], strict=True):
        assert all(3 <= len(scale["knots"]) <= 33 for scale in scales)
    # With and without CSF and interleukin-6, and no more for five times as many patients.
    assert len(small["pattern"]["missing"]) == len(large["pattern"]["missing"]) == 4


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"is_at_endpoint": [True, False]}, r"one for each of 1 rows, got the shape \(2,\)"),
        ({"has_cns_tumour": None}, "True or False, got something else in 1 of 1 rows"),
        ({"has_cns_tumour": [float("nan")]}, "True or False"),
        ({"has_infusion_time": 1}, "True or False"),
        ({"hours_since_last_input": -1.0}, "at least 0 hours"),
    ],
)
def test_a_fact_that_is_none_is_refused(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(IcansRiskError, match=message):
        reasons(facts=replace(FINE, **facts))


def test_flags_of_a_column_of_objects_are_read() -> None:
    assert reasons(facts=replace(FINE, is_at_endpoint=np.array([True], dtype=object))) == [
        ("already_at_endpoint",)
    ]


def test_an_interval_of_other_rows_is_refused() -> None:
    with pytest.raises(IcansRiskError, match="an interval for each of 2 rows, got 1"):
        FITTED.check(pd.concat([USUAL, USUAL]), FINE, interval=interval(0.1, 0.2))


@pytest.mark.parametrize(
    "options",
    [
        {"modality_of_column": {"plasma.none": "plasma"}},
        {"important": ["plasma.none"]},
        {"categories": {"product": ["plasma.none"]}},
    ],
)
def test_a_column_that_is_not_there_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(IcansRiskError, match=r"columns must be among the 9 .*plasma\.none"):
        applicability(**options).fit(TRAINING)


def test_a_required_modality_without_a_column_is_refused() -> None:
    with pytest.raises(IcansRiskError, match="required modalities must be among the 3"):
        applicability(required_modalities=["eeg"]).fit(TRAINING)


def test_rows_without_names_are_refused() -> None:
    with pytest.raises(IcansRiskError, match="columns with names"):
        applicability().fit(TRAINING.to_numpy())
    with pytest.raises(ValueError, match="named columns"):
        FITTED.check(USUAL.to_numpy(), FINE)


def test_other_columns_and_infinity_are_refused() -> None:
    with pytest.raises(ValueError, match=r"feature names"):
        FITTED.check(USUAL.rename(columns={"plasma.crp": "plasma.new"}), FINE)
    with pytest.raises(ValueError, match="infinity in 1 cells"):
        FITTED.check(usual(plasma__crp=np.inf), FINE)


def test_too_few_patients_for_the_false_alarm_rate_are_refused() -> None:
    # One in 34 is below 3 %, one in 33 is not.
    applicability().fit(TRAINING.iloc[:33])
    with pytest.raises(NotEstimableError, match="from 33 training patients on, got 32"):
        applicability().fit(TRAINING.iloc[:64], groups=np.arange(64) // 2)

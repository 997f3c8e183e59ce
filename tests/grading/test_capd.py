import math

import pytest

from icans_risk.errors import GradingError
from icans_risk.grading import (
    UNABLE_TO_PERFORM,
    CapdRules,
    Instrument,
    choose_instrument,
    grade_capd,
)


@pytest.mark.parametrize(
    ("score", "grade"), [(0, 0), (1, 1), (8, 1), (9, 3), (32, 3), (UNABLE_TO_PERFORM, 4)]
)
def test_every_band_of_the_row(score, grade):
    assert grade_capd(score) == grade


def test_the_row_alone_never_gives_grade_two():
    assert 2 not in {grade_capd(score) for score in range(33)}


def test_the_assumed_numbers_can_be_changed():
    rules = CapdRules(low_from=0, high_from=10, maximum=40)
    assert [grade_capd(score, rules=rules) for score in (0, 9, 10, 40)] == [1, 1, 3, 3]


@pytest.mark.parametrize(("score", "grade"), [(12, 0), (11, 0), (13, 3), (UNABLE_TO_PERFORM, 4)])
def test_a_score_counts_only_above_the_baseline(score, grade):
    assert grade_capd(score, baseline=12) == grade


@pytest.mark.parametrize("score", [-1, 33, 8.5, math.nan, None, True])
def test_a_score_off_the_scale_is_refused(score):
    with pytest.raises(GradingError, match="CAPD total must be a whole number from 0 to 32"):
        grade_capd(score)


def test_other_text_is_refused_and_not_repeated():
    with pytest.raises(GradingError, match="got other text") as caught:
        grade_capd("Mrs Smith slept")
    assert "Smith" not in str(caught.value)


def test_rules_out_of_order_are_refused():
    with pytest.raises(GradingError, match="got 9, 9, 32"):
        CapdRules(low_from=9)


@pytest.mark.parametrize(
    ("age", "delay", "instrument"),
    [
        (0, False, Instrument.CAPD),
        (11.99, False, Instrument.CAPD),
        (12, False, Instrument.ICE),
        (40, False, Instrument.ICE),
        (40, True, Instrument.CAPD),
    ],
)
def test_capd_is_for_children_under_twelve_and_developmental_delay(age, delay, instrument):
    assert choose_instrument(age, has_developmental_delay=delay) is instrument


def test_the_age_boundary_can_be_read_as_twelve_and_under():
    assert choose_instrument(12.5, rules=CapdRules(below_years=13)) is Instrument.CAPD


@pytest.mark.parametrize("age", [-1, math.nan, 200])
def test_an_impossible_age_is_refused(age):
    with pytest.raises(GradingError, match="Age must be in years"):
        choose_instrument(age)

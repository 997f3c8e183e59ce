import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.cohort import SCALES
from icans_risk.errors import GradingError, IcansRiskError
from icans_risk.grading import Scale, check_single_scale, resolve_half, resolve_half_grades


def test_one_scale_is_returned_and_zeros_are_passed_over():
    assert check_single_scale({"ASTCT": 0, "CTCAE": 7}) is Scale.CTCAE


def test_cres_is_another_name_of_cartox():
    assert check_single_scale({"CRES": 2, "CARTOX": 3}) is Scale.CARTOX


def test_a_mixture_is_refused_with_its_counts():
    with pytest.raises(GradingError, match="cannot be converted") as caught:
        check_single_scale({"CTCAE": 50, "ASTCT": 19}, endpoint="icans_grade >= 3")
    assert "icans_grade >= 3" in str(caught.value)
    assert "{'ASTCT': 19, 'CTCAE': 50}" in str(caught.value)


@pytest.mark.parametrize("counts", [{}, {"ASTCT": 0}])
def test_no_grade_at_all_is_refused(counts):
    with pytest.raises(GradingError, match="no grade at all"):
        check_single_scale(counts)


def test_an_unknown_scale_is_refused_and_not_repeated():
    with pytest.raises(GradingError, match="position 1 is none of them") as caught:
        check_single_scale({"ASTCT": 1, "Mrs Smith": 2})
    assert "Smith" not in str(caught.value)


@pytest.mark.parametrize("count", [-1, 2.5])
def test_a_count_must_be_a_count(count):
    with pytest.raises(GradingError, match="number of assessments"):
        check_single_scale({"ASTCT": count})


def test_the_scales_are_those_of_the_cohort():
    assert tuple(scale.value for scale in Scale) == SCALES


@pytest.mark.parametrize(
    ("value", "rule", "expected"),
    [(2.5, "ceil", 3), (2.5, "floor", 2), (3, "strict", 3), (0.5, "ceil", 1), (4.5, "ceil", 5)],
)
def test_a_half_goes_where_the_rule_says(value, rule, expected):
    assert resolve_half(value, rule=rule) == expected


@pytest.mark.parametrize(
    ("value", "rule", "message"),
    [
        (2.5, "strict", r"got 2\.5. A half"),
        (2.3, "ceil", r"got 2\.3"),
        (5.5, "floor", r"from 0 to 5, got 5\.5"),
        (-0.5, "ceil", r"got -0\.5"),
        (math.nan, "ceil", "got nan"),
        (2.5, "round", "'ceil', 'floor' or 'strict', got 'round'"),
    ],
)
def test_everything_else_between_two_grades_is_refused(value, rule, message):
    with pytest.raises(GradingError, match=message):
        resolve_half(value, rule=rule)


@given(
    st.lists(st.none() | st.integers(0, 10).map(lambda n: n / 2)),
    st.sampled_from(["ceil", "floor"]),
)
def test_a_column_of_halves_is_resolved_like_each_half(values, rule):
    column = pd.Series(values, dtype="float64", index=range(7, 7 + len(values)))
    resolved = resolve_half_grades(column, rule=rule)
    assert list(resolved.index) == list(column.index)
    expected = [None if v is None else resolve_half(v, rule=rule) for v in values]
    assert [None if math.isnan(v) else v for v in resolved] == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2.5, 0.5], r"'grade' must be a whole number; .* 2 of 3 cells .* positions 1, 2\)"),
        ([1, 1.2], "with a stated rule, a half"),
        ([6], r"must lie in 0\.\.5"),
        (["3-4"], "must be a number"),
    ],
)
def test_a_column_with_wrong_grades_is_refused_by_position(values, message):
    with pytest.raises(GradingError, match=message):
        resolve_half_grades(pd.Series(values), rule="strict")


def test_a_grading_error_is_an_error_of_this_package():
    assert issubclass(GradingError, IcansRiskError)

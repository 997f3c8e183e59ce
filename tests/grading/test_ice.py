import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.errors import GradingError
from icans_risk.grading import ICE_ITEMS, IceScore, grade_ice, ice_from_total, score_ice

ITEMS = st.fixed_dictionaries(
    {item: st.none() | st.integers(0, points) for item, points in ICE_ITEMS.items()}
)


def test_the_items_make_ten_points():
    assert dict(ICE_ITEMS) == {
        "orientation": 4,
        "naming": 3,
        "following_commands": 1,
        "writing": 1,
        "attention": 1,
    }


@pytest.mark.parametrize(
    ("score", "grade"),
    [(10, 0), (9, 1), (8, 1), (7, 1), (6, 2), (5, 2), (4, 2), (3, 2), (2, 3), (1, 3)],
)
@pytest.mark.parametrize("is_unarousable", [None, False])
def test_every_score_above_zero_has_its_band(score, grade, is_unarousable):
    graded = grade_ice(score, is_unarousable=is_unarousable)
    assert (graded.grade, graded.unadjusted_grade, graded.is_certain) == (grade, grade, True)


@pytest.mark.parametrize(
    ("is_unarousable", "lowest", "highest"), [(False, 3, 3), (True, 4, 4), (None, 3, 4)]
)
def test_zero_is_grade_three_awake_and_grade_four_unarousable(is_unarousable, lowest, highest):
    graded = grade_ice(0, is_unarousable=is_unarousable)
    assert (graded.grade, graded.lowest, graded.highest) == (lowest, lowest, highest)


@pytest.mark.parametrize(
    ("score", "baseline", "grade", "unadjusted"),
    [(8, 8, 0, 1), (9, 8, 0, 1), (7, 8, 1, 1), (6, 8, 2, 2), (2, 2, 0, 3), (10, 10, 0, 0)],
)
def test_the_absolute_band_counts_only_below_the_baseline(score, baseline, grade, unadjusted):
    graded = grade_ice(score, baseline=baseline)
    assert (graded.grade, graded.unadjusted_grade) == (grade, unadjusted)


def test_a_partial_score_is_an_interval_and_never_a_silent_zero():
    score = score_ice(orientation=3, naming=3)
    assert (score.lower, score.upper, score.total) == (6, 9, None)
    assert score.not_assessed == ("following_commands", "writing", "attention")
    graded = grade_ice(score)
    assert (graded.lowest, graded.highest, graded.grade) == (1, 2, 1)
    assert not graded.is_certain


def test_a_partial_score_that_may_be_perfect_has_no_grade():
    assert grade_ice(score_ice(writing=1)).grade is None
    assert grade_ice(score_ice(orientation=4, naming=3)).grade is None


def test_a_partial_score_at_the_baseline_is_grade_zero():
    assert grade_ice(ice_from_total(8, not_assessed=["writing"]), baseline=8).grade == 0


def test_nothing_assessed_is_not_assessed():
    score = score_ice()
    assert not score.is_assessed
    assert (score.lower, score.upper) == (0, 10)
    assert grade_ice(score).grade is None


def test_a_total_knows_what_it_leaves_out():
    score = ice_from_total(5, not_assessed=["naming", "attention"])
    assert (score.lower, score.upper, score.not_assessed) == (5, 9, ("naming", "attention"))


def test_the_mean_of_two_raters_follows_the_stated_rule():
    assert ice_from_total(7.5, half="floor").total == 7
    assert ice_from_total(7.5, half="ceil").total == 8


@pytest.mark.parametrize("total", [11, -1, 7.5, 7.25, math.nan, math.inf, True, "seven", [7]])
def test_a_total_off_the_scale_is_refused(total):
    with pytest.raises(GradingError, match="ICE total must be a whole number from 0 to 10"):
        ice_from_total(total)


def test_the_message_about_a_half_names_the_rules():
    with pytest.raises(GradingError, match=r"got 7\.5.*'ceil' or 'floor'"):
        grade_ice(7.5)


def test_a_total_beyond_the_items_assessed_is_refused():
    with pytest.raises(GradingError, match="from 0 to 7, got 8"):
        ice_from_total(8, not_assessed=["naming"])


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ({"orientation": 5}, "ICE orientation must be a whole number from 0 to 4, got 5"),
        ({"naming": -1}, "ICE naming must be a whole number from 0 to 3, got -1"),
        ({"writing": 0.5}, "ICE writing must be a whole number from 0 to 1"),
    ],
)
def test_an_item_off_its_points_is_refused(items, message):
    with pytest.raises(GradingError, match=message):
        score_ice(**items)


def test_an_unknown_item_is_refused():
    with pytest.raises(GradingError, match="1 of 1 given as not assessed are not"):
        ice_from_total(8, not_assessed=["president"])


def test_a_baseline_off_the_scale_is_refused():
    with pytest.raises(GradingError, match="ICE baseline"):
        grade_ice(8, baseline=11)


@pytest.mark.parametrize(("lower", "upper"), [(-1, -1), (11, 11), (8, 7), (5, 7)])
def test_impossible_bounds_are_refused(lower, upper):
    with pytest.raises(GradingError, match="An ICE score must lie"):
        IceScore(lower, upper)


@given(ITEMS)
def test_the_score_never_leaves_the_scale(items):
    score = score_ice(**items)
    assert 0 <= score.lower <= score.upper <= 10
    assert score.is_complete == (score.total is not None)


@given(ITEMS, st.none() | st.integers(0, 10), st.none() | st.booleans())
def test_filling_in_an_item_stays_inside_the_interval(items, baseline, is_unarousable):
    wide = grade_ice(score_ice(**items), baseline=baseline, is_unarousable=is_unarousable)
    for filling in (0, 1):
        filled = {
            item: filling * points if items[item] is None else items[item]
            for item, points in ICE_ITEMS.items()
        }
        narrow = grade_ice(score_ice(**filled), baseline=baseline, is_unarousable=is_unarousable)
        assert wide.lowest <= narrow.lowest <= narrow.highest <= wide.highest


@given(st.integers(0, 9), st.none() | st.integers(0, 10))
def test_a_worse_score_never_has_a_lower_grade(score, baseline):
    worse = grade_ice(score, baseline=baseline, is_unarousable=False)
    better = grade_ice(score + 1, baseline=baseline, is_unarousable=False)
    assert worse.lowest >= better.lowest

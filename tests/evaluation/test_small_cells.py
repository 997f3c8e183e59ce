import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.small_cells import hide_small_cells

NAN = np.nan


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([[0, 3, 9, 7]], [[0, NAN, 9, NAN]]),
        ([[0, 3, 4, 7]], [[0, NAN, NAN, 7]]),
        ([[5, 6]], [[5, 6]]),
        ([[0, 3, 0]], [[NAN, NAN, 0]]),
        ([[3, 9], [8, 7]], [[NAN, NAN], [NAN, NAN]]),
        ([[3]], [[NAN]]),
    ],
)
def test_small_cells_are_hidden_with_one_that_would_give_them_away(counts, shown):
    np.testing.assert_array_equal(hide_small_cells(counts, fewest=5), shown)


def test_a_floor_of_one_hides_nothing():
    assert hide_small_cells([[0, 1, 2]], fewest=1).tolist() == [[0, 1, 2]]


def test_a_floor_below_one_is_refused():
    with pytest.raises(IcansRiskError, match="got 0"):
        hide_small_cells([[1]], fewest=0)


@given(
    st.integers(2, 4).flatmap(
        lambda k: st.lists(
            st.lists(st.integers(0, 20), min_size=k, max_size=k), min_size=2, max_size=4
        )
    ),
    st.integers(1, 8),
)
def test_no_line_hides_one_cell_only_and_no_small_one_is_shown(counts, fewest):
    shown = hide_small_cells(counts, fewest=fewest)
    seen = shown[~np.isnan(shown)]
    assert not ((seen > 0) & (seen < fewest)).any()
    for axis in (0, 1):
        assert 1 not in np.isnan(shown).sum(axis=axis)
    np.testing.assert_array_equal(seen, np.array(counts)[~np.isnan(shown)])

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.evaluation.reclassification import reclassification_table


def count(table, outcome, before, after):
    return table.set_index(["outcome", "before", "after"]).loc[(outcome, before, after), "count"]


def test_rows_are_the_old_model_and_columns_the_new_one():
    table = reclassification_table(
        [1, 1, 1, 0, 0],
        [0.4, 0.5, 0.1, 0.1, 0.2],
        minus=[0.1, 0.3, 0.1, 0.9, 0.2],
        thresholds=[0.2, 0.5],
        groups=range(5),
        fewest=1,
    )
    assert len(table) == 18
    assert count(table, 1, 0, 1) == 1
    assert count(table, 1, 1, 2) == 1
    assert count(table, 1, 0, 0) == 1
    assert count(table, 0, 2, 0) == 1
    assert count(table, 0, 1, 1) == 1
    assert table["count"].sum() == 5


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_the_table_is_the_crosstab_of_the_categories(seed):
    draw = np.random.default_rng(seed)
    y, w = draw.integers(0, 2, 50), draw.integers(0, 3, 50)
    p, other, at = draw.random(50).round(1), draw.random(50).round(1), [0.2, 0.5, 0.8]
    table = reclassification_table(
        y, p, minus=other, thresholds=at, groups=range(50), fewest=1, weight=w
    )
    for outcome in (0, 1):
        rows = np.repeat(np.arange(50), w * (y == outcome))
        before, after = (np.digitize(risk[rows], at) for risk in (other, p))
        expected = pd.crosstab(before, after).reindex(
            index=range(4), columns=range(4), fill_value=0
        )
        found = table[table["outcome"] == outcome]["count"].to_numpy().reshape(4, 4)
        np.testing.assert_array_equal(found, expected.to_numpy())


def test_cells_with_few_patients_are_hidden_and_cannot_be_subtracted():
    # 3 move up, 20 move down; 30 and 40 stay.
    before = np.repeat([0.1, 0.9, 0.1, 0.9], [3, 20, 30, 40])
    after = np.repeat([0.9, 0.1, 0.1, 0.9], [3, 20, 30, 40])
    table = reclassification_table(
        np.ones(93), after, minus=before, thresholds=[0.5], groups=range(93), fewest=5
    )
    assert table[table["outcome"] == 1]["count"].isna().all()
    assert (table[table["outcome"] == 0]["count"] == 0).all()


def test_the_hidden_cells_are_the_small_ones_and_not_their_mirror():
    counts = [[20, 2, 3], [9, 2, 3], [9, 9, 40]]
    before, after = (np.repeat(part.ravel(), np.ravel(counts)) for part in np.indices((3, 3)))
    table = reclassification_table(
        np.ones(97), after * 0.4, minus=before * 0.4, thresholds=[0.3, 0.7], groups=range(97),
        fewest=5,
    )  # fmt: skip
    shown = table[table["outcome"] == 1]["count"].to_numpy().reshape(3, 3)
    np.testing.assert_array_equal(
        shown, [[20, np.nan, np.nan], [9, np.nan, np.nan], [9, 9, 40]]
    )  # fmt: skip


def test_many_rows_of_few_patients_are_few_patients():
    table = reclassification_table(
        np.zeros(40), np.full(40, 0.1), minus=np.full(40, 0.1), thresholds=[0.5],
        groups=np.arange(40) % 2, fewest=5,
    )  # fmt: skip
    assert np.isnan(count(table, 0, 0, 0))

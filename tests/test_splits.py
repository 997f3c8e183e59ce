import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.splits import repeated_grouped_folds


def cohort(seed: int, patients: int = 40, events: int = 9):
    """Some patients with two or three rows; the first few have the event in each."""
    draw = np.random.default_rng(seed)
    rows = draw.integers(1, 4, patients)
    groups = np.repeat([f"p{i:03d}" for i in draw.permutation(patients)], rows)
    return np.repeat(np.arange(patients) < events, rows).astype(int), groups


def patients_by_fold(splits, groups):
    return [(s.repeat, s.fold, sorted(set(groups[s.test]))) for s in splits]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 8), st.integers(1, 3))
def test_a_patient_is_never_on_both_sides_and_each_row_is_tested_once(seed, folds, repeats):
    y, groups = cohort(seed)
    splits = repeated_grouped_folds(y, groups, folds=folds, repeats=repeats, seed=seed)
    assert len(splits) == folds * repeats
    for split in splits:
        assert not set(groups[split.train]) & set(groups[split.test])
        assert sorted([*split.train, *split.test]) == list(range(y.size))
    for repeat in range(repeats):
        tested = np.concatenate([s.test for s in splits if s.repeat == repeat])
        assert sorted(tested) == list(range(y.size))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_does_not_move_a_patient(seed):
    y, groups = cohort(seed)
    order = np.random.default_rng(seed).permutation(y.size)
    there = repeated_grouped_folds(y, groups, folds=5, repeats=2, seed=3)
    here = repeated_grouped_folds(y[order], groups[order], folds=5, repeats=2, seed=3)
    assert patients_by_fold(there, groups) == patients_by_fold(here, groups[order])


def test_a_patient_with_both_outcomes_does_not_move_either():
    y = np.array([1, 0, 0, 1, 0, 0, 1, 0])
    groups = np.array(["a", "a", "b", "b", "c", "d", "e", "e"])
    order = np.array([1, 0, 3, 2, 7, 6, 5, 4])
    there = repeated_grouped_folds(y, groups, folds=3, repeats=4, seed=0)
    here = repeated_grouped_folds(y[order], groups[order], folds=3, repeats=4, seed=0)
    assert patients_by_fold(there, groups) == patients_by_fold(here, groups[order])


def test_one_seed_gives_one_partition_and_another_gives_another():
    y, groups = cohort(1)
    first, again, other = (
        patients_by_fold(repeated_grouped_folds(y, groups, folds=5, repeats=1, seed=s), groups)
        for s in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_repeats_differ_and_more_of_them_leave_the_first_as_they_were():
    y, groups = cohort(1)
    three = patients_by_fold(repeated_grouped_folds(y, groups, folds=5, repeats=3, seed=4), groups)
    five = patients_by_fold(repeated_grouped_folds(y, groups, folds=5, repeats=5, seed=4), groups)
    assert five[:15] == three
    assert [names for *_, names in three[:5]] != [names for *_, names in three[5:10]]


@pytest.mark.parametrize(("events", "folds"), [(2, 2), (3, 3), (4, 4), (5, 5), (9, 5), (12, 5)])
def test_fewer_events_than_folds_mean_fewer_folds_and_every_fold_has_an_event(events, folds):
    y = np.r_[np.ones(events, dtype=int), np.zeros(60, dtype=int)]
    splits = repeated_grouped_folds(y, np.arange(y.size), folds=5, repeats=2, seed=0)
    assert {s.fold for s in splits} == set(range(folds))
    assert all(y[s.test].sum() >= 1 for s in splits)


def test_folds_are_counted_in_patients_not_in_rows():
    y = np.r_[np.ones(10, dtype=int), np.zeros(20, dtype=int)]
    groups = np.r_[[0] * 5, [1] * 5, np.arange(2, 22)]
    splits = repeated_grouped_folds(y, groups, folds=5, repeats=1, seed=0)
    assert len(splits) == 2


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 0, 0, 0], "got 1 events in 1 patients and 3 patients without"),
        ([0, 0, 0, 0], "got 0 events in 0 patients"),
        ([1, 1, 1, 0], "got 3 events in 3 patients and 1 patients without"),
    ],
)
def test_below_two_patients_of_either_outcome_there_is_no_split(y, message):
    with pytest.raises(NotEstimableError, match=message):
        repeated_grouped_folds(y, list("abcd"), folds=5, repeats=1, seed=0)


@pytest.mark.parametrize(
    ("y", "groups", "folds", "repeats", "message"),
    [
        ([1, 0], ["a"], 2, 1, r"shapes \(2,\) and \(1,\)"),
        ([1, 2], ["a", "b"], 2, 1, "got 2.0 at row 1"),
        ([1, np.nan], ["a", "b"], 2, 1, "got nan at row 1"),
        ([1, 0], ["a", None], 2, 1, "1 rows have none"),
        ([1, 0], ["a", "b"], 1, 1, "folds=1"),
        ([1, 0], ["a", "b"], 2, 0, "repeats=0"),
    ],
)
def test_what_cannot_be_split_is_refused(y, groups, folds, repeats, message):
    with pytest.raises(IcansRiskError, match=message):
        repeated_grouped_folds(y, groups, folds=folds, repeats=repeats, seed=0)


def test_columns_of_a_table_are_accepted_whatever_their_index():
    y, groups = cohort(2)
    table = pd.DataFrame({"y": y, "patient": groups}, index=np.arange(y.size)[::-1])
    splits = repeated_grouped_folds(table["y"], table["patient"], folds=4, repeats=1, seed=0)
    plain = repeated_grouped_folds(y, groups, folds=4, repeats=1, seed=0)
    assert patients_by_fold(splits, groups) == patients_by_fold(plain, groups)

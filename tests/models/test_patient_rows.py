import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError
from icans_risk.models.patient_rows import put_in_order

TABLE = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 1),
        st.sampled_from([0.5, 1.0]),
        st.sampled_from([np.nan, 0.0, 1.0]),
    ),
    min_size=1,
)


@given(TABLE, st.randoms(use_true_random=False), st.booleans())
def test_equal_tables_come_out_equal_and_each_row_is_where_it_is_said_to_be(
    table, random, with_patients
):
    shuffled = random.sample(table, len(table))
    results = []
    for rows in (table, shuffled):
        patient, y, weight, x = (np.array(column) for column in zip(*rows, strict=True))
        X = x.astype("float32")[:, None]
        groups = patient if with_patients else None
        ordered, order = put_in_order(X, y, weight, groups=groups, names=None)
        assert np.array_equal(ordered.X, X[order], equal_nan=True)
        assert np.array_equal(ordered.y, y[order])
        assert np.array_equal(ordered.weight, weight[order])
        if with_patients:
            assert np.array_equal(np.array(sorted(set(patient)))[ordered.patient], patient[order])
        else:
            assert np.array_equal(ordered.patient, np.arange(len(rows)))
        results.append(ordered)
    for name in ("X", "y", "weight", "patient"):
        np.testing.assert_array_equal(*(getattr(result, name) for result in results))


def test_rows_that_are_taken_keep_their_names_and_their_patient():
    names = np.array(["static.age_years", "static.sex"], dtype=object)
    X = np.arange(6, dtype="float32").reshape(3, 2)
    ordered, _ = put_in_order(X, np.ones(3, int), np.ones(3), groups=[7, "7", "a"], names=names)
    taken = ordered.take(np.array([2, 0, 0]))
    assert list(taken.X.columns) == list(names)
    assert list(taken.X["static.sex"]) == [5.0, 1.0, 1.0]
    assert list(taken.patient) == [1, 0, 0]


def test_a_patient_too_few_is_refused():
    with pytest.raises(IcansRiskError, match="each of 3 rows"):
        put_in_order(
            np.zeros((3, 1), "float32"), np.ones(3, int), np.ones(3), groups=[1, 2], names=None
        )

import numpy as np
import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.patients import check_patients


def test_patients_are_numbered_in_the_order_of_their_names():
    rows = check_patients([1, 0, 0], [0.1, 0.2, 0.3], None, groups=["b", "a", "b"])
    assert rows.patient.tolist() == [1, 0, 1]
    assert rows.patients == 2


def test_rows_that_weigh_nothing_leave_but_their_patient_is_counted():
    rows = check_patients([1, 0, 0], [0.1, 0.2, 0.3], [0, 2, 1], groups=["a", "b", "b"])
    assert rows.risk.tolist() == [0.2, 0.3]
    assert rows.sum_by_patient(rows.weight).tolist() == [0, 3]


def test_no_row_is_no_patient():
    rows = check_patients([], [], None, groups=[])
    assert (rows.patients, rows.sum_by_patient(np.zeros(0)).size) == (0, 0)


@pytest.mark.parametrize(
    ("groups", "message"),
    [([1], r"shape \(1,\) for outcomes of the shape \(2,\)"), (["a", None], "1 rows have none")],
)
def test_a_row_without_patient_is_refused(groups, message):
    with pytest.raises(IcansRiskError, match=message):
        check_patients([0, 1], [0.1, 0.2], None, groups=groups)

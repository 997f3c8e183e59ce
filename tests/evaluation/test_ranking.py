import math

import numpy as np
import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.delong import delong_interval
from icans_risk.evaluation.discrimination import average_precision
from icans_risk.evaluation.ranking import judge_ranking

Y = np.array([1, 0, 1, 0, 1, 0, 0, 1])
P = np.array([0.9, 0.1, 0.4, 0.5, 0.7, 0.2, 0.6, 0.3])
PATIENTS = np.array(["a", "b", "c", "d", "e", "f", "g", "a"])


def test_all_rows_are_judged_with_counts_of_patients_and_prevalence_of_rows():
    found = judge_ranking(Y, P, groups=PATIENTS)
    area = delong_interval(Y, P, groups=PATIENTS)
    assert (found.patients, found.patients_with_event, found.patients_without_event) == (7, 3, 4)
    assert (found.auroc, found.low, found.high) == (area.estimate, area.low, area.high)
    assert (found.prevalence, found.average_precision) == (0.5, average_precision(Y, P))
    assert found.verdict == "estimable"


def test_a_mask_judges_its_rows_as_if_there_were_no_others():
    inside = np.array([True, True, True, True, False, True, False, False])
    masked = judge_ranking(Y, P, groups=PATIENTS, among=inside)
    alone = judge_ranking(Y[inside], P[inside], groups=PATIENTS[inside])
    assert masked == alone
    assert masked.patients == 5


def test_weights_count_as_copies():
    copies = np.array([2, 1, 1, 3, 1, 0, 1, 1])
    repeated = [np.repeat(column, copies) for column in (Y, P, PATIENTS)]
    weighted = judge_ranking(Y, P, groups=PATIENTS, weight=copies)
    copied = judge_ranking(*repeated[:2], groups=repeated[2])
    assert vars(weighted) == pytest.approx(vars(copied))


@pytest.mark.parametrize(
    ("inside", "verdict"),
    [
        (Y == 0, "not estimable: 0 patients with the event and 4 without"),
        (np.isin(PATIENTS, ["a", "b", "d"]), "not estimable: 1 patient with the event and 2"),
        (P > 1, "not estimable: 0 patients with the event and 0 without"),
    ],
)
def test_too_few_of_an_outcome_is_said_with_counts(inside, verdict):
    found = judge_ranking(Y, P, groups=PATIENTS, among=inside)
    assert found.verdict.startswith(verdict)
    assert all(map(math.isnan, (found.auroc, found.low, found.high, found.average_precision)))
    assert math.isnan(found.prevalence) == (not inside.any())


@pytest.mark.parametrize("mask", [[1] * 8, [True] * 7, [True] * 7 + [None]])
def test_a_mask_that_is_no_mask_is_refused(mask):
    with pytest.raises(IcansRiskError, match="True or False for each row"):
        judge_ranking(Y, P, groups=PATIENTS, among=mask)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.errors import GradingError
from icans_risk.grading import (
    IcansFindings,
    TianSign,
    TianType,
    grade_icans,
    grade_tian,
    suggest_tian_type,
)

CELLS = [
    (TianSign.HEADACHE_WITH_FEVER, 1),
    (TianSign.MILD_WORSENING, 1),
    (TianSign.MODERATE_CHANGE, 2),
    (TianSign.SEVERE_SIGNS, 3),
    (TianSign.PRESSURE_RESPONSIVE, 3),
    (TianSign.CORD_AT_RISK, 3),
    (TianSign.PRESSURE_REFRACTORY, 4),
    (TianSign.HERNIATION, 4),
    (TianSign.MEDULLARY_DYSFUNCTION, 4),
]
SIGNS = st.frozensets(st.sampled_from(TianSign))


@pytest.mark.parametrize(("sign", "expected"), CELLS)
def test_every_cell_of_the_table(sign, expected):
    graded = grade_tian([sign])
    assert (graded.grade, graded.deciding_signs, graded.is_assumption) == (expected, (sign,), False)


def test_draining_an_existing_device_is_not_grade_four():
    assert grade_tian([TianSign.EXISTING_DEVICE_DRAINED]).grade == 3


def test_grade_five_is_marked_as_an_assumption():
    for signs in (None, [TianSign.HERNIATION]):
        graded = grade_tian(signs, died_from_tian=True)
        assert (graded.grade, graded.is_assumption) == (5, True)


def test_not_assessed_is_not_grade_zero():
    assert grade_tian(None).grade is None
    assert grade_tian([]).grade == 0


def test_headache_with_fever_is_tian_grade_one_and_no_icans():
    assert grade_tian([TianSign.HEADACHE_WITH_FEVER]).grade == 1
    assert grade_icans(IcansFindings(ice=10, uncounted_signs={"headache"})).grade == 0


def test_a_tian_grade_is_never_equal_to_an_icans_grade():
    assert grade_tian([]) != grade_icans(IcansFindings(ice=10))


@pytest.mark.parametrize(
    ("signs", "mass_effect", "expected"),
    [
        ([TianSign.PRESSURE_REFRACTORY], None, TianType.TYPE_1),
        ([TianSign.HERNIATION, TianSign.MODERATE_CHANGE], False, TianType.TYPE_1),
        ([TianSign.MODERATE_CHANGE], True, TianType.TYPE_1),
        ([TianSign.MODERATE_CHANGE], False, TianType.TYPE_2),
        ([TianSign.MEDULLARY_DYSFUNCTION], False, TianType.TYPE_2),
        ([TianSign.MODERATE_CHANGE], None, None),
        ([TianSign.HEADACHE_WITH_FEVER], False, None),
        ([], True, None),
    ],
)
def test_the_type_is_suggested_only_where_the_findings_allow(signs, mass_effect, expected):
    assert suggest_tian_type(signs, has_mass_effect=mass_effect) is expected
    assert grade_tian(signs, has_mass_effect=mass_effect).suggested_type is expected


def test_type_two_can_be_of_high_grade():
    graded = grade_tian([TianSign.MEDULLARY_DYSFUNCTION], has_mass_effect=False)
    assert (graded.grade, graded.suggested_type) == (4, TianType.TYPE_2)


def test_an_unknown_sign_is_refused():
    with pytest.raises(GradingError, match="TIAN signs must be one of"):
        grade_tian(["vomiting"])


@given(SIGNS, SIGNS)
def test_the_grade_is_the_maximum_over_the_signs(some, others):
    together = grade_tian(some | others).grade
    assert together == max(grade_tian(some).grade, grade_tian(others).grade)

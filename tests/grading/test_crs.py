import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grading.strategies import crs_findings
from icans_risk.errors import GradingError
from icans_risk.grading import (
    CrsDomain,
    CrsFindings,
    CrsNotGradable,
    Hypotension,
    Oxygen,
    classify_hypotension,
    classify_nasal_cannula,
    grade_crs,
)

FEBRILE = {"temperature_c": 38.5, "hypotension": Hypotension.NONE, "oxygen": Oxygen.NONE}
LADDERS = {"hypotension": list(Hypotension), "oxygen": list(Oxygen), "has_fever": [False, True]}


def grade(**findings):
    return grade_crs(CrsFindings(**findings))


@pytest.mark.parametrize(
    ("domain", "finding", "expected"),
    [
        ("fever", None, 1),
        ("hypotension", Hypotension.NO_VASOPRESSOR, 2),
        ("hypotension", Hypotension.ONE_VASOPRESSOR, 3),
        ("hypotension", Hypotension.MULTIPLE_VASOPRESSORS, 4),
        ("oxygen", Oxygen.LOW_FLOW, 2),
        ("oxygen", Oxygen.HIGH_FLOW, 3),
        ("oxygen", Oxygen.POSITIVE_PRESSURE, 4),
    ],
)
def test_every_cell_of_the_table(domain, finding, expected):
    findings = FEBRILE if domain == "fever" else FEBRILE | {domain: finding}
    graded = grade(**findings)
    assert (graded.grade, graded.deciding_domains) == (expected, (CrsDomain(domain),))
    assert graded.not_assessed == graded.not_counted == ()


@pytest.mark.parametrize("hypotension", Hypotension)
@pytest.mark.parametrize("oxygen", Oxygen)
def test_the_more_severe_of_hypotension_and_hypoxia_decides(hypotension, oxygen):
    apart = grade(**(FEBRILE | {"hypotension": hypotension})).grade
    other = grade(**(FEBRILE | {"oxygen": oxygen})).grade
    together = grade(temperature_c=38.5, hypotension=hypotension, oxygen=oxygen)
    assert together.grade == max(apart, other)


def test_one_vasopressor_and_low_flow_oxygen_is_grade_three():
    graded = grade(
        temperature_c=39.5, hypotension=Hypotension.ONE_VASOPRESSOR, oxygen=Oxygen.LOW_FLOW
    )
    assert (graded.grade, graded.deciding_domains) == (3, (CrsDomain.HYPOTENSION,))


@pytest.mark.parametrize(("temperature", "expected"), [(37.9, 0), (38.0, 1), (41.0, 1)])
def test_fever_starts_at_thirty_eight(temperature, expected):
    assert grade(**(FEBRILE | {"temperature_c": temperature})).grade == expected


def test_a_reported_fever_suffices():
    assert grade(has_fever=True).grade == 1
    assert grade(temperature_c=37.0, has_fever=True).grade == 1
    assert grade(has_fever=False).grade == 0


def test_without_fever_hypotension_is_not_crs_before_treatment():
    graded = grade(temperature_c=36.8, hypotension=Hypotension.ONE_VASOPRESSOR)
    assert (graded.grade, graded.not_counted) == (0, (CrsDomain.HYPOTENSION,))


def test_fever_is_no_longer_required_once_tocilizumab_or_steroids_were_given():
    graded = grade(
        temperature_c=36.8, hypotension=Hypotension.ONE_VASOPRESSOR, treated_for_crs=True
    )
    assert (graded.grade, graded.not_counted) == (3, ())


def test_after_treatment_grade_zero_needs_all_three_domains():
    assert grade(**(FEBRILE | {"temperature_c": 36.8}), treated_for_crs=True).grade == 0
    graded = grade(temperature_c=36.8, treated_for_crs=True)
    assert (graded.grade, graded.not_gradable_because) == (None, CrsNotGradable.NOTHING_FOUND)


def test_unknown_fever_that_is_still_required_is_not_gradable():
    graded = grade(hypotension=Hypotension.MULTIPLE_VASOPRESSORS, oxygen=Oxygen.NONE)
    assert (graded.grade, graded.not_gradable_because) == (None, CrsNotGradable.FEVER)


def test_fever_alone_is_a_lower_bound_that_names_what_is_missing():
    graded = grade(temperature_c=39)
    assert (graded.grade, graded.not_assessed) == (1, (CrsDomain.HYPOTENSION, CrsDomain.OXYGEN))


@pytest.mark.parametrize("domain", ["hypotension", "oxygen"])
def test_a_finding_with_another_cause_does_not_count(domain):
    worst = {"hypotension": Hypotension.MULTIPLE_VASOPRESSORS, "oxygen": Oxygen.POSITIVE_PRESSURE}
    graded = grade(**(FEBRILE | {domain: worst[domain]}), attributed_elsewhere={domain})
    assert (graded.grade, graded.not_counted) == (1, (CrsDomain(domain),))


def test_fever_from_an_infection_opens_no_crs():
    graded = grade(
        temperature_c=40, hypotension=Hypotension.NO_VASOPRESSOR, attributed_elsewhere={"fever"}
    )
    assert graded.grade == 0


def test_death_from_crs_is_grade_five():
    graded = grade(died_from_crs=True)
    assert (graded.grade, graded.deciding_domains) == (5, (CrsDomain.DEATH,))


@pytest.mark.parametrize(
    ("hypotensive", "vasopressors", "vasopressin", "expected"),
    [
        (False, 0, False, Hypotension.NONE),
        (True, 0, False, Hypotension.NO_VASOPRESSOR),
        (True, 1, False, Hypotension.ONE_VASOPRESSOR),
        (True, 1, True, Hypotension.ONE_VASOPRESSOR),
        (True, 0, True, Hypotension.ONE_VASOPRESSOR),
        (True, 2, False, Hypotension.MULTIPLE_VASOPRESSORS),
        (True, 3, True, Hypotension.MULTIPLE_VASOPRESSORS),
    ],
)
def test_vasopressin_does_not_make_vasopressors_multiple(
    hypotensive, vasopressors, vasopressin, expected
):
    named = classify_hypotension(
        is_hypotensive=hypotensive, vasopressors=vasopressors, has_vasopressin=vasopressin
    )
    assert named is expected


@pytest.mark.parametrize(
    ("flow", "expected"),
    [(0, Oxygen.NONE), (0.5, Oxygen.LOW_FLOW), (6, Oxygen.LOW_FLOW), (6.1, Oxygen.HIGH_FLOW)],
)
def test_low_flow_ends_at_six_litres(flow, expected):
    assert classify_nasal_cannula(flow) is expected


def test_negative_counts_and_flows_are_refused():
    with pytest.raises(GradingError, match="counted from 0, got -1"):
        classify_hypotension(is_hypotensive=True, vasopressors=-1)
    with pytest.raises(GradingError, match="L/min, got nan"):
        classify_nasal_cannula(math.nan)


@pytest.mark.parametrize("temperature", [98.6, 310.0, math.nan])
def test_a_temperature_in_another_unit_is_refused(temperature):
    with pytest.raises(GradingError, match="degrees Celsius, 25 to 45"):
        CrsFindings(temperature_c=temperature)


def test_unknown_words_are_refused():
    with pytest.raises(GradingError, match="oxygen must be one of"):
        CrsFindings(oxygen="a lot")


@given(crs_findings, st.sampled_from(list(LADDERS)), st.data())
def test_the_grade_is_monotone_in_each_domain(findings, name, data):
    low = data.draw(st.integers(0, len(LADDERS[name]) - 2))
    milder, worse = (
        grade_crs(replace(findings, **{name: LADDERS[name][low + step]})) for step in (0, 1)
    )
    assert (milder.grade or 0) <= (worse.grade or 0)


@given(crs_findings, st.sampled_from(["hypotension", "oxygen"]))
def test_not_assessed_never_raises_or_lowers_the_grade(findings, name):
    missing = grade_crs(replace(findings, **{name: None}))
    normal = grade_crs(replace(findings, **{name: "none"}))
    assume(missing.grade is not None)
    assert missing.grade == normal.grade


@given(crs_findings)
def test_the_grade_is_the_maximum_over_what_counts(findings):
    graded = grade_crs(findings)
    assert (graded.grade is None) == (graded.not_gradable_because is not None)
    if graded.grade and not findings.died_from_crs:
        table = {"hypotension": list(Hypotension), "oxygen": list(Oxygen)}
        points = [1 if findings.fever and "fever" not in findings.attributed_elsewhere else 0]
        for name, ladder in table.items():
            finding = getattr(findings, name)
            if finding is not None and name not in findings.attributed_elsewhere:
                points.append((0, 2, 3, 4)[ladder.index(finding)])
        assert graded.grade == max(points)

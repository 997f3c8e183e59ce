from dataclasses import replace
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from grading.strategies import icans_findings
from icans_risk.grading import (
    UNABLE_TO_PERFORM,
    Consciousness,
    Domain,
    IcansFindings,
    Motor,
    Pressure,
    Sedation,
    Seizure,
    grade_icans,
)

LADDERS = {
    "ice": list(range(10, -1, -1)),
    "capd": [*range(33), UNABLE_TO_PERFORM],
    "consciousness": list(Consciousness),
    "seizure": list(Seizure),
    "motor": list(Motor),
    "pressure": list(Pressure),
}
STEPS = st.sampled_from(
    [
        (name, milder, worse)
        for name, ladder in LADDERS.items()
        for milder, worse in pairwise(ladder)
    ]
)


def at_least(findings: IcansFindings) -> int:
    """The grade, where "no grade" is the lower bound that it is."""
    return grade_icans(findings).grade or 0


def only(findings: IcansFindings, domain: Domain) -> IcansFindings:
    """The same assessment with one domain looked at."""
    hidden = {name: None for name in LADDERS if name != domain.value}
    return replace(findings, **hidden, last_grade=None, died_from_icans=False)


@given(icans_findings)
def test_the_grade_is_the_maximum_over_the_domains(findings):
    # Awake, so that no domain changes what another one means.
    assume(findings.sedation is Sedation.NONE and not findings.died_from_icans)
    assume(findings.consciousness is not Consciousness.UNAROUSABLE)
    domains = [Domain(name) for name in LADDERS]
    assert at_least(findings) == max(at_least(only(findings, domain)) for domain in domains)


@given(icans_findings, STEPS)
def test_the_grade_is_monotone_in_each_domain(findings, step):
    name, milder, worse = step
    assume(name not in {"ice", "capd"} or getattr(findings, name) is not None)
    # Unarousable for another reason is not a worse stage of ICANS.
    assume(name != "consciousness" or Domain.CONSCIOUSNESS not in findings.attributed_elsewhere)
    before = at_least(replace(findings, **{name: milder}))
    assert before <= at_least(replace(findings, **{name: worse}))


@given(icans_findings, st.sampled_from(["seizure", "motor", "pressure"]))
def test_not_assessed_is_worth_exactly_as_much_as_no_finding(findings, name):
    none = {"seizure": Seizure.NONE, "motor": Motor.NONE, "pressure": Pressure.NONE}[name]
    missing = grade_icans(replace(findings, **{name: None}))
    normal = grade_icans(replace(findings, **{name: none}))
    assert missing.grade == normal.grade
    assert Domain(name) in missing.not_assessed
    assert Domain(name) not in normal.not_assessed


@given(icans_findings, st.sampled_from(list(LADDERS)))
def test_dropping_a_domain_never_raises_the_grade_nor_touches_the_others(findings, name):
    assume(name != "consciousness" or Domain.CONSCIOUSNESS not in findings.attributed_elsewhere)
    before, after = grade_icans(findings), grade_icans(replace(findings, **{name: None}))
    assert (after.grade or 0) <= (before.grade or 0)
    if before.grade and set(before.deciding_domains) - {Domain(name), Domain.ICE}:
        assert after.grade == before.grade


@given(icans_findings)
def test_grade_zero_is_always_shown_by_ice_or_capd(findings):
    graded = grade_icans(findings)
    if graded.grade == 0:
        assert findings.ice_score is not None or findings.capd is not None
        assert graded.at_most == 0


@given(icans_findings)
def test_the_parts_of_a_grade_agree(findings):
    graded = grade_icans(findings)
    assert (graded.grade is None) == (graded.not_gradable_because is not None)
    assert bool(graded.deciding_domains) == bool(graded.grade)
    if graded.grade is not None:
        assert 0 <= graded.grade <= graded.at_most <= 5
        assert graded.unadjusted_grade is None or graded.grade <= graded.unadjusted_grade


@given(icans_findings)
def test_another_cause_never_raises_the_grade(findings):
    assume(findings.consciousness is not Consciousness.UNAROUSABLE)
    everywhere = {Domain(name) for name in LADDERS}
    excused = replace(findings, attributed_elsewhere=everywhere, attributed_to_icans=frozenset())
    assert at_least(excused) <= at_least(findings)

import pytest

from icans_risk.errors import GradingError
from icans_risk.grading import (
    UNABLE_TO_PERFORM,
    CapdRules,
    Consciousness,
    Domain,
    IcansFindings,
    IcansFlag,
    Motor,
    NotGradable,
    Pressure,
    Sedation,
    Seizure,
    UncountedSign,
    classify_seizure,
    grade_icans,
    score_ice,
)

NORMAL = {
    "ice": 10,
    "consciousness": Consciousness.AWAKENS_SPONTANEOUSLY,
    "seizure": Seizure.NONE,
    "motor": Motor.NONE,
    "pressure": Pressure.NONE,
}
CELLS = [
    ("ice", 7, 1),
    ("ice", 8, 1),
    ("ice", 9, 1),
    ("ice", 3, 2),
    ("ice", 6, 2),
    ("ice", 1, 3),
    ("ice", 2, 3),
    ("ice", 0, 3),
    ("consciousness", Consciousness.AWAKENS_TO_VOICE, 2),
    ("consciousness", Consciousness.AWAKENS_TO_TOUCH, 3),
    ("consciousness", Consciousness.UNAROUSABLE, 4),
    ("seizure", Seizure.RESOLVED_RAPIDLY, 3),
    ("seizure", Seizure.NON_CONVULSIVE_RESOLVED, 3),
    ("seizure", Seizure.PROLONGED, 4),
    ("seizure", Seizure.REPETITIVE, 4),
    ("motor", Motor.DEEP_FOCAL_WEAKNESS, 4),
    ("pressure", Pressure.FOCAL_OEDEMA, 3),
    ("pressure", Pressure.DIFFUSE_OEDEMA, 4),
    ("pressure", Pressure.POSTURING, 4),
    ("pressure", Pressure.SIXTH_NERVE_PALSY, 4),
    ("pressure", Pressure.PAPILLOEDEMA, 4),
    ("pressure", Pressure.CUSHING_TRIAD, 4),
]


def grade(**findings):
    return grade_icans(IcansFindings(**findings))


@pytest.mark.parametrize(("domain", "finding", "expected"), CELLS)
def test_every_cell_of_the_adult_table(domain, finding, expected):
    graded = grade(**(NORMAL | {domain: finding}))
    assert (graded.grade, graded.deciding_domains) == (expected, (Domain(domain),))
    assert graded.not_assessed == ()


@pytest.mark.parametrize(("domain", "finding", "expected"), CELLS)
def test_a_finding_alone_is_graded_and_the_rest_is_reported_missing(domain, finding, expected):
    graded = grade(**{domain: finding})
    assert graded.grade == expected
    assert set(graded.not_assessed) == {Domain(name) for name in NORMAL} - {Domain(domain)}


CHILD = NORMAL | {"ice": None, "capd": 4}


@pytest.mark.parametrize(
    ("capd", "consciousness", "expected", "deciding"),
    [
        (0, Consciousness.AWAKENS_SPONTANEOUSLY, 0, ()),
        (8, Consciousness.AWAKENS_SPONTANEOUSLY, 1, (Domain.CAPD,)),
        (8, Consciousness.AWAKENS_TO_VOICE, 2, (Domain.CONSCIOUSNESS,)),
        (9, Consciousness.AWAKENS_SPONTANEOUSLY, 3, (Domain.CAPD,)),
        (8, Consciousness.AWAKENS_TO_TOUCH, 3, (Domain.CONSCIOUSNESS,)),
        (UNABLE_TO_PERFORM, Consciousness.AWAKENS_TO_VOICE, 4, (Domain.CAPD,)),
        (8, Consciousness.UNAROUSABLE, 4, (Domain.CONSCIOUSNESS,)),
    ],
)
def test_every_cell_of_the_childrens_rows(capd, consciousness, expected, deciding):
    graded = grade(**(CHILD | {"capd": capd, "consciousness": consciousness}))
    assert (graded.grade, graded.deciding_domains) == (expected, deciding)


@pytest.mark.parametrize(
    ("domain", "finding", "expected"), [cell for cell in CELLS if cell[0] in {"seizure", "motor"}]
)
def test_the_other_rows_are_the_same_for_children(domain, finding, expected):
    assert grade(**(CHILD | {domain: finding})).grade == expected


def test_the_capd_rules_of_a_study_are_used():
    findings = IcansFindings(capd=0, consciousness=Consciousness.AWAKENS_SPONTANEOUSLY)
    assert grade_icans(findings, capd_rules=CapdRules(low_from=0)).grade == 1


def test_an_alert_patient_with_ice_ten_is_grade_zero():
    graded = grade(ice=10, consciousness=Consciousness.AWAKENS_SPONTANEOUSLY)
    assert (graded.grade, graded.deciding_domains) == (0, ())


def test_awakening_spontaneously_is_no_grade_on_its_own():
    graded = grade(consciousness=Consciousness.AWAKENS_SPONTANEOUSLY)
    assert graded.grade is None
    assert graded.not_gradable_because is NotGradable.NOT_ASSESSED


def test_unarousable_without_ice_is_grade_four():
    assert grade(consciousness=Consciousness.UNAROUSABLE).grade == 4


def test_ice_zero_and_unarousable_is_decided_by_both():
    graded = grade(ice=0, consciousness=Consciousness.UNAROUSABLE)
    assert graded.grade == 4
    assert graded.deciding_domains == (Domain.ICE, Domain.CONSCIOUSNESS)


def test_ice_zero_awake_with_aphasia_is_grade_three():
    graded = grade(ice=0, consciousness=Consciousness.AWAKENS_SPONTANEOUSLY)
    assert (graded.grade, graded.at_most, graded.flags) == (3, 3, ())


def test_ice_zero_with_unknown_consciousness_is_at_least_three():
    graded = grade(ice=0)
    assert (graded.grade, graded.at_most) == (3, 4)
    assert graded.flags == (IcansFlag.ZERO_UNKNOWN,)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ({"ice": 8, "seizure": classify_seizure(0.5)}, 3),
        ({"ice": 8, "seizure": classify_seizure(6)}, 4),
        ({"ice": 3, "seizure": classify_seizure(1)}, 3),
        ({"ice": 10, "uncounted_signs": {UncountedSign.TREMOR}}, 0),
        ({"ice": 10, "uncounted_signs": {UncountedSign.MYOCLONUS, UncountedSign.HEADACHE}}, 0),
        ({"ice": 5, "motor": Motor.DEEP_FOCAL_WEAKNESS}, 4),
        ({"ice": 9, "pressure": Pressure.PAPILLOEDEMA}, 4),
    ],
)
def test_the_edge_cases_of_the_evidence_file(findings, expected):
    assert grade(**findings).grade == expected


def test_new_deep_focal_weakness_is_grade_four_as_in_the_table_not_three_as_in_an_article():
    assert grade(ice=10, motor=Motor.DEEP_FOCAL_WEAKNESS).grade == 4
    assert grade(ice=10, motor=Motor.MILD_FOCAL_WEAKNESS).grade == 0


@pytest.mark.parametrize("pressure", [Pressure.FOCAL_OEDEMA, Pressure.DIFFUSE_OEDEMA])
def test_haemorrhage_with_oedema_does_not_count(pressure):
    graded = grade(ice=9, pressure=pressure, uncounted_signs={UncountedSign.HAEMORRHAGE})
    assert (graded.grade, graded.not_counted) == (1, (Domain.PRESSURE,))
    assert IcansFlag.HAEMORRHAGE in graded.flags


def test_haemorrhage_does_not_hide_a_clinical_sign_of_pressure():
    signs = {UncountedSign.HAEMORRHAGE}
    assert grade(ice=9, pressure=Pressure.PAPILLOEDEMA, uncounted_signs=signs).grade == 4


@pytest.mark.parametrize(
    ("domain", "finding"), [c[:2] for c in CELLS if c[1] is not Consciousness.UNAROUSABLE]
)
def test_a_finding_with_another_cause_does_not_count(domain, finding):
    graded = grade(**(NORMAL | {domain: finding, "attributed_elsewhere": {domain}}))
    assert (graded.grade, graded.not_counted) == (0, (Domain(domain),))


def test_death_from_icans_is_grade_five_whatever_else_is_known():
    graded = grade(died_from_icans=True)
    assert (graded.grade, graded.at_most, graded.unadjusted_grade) == (5, 5, 5)
    assert graded.deciding_domains == (Domain.DEATH,)


def test_sedated_for_another_reason_is_not_gradable_and_not_four():
    graded = grade(
        consciousness=Consciousness.UNAROUSABLE, sedation=Sedation.FOR_ANOTHER_REASON, ice=0
    )
    assert (graded.grade, graded.at_most) == (None, None)
    assert graded.not_gradable_because is NotGradable.OTHER_REASON
    assert {Domain.ICE, Domain.CONSCIOUSNESS} <= set(graded.not_assessed)


def test_a_perfect_ice_beside_sedation_does_not_show_grade_zero():
    assert grade(ice=10, sedation=Sedation.FOR_ANOTHER_REASON).grade is None


def test_sedation_does_not_hide_what_imaging_and_eeg_show():
    graded = grade(sedation=Sedation.FOR_ANOTHER_REASON, pressure=Pressure.DIFFUSE_OEDEMA)
    assert graded.grade == 4
    assert graded.flags == (IcansFlag.MASKED,)


def test_unarousable_for_another_reason_makes_ice_zero_say_nothing():
    graded = grade(
        ice=0,
        consciousness=Consciousness.UNAROUSABLE,
        attributed_elsewhere={Domain.CONSCIOUSNESS},
    )
    assert graded.grade is None
    assert graded.not_gradable_because is NotGradable.OTHER_REASON


@pytest.mark.parametrize("capd", [3, UNABLE_TO_PERFORM])
def test_a_sedated_child_is_not_gradable_either(capd):
    graded = grade(capd=capd, sedation=Sedation.FOR_ANOTHER_REASON)
    assert graded.grade is None
    assert Domain.CAPD in graded.not_assessed


@pytest.mark.parametrize("last", [1, 2, 3, 4])
def test_intubated_for_icans_carries_the_last_grade(last):
    graded = grade(sedation=Sedation.FOR_ICANS, last_grade=last)
    assert (graded.grade, graded.deciding_domains) == (last, (Domain.LAST_GRADE,))
    assert IcansFlag.CARRIED in graded.flags


def test_a_worse_finding_overrides_the_carried_grade():
    graded = grade(sedation=Sedation.FOR_ICANS, last_grade=3, seizure=Seizure.REPETITIVE)
    assert (graded.grade, graded.deciding_domains) == (4, (Domain.SEIZURE,))


@pytest.mark.parametrize("last", [None, 0])
def test_intubated_for_icans_without_a_last_grade_is_not_gradable(last):
    graded = grade(sedation=Sedation.FOR_ICANS, last_grade=last, ice=0)
    assert graded.grade is None
    assert graded.not_gradable_because is NotGradable.NO_LAST_GRADE


def test_a_last_grade_is_not_carried_by_a_patient_who_is_awake():
    assert grade(ice=10, last_grade=4).grade == 0


@pytest.mark.parametrize(
    ("domain", "finding"),
    [("motor", Motor.DEEP_FOCAL_WEAKNESS), ("pressure", Pressure.FOCAL_OEDEMA)],
)
def test_with_a_cns_tumour_motor_and_pressure_need_recorded_attribution(domain, finding):
    silent = grade(**{"ice": 9, domain: finding, "has_cns_tumour": True})
    assert (silent.grade, silent.not_counted) == (1, (Domain(domain),))
    assert silent.flags == (IcansFlag.TUMOUR,)
    recorded = {domain: finding, "has_cns_tumour": True, "attributed_to_icans": {domain}}
    assert grade(ice=9, **recorded).grade >= 3
    assert grade(ice=9, **recorded).flags == ()


def test_with_a_cns_tumour_the_other_domains_count_as_ever():
    assert grade(ice=4, seizure=Seizure.PROLONGED, has_cns_tumour=True).grade == 4


def test_the_baseline_lowers_the_grade_and_the_unadjusted_one_stays():
    graded = grade(ice=7, ice_baseline=7)
    assert (graded.grade, graded.unadjusted_grade) == (0, 1)
    assert graded.flags == (IcansFlag.BASELINE,)
    assert grade(capd=12, capd_baseline=12).unadjusted_grade == 3


def test_a_partial_ice_gives_the_certain_grade_and_says_so():
    graded = grade(ice=score_ice(orientation=2, naming=3))
    assert (graded.grade, graded.at_most) == (1, 2)
    assert graded.flags == (IcansFlag.PARTIAL_ICE,)


def test_a_partial_ice_without_an_error_is_not_grade_zero():
    graded = grade(ice=score_ice(orientation=4, naming=3), seizure=Seizure.NONE)
    assert (graded.grade, graded.at_most) == (None, 1)
    assert graded.not_gradable_because is NotGradable.PARTIAL


def test_a_score_in_an_unarousable_patient_is_flagged():
    graded = grade(ice=7, consciousness=Consciousness.UNAROUSABLE)
    assert (graded.grade, graded.flags) == (4, (IcansFlag.CONTRADICTION,))


def test_nothing_recorded_is_not_grade_zero():
    graded = grade()
    assert (graded.grade, graded.not_gradable_because) == (None, NotGradable.NOT_ASSESSED)


def test_words_are_read_as_text():
    assert grade(ice=9, seizure="longer than 5 minutes").deciding_domains == (Domain.SEIZURE,)


@pytest.mark.parametrize(
    ("minutes", "is_convulsive", "returned", "expected"),
    [
        (5, True, True, Seizure.RESOLVED_RAPIDLY),
        (5.01, True, True, Seizure.PROLONGED),
        (30, False, True, Seizure.NON_CONVULSIVE_RESOLVED),
        (1, True, False, Seizure.REPETITIVE),
        (1, False, False, Seizure.REPETITIVE),
    ],
)
def test_a_seizure_is_named_by_its_course(minutes, is_convulsive, returned, expected):
    named = classify_seizure(minutes, is_convulsive=is_convulsive, returned_to_baseline=returned)
    assert named is expected


def test_a_negative_duration_is_refused():
    with pytest.raises(GradingError, match="minutes, got -1"):
        classify_seizure(-1)


@pytest.mark.parametrize(
    ("findings", "message"),
    [
        ({"ice": 11}, "ICE total must be a whole number from 0 to 10, got 11"),
        ({"ice": 7.5}, "needs the stated rule"),
        ({"ice": 8, "capd": 3}, "must have ICE or CAPD, got both"),
        ({"seizure": "fit of Mr Smith"}, "seizure must be one of"),
        ({"sedation": "maybe"}, "sedation must be one of"),
        ({"uncounted_signs": {"rash"}}, "uncounted_signs must be one of"),
        ({"ice_baseline": -1}, "ice_baseline must be a whole number"),
        ({"last_grade": 5}, "last_grade must be a whole number from 0 to 4"),
        (
            {"attributed_elsewhere": {"motor"}, "attributed_to_icans": {"motor"}},
            "to another cause, got both",
        ),
    ],
)
def test_contradictions_and_unknown_words_are_refused(findings, message):
    with pytest.raises(GradingError, match=message) as caught:
        IcansFindings(**findings)
    assert "Smith" not in str(caught.value)

"""The ASTCT grade of ICANS: the maximum over five domains that nothing else explains.

Source: Lee DW et al., Biol Blood Marrow Transplant 2019;25:625-638,
doi:10.1016/j.bbmt.2018.12.758 (ASTCT consensus).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from icans_risk.grading.capd import DEFAULT_CAPD_RULES, Capd, CapdRules, grade_capd
from icans_risk.grading.findings import IcansFindings
from icans_risk.grading.ice import ICE_ZERO_UNAROUSABLE, IceScore, grade_ice
from icans_risk.grading.scales import certain_grade
from icans_risk.grading.vocabulary import (
    DEATH_GRADE,
    FINDING_GRADE,
    NEED_ATTRIBUTION_WITH_TUMOUR,
    OEDEMA_ON_IMAGING,
    Consciousness,
    Domain,
    Sedation,
    UncountedSign,
)

__all__ = ["IcansFlag", "IcansGrade", "NotGradable", "grade_icans"]


class NotGradable(StrEnum):
    """Why an assessment has no ICANS grade."""

    OTHER_REASON = "sedated or unarousable for another reason"
    NO_LAST_GRADE = "intubated for ICANS and no last grade of 1 or more"
    NOT_ASSESSED = "neither ICE nor CAPD assessed, and nothing else found"
    PARTIAL = "partial ICE that does not exclude grade 1 or more"


class IcansFlag(StrEnum):
    """What a reader of the grade should know."""

    PARTIAL_ICE = "partial ICE: the grade is a lower bound"
    BASELINE = "the recorded baseline lowered the grade of ICE or CAPD"
    ZERO_UNKNOWN = "ICE may be 0 and consciousness was not assessed: grade 4 is not excluded"
    CONTRADICTION = "ICE above 0 in an unarousable patient"
    TUMOUR = "CNS tumour: motor or pressure finding without attribution does not count"
    HAEMORRHAGE = "oedema with haemorrhage does not count"
    MASKED = "sedated, or unarousable for another reason: ICE and CAPD cannot be assessed"
    CARRIED = "carries the grade before intubation for ICANS"
    UNCOUNTED = "signs recorded that do not count"


@dataclass(frozen=True)
class IcansGrade:
    """The ICANS grade of one assessment, and what it rests on.

    Attributes
    ----------
    grade : int or None
        The grade that is certain, 0 to 5; None if not gradable. Grade 0 has to be shown
        by ICE or CAPD; it never stands for something that was not looked at.
    at_most : int or None
        The highest grade that the recorded findings allow (a partial ICE is open above);
        domains that were not assessed are left aside. None where ICE and CAPD are missing
        and nothing else was found.
    unadjusted_grade : int or None
        The grade as if no baseline had been recorded.
    deciding_domains : tuple of Domain
        The domains that reach the grade; empty at grade 0.
    not_assessed : tuple of Domain
        Domains that were not or could not be assessed; ICE where ICE and CAPD are missing.
    not_counted : tuple of Domain
        Domains with a finding that is not held to be ICANS.
    not_gradable_because : NotGradable or None
        The reason, where the grade is None.
    flags : tuple of IcansFlag
        What a reader should know.
    """

    grade: int | None
    at_most: int | None
    unadjusted_grade: int | None
    deciding_domains: tuple[Domain, ...] = ()
    not_assessed: tuple[Domain, ...] = ()
    not_counted: tuple[Domain, ...] = ()
    not_gradable_because: NotGradable | None = None
    flags: tuple[IcansFlag, ...] = ()


class _Row(NamedTuple):
    """One domain: the grade as found, and the range that counts."""

    domain: Domain
    is_assessed: bool = True
    found: int = 0
    lowest: int = 0
    highest: int = 0
    unadjusted_lowest: int = 0
    unadjusted_highest: int = 0


def grade_icans(
    findings: IcansFindings, *, capd_rules: CapdRules = DEFAULT_CAPD_RULES
) -> IcansGrade:
    """Grade ICANS by the ASTCT consensus: the worst domain decides.

    A finding counts unless it is attributed to another cause. With a tumour in the nervous
    system, motor and pressure findings count only if attributed to ICANS; so does oedema
    beside an intracranial haemorrhage. An alert patient with ICE 10 is grade 0.

    A patient intubated and sedated for ICANS carries the last grade, unless a seizure, motor
    or pressure finding is worse. Sedated for another reason, ICE and consciousness say
    nothing: without another finding there is no grade (not grade 4).

    Parameters
    ----------
    findings : IcansFindings
        What was found, and what was not assessed.
    capd_rules : CapdRules
        The numbers of the CAPD rows.

    Returns
    -------
    IcansGrade
        The grade, what decided it, and what could not be assessed.

    Raises
    ------
    GradingError
        If the CAPD total or its baseline is not on the scale.

    References
    ----------
    .. [1] Lee DW, et al. Biol Blood Marrow Transplant 2019;25:625-638.
       doi:10.1016/j.bbmt.2018.12.758

    Examples
    --------
    >>> grade_icans(IcansFindings(ice=8, seizure="longer than 5 minutes")).grade
    4
    >>> grade_icans(IcansFindings(consciousness="awakens spontaneously")).grade is None
    True
    """
    rows = _rows(findings, capd_rules)
    lowest = max(row.lowest for row in rows)
    highest = max(row.highest for row in rows)
    # Without ICE or CAPD nothing shows a grade 0; a grade of 1 or more needs no such proof.
    is_bounded = rows[0].is_assessed or lowest > 0
    grade = certain_grade(lowest, highest) if is_bounded else None
    unadjusted = certain_grade(
        max(row.unadjusted_lowest for row in rows), max(row.unadjusted_highest for row in rows)
    )
    return IcansGrade(
        grade=grade,
        at_most=highest if is_bounded else None,
        unadjusted_grade=unadjusted if is_bounded else None,
        deciding_domains=tuple(row.domain for row in rows if grade and row.lowest == grade),
        not_assessed=tuple(row.domain for row in rows if not row.is_assessed),
        not_counted=tuple(row.domain for row in rows if row.found and not row.unadjusted_highest),
        not_gradable_because=_reason(findings, rows[0]) if grade is None else None,
        flags=_flags(findings, rows),
    )


def _rows(findings: IcansFindings, capd_rules: CapdRules) -> list[_Row]:
    rows = [_cognition(findings, capd_rules), *(_finding(findings, d) for d in FINDING_GRADE)]
    if findings.sedation is Sedation.FOR_ICANS:
        rows.append(_fixed(Domain.LAST_GRADE, int(findings.last_grade or 0)))
    if findings.died_from_icans:
        rows.append(_fixed(Domain.DEATH, DEATH_GRADE))
    return rows


def _fixed(domain: Domain, grade: int) -> _Row:
    return _Row(domain, True, grade, grade, grade, grade, grade)


def _cognition(findings: IcansFindings, capd_rules: CapdRules) -> _Row:
    score = findings.ice_score
    if findings.capd is not None:
        return _capd(findings, findings.capd, capd_rules)
    if score is None or _is_masked(findings):
        return _Row(Domain.ICE, is_assessed=False)
    return _ice(findings, score)


def _ice(findings: IcansFindings, score: IceScore) -> _Row:
    is_unarousable = (
        None
        if findings.consciousness is None
        else findings.consciousness is Consciousness.UNAROUSABLE
    )
    graded = grade_ice(score, baseline=findings.ice_baseline, is_unarousable=is_unarousable)
    if not _counts(findings, Domain.ICE):
        return _Row(Domain.ICE, found=graded.unadjusted_highest)
    return _Row(
        Domain.ICE,
        True,
        graded.unadjusted_lowest,
        graded.lowest,
        graded.highest,
        graded.unadjusted_lowest,
        graded.unadjusted_highest,
    )


def _capd(findings: IcansFindings, score: Capd, capd_rules: CapdRules) -> _Row:
    unadjusted = grade_capd(score, rules=capd_rules)
    grade = grade_capd(score, baseline=findings.capd_baseline, rules=capd_rules)
    if _is_masked(findings):
        return _Row(Domain.CAPD, is_assessed=False)
    if not _counts(findings, Domain.CAPD):
        return _Row(Domain.CAPD, found=unadjusted)
    return _Row(Domain.CAPD, True, unadjusted, grade, grade, unadjusted, unadjusted)


def _finding(findings: IcansFindings, domain: Domain) -> _Row:
    value = getattr(findings, domain.value)
    is_hidden = domain is Domain.CONSCIOUSNESS and findings.sedation is not Sedation.NONE
    if value is None or is_hidden:
        return _Row(domain, is_assessed=False)
    grade = FINDING_GRADE[domain][value]
    return _fixed(domain, grade) if _counts(findings, domain) else _Row(domain, found=grade)


def _counts(findings: IcansFindings, domain: Domain) -> bool:
    """Say whether a finding of this domain is held to be ICANS."""
    if domain in findings.attributed_elsewhere:
        return False
    if domain in findings.attributed_to_icans:
        return True
    if findings.has_cns_tumour and domain in NEED_ATTRIBUTION_WITH_TUMOUR:
        return False
    return domain is not Domain.PRESSURE or not _is_oedema_with_haemorrhage(findings)


def _is_oedema_with_haemorrhage(findings: IcansFindings) -> bool:
    has_oedema = findings.pressure in OEDEMA_ON_IMAGING
    return has_oedema and UncountedSign.HAEMORRHAGE in findings.uncounted_signs


def _is_masked(findings: IcansFindings) -> bool:
    """Say whether ICE and CAPD tell nothing, because something else keeps the patient asleep."""
    is_asleep_otherwise = (
        findings.consciousness is Consciousness.UNAROUSABLE
        and Domain.CONSCIOUSNESS in findings.attributed_elsewhere
    )
    return findings.sedation is not Sedation.NONE or is_asleep_otherwise


def _reason(findings: IcansFindings, cognition: _Row) -> NotGradable:
    if findings.sedation is Sedation.FOR_ICANS:
        return NotGradable.NO_LAST_GRADE
    if _is_masked(findings):
        return NotGradable.OTHER_REASON
    return NotGradable.PARTIAL if cognition.is_assessed else NotGradable.NOT_ASSESSED


def _flags(findings: IcansFindings, rows: list[_Row]) -> tuple[IcansFlag, ...]:
    cognition, score = rows[0], findings.ice_score
    attributed = findings.attributed_elsewhere | findings.attributed_to_icans
    open_domains = {row.domain for row in rows if row.found} - attributed
    is_unarousable = findings.consciousness is Consciousness.UNAROUSABLE
    holds = {
        IcansFlag.PARTIAL_ICE: cognition.is_assessed
        and score is not None
        and not score.is_complete,
        IcansFlag.BASELINE: (cognition.lowest, cognition.highest)
        != (cognition.unadjusted_lowest, cognition.unadjusted_highest),
        IcansFlag.ZERO_UNKNOWN: findings.consciousness is None
        and cognition.lowest < cognition.highest == ICE_ZERO_UNAROUSABLE,
        IcansFlag.CONTRADICTION: cognition.is_assessed
        and is_unarousable
        and score is not None
        and score.lower > 0,
        IcansFlag.TUMOUR: findings.has_cns_tumour
        and bool(open_domains & NEED_ATTRIBUTION_WITH_TUMOUR),
        IcansFlag.HAEMORRHAGE: Domain.PRESSURE in open_domains
        and _is_oedema_with_haemorrhage(findings),
        IcansFlag.MASKED: _is_masked(findings),
        IcansFlag.CARRIED: any(row.domain is Domain.LAST_GRADE and row.lowest for row in rows),
        IcansFlag.UNCOUNTED: bool(findings.uncounted_signs),
    }
    return tuple(flag for flag, is_raised in holds.items() if is_raised)

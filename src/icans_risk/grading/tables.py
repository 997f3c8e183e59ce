"""The ICANS and CRS grades of whole tables of findings, at array speed.

Every threshold comes from the modules of the scalar functions; only the way of looking it
up differs. A column that is absent, like a cell that is empty, is "not assessed".
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from icans_risk.grading._rows import (
    capd_row,
    death_row,
    finding_row,
    ice_row,
    last_grade_row,
    read_capd,
    read_ice,
    read_state,
)
from icans_risk.grading._verdict import settle
from icans_risk.grading.capd import DEFAULT_CAPD_RULES, CapdRules
from icans_risk.grading.columns import (
    Codes,
    Mask,
    check_columns,
    join_words,
    look_up,
    read_flags,
    read_numbers,
    read_words,
    refuse,
)
from icans_risk.grading.crs import (
    FEVER_CELSIUS,
    FEVER_GRADE,
    HYPOTENSION_GRADE,
    OXYGEN_GRADE,
    TEMPERATURE_LIMITS,
    CrsAttribution,
    CrsDomain,
    CrsNotGradable,
    Hypotension,
    Oxygen,
)
from icans_risk.grading.ice import ICE_ITEMS
from icans_risk.grading.scales import HalfRule
from icans_risk.grading.vocabulary import (
    ATTRIBUTABLE,
    DEATH_GRADE,
    FINDING_GRADE,
    FINDING_WORDS,
    Domain,
    UncountedSign,
)

__all__ = ["CRS_COLUMNS", "ICANS_COLUMNS", "grade_crs_table", "grade_icans_table"]

ICANS_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ice_total": "ICE, 0 to 10, all items assessed unless item columns say otherwise",
        **{f"ice_{item}": f"ICE item, 0 to {points}" for item, points in ICE_ITEMS.items()},
        "capd_total": "CAPD total",
        "capd_unable": "true: unable to perform CAPD",
        **{domain.value: f"a word of {words.__name__}" for domain, words in FINDING_WORDS.items()},
        **{f"{domain.value}_attribution": "icans | another cause" for domain in ATTRIBUTABLE},
        **{sign.name.lower(): "true if seen; does not count" for sign in UncountedSign},
        "cns_tumour": "true: tumour in the nervous system",
        "sedation": "a word of Sedation",
        "ice_baseline": "ICE before the infusion",
        "capd_baseline": "CAPD before the infusion",
        "last_grade": "ICANS grade before intubation for ICANS",
        "died_from_icans": "true: death from ICANS",
    }
)
_ICANS_NEEDED: Final = (
    "ice_total",
    *(f"ice_{item}" for item in ICE_ITEMS),
    "capd_total",
    "capd_unable",
    *(domain.value for domain in FINDING_WORDS),
    "died_from_icans",
)
_CRS_FOUND: Final = tuple(CrsDomain)[:3]
CRS_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "temperature_c": "highest temperature, degrees Celsius",
        "has_fever": "true: fever of 38.0 C or more by report",
        "hypotension": "a word of Hypotension",
        "oxygen": "a word of Oxygen",
        **{f"{domain.value}_attribution": "crs | another cause" for domain in _CRS_FOUND},
        "treated_for_crs": "true: tocilizumab or steroids since CRS began",
        "died_from_crs": "true: death from CRS",
    }
)
_CRS_NEEDED: Final = ("temperature_c", "has_fever", "hypotension", "oxygen", "died_from_crs")
# One table may hold the findings of both.
_KNOWN: Final = frozenset(ICANS_COLUMNS) | frozenset(CRS_COLUMNS)


def grade_icans_table(
    findings: pd.DataFrame,
    *,
    capd_rules: CapdRules = DEFAULT_CAPD_RULES,
    half: HalfRule = "strict",
) -> pd.DataFrame:
    """Grade ICANS for each row of a table of findings, as `grade_icans` does for one.

    Parameters
    ----------
    findings : DataFrame
        One row per assessment. ``ICANS_COLUMNS`` names the columns that are read, all
        optional; others are passed over. Where ICE items are given, a total beside them
        must be their sum.
    capd_rules : CapdRules
        The numbers of the CAPD rows.
    half : {"ceil", "floor", "strict"}
        Where half ICE and CAPD totals go, see `resolve_half`.

    Returns
    -------
    DataFrame
        With the index of `findings`: ``icans_grade, icans_at_most,
        icans_unadjusted_grade`` (NaN where there is none), ``deciding_domain,
        icans_not_assessed, icans_not_counted, icans_not_gradable_because, icans_flags``
        (text, several joined by "; ", empty where there is none).

    Raises
    ------
    GradingError
        If no column is known, a name is nearly right, a cell is not on its scale, or ICE
        and CAPD stand in one row.

    References
    ----------
    .. [1] Lee DW, et al. Biol Blood Marrow Transplant 2019;25:625-638.
       doi:10.1016/j.bbmt.2018.12.758

    Examples
    --------
    >>> table = pd.DataFrame({"ice_total": [10, 5, None], "motor": [None, "none", "none"]})
    >>> grade_icans_table(table)["icans_grade"].tolist()
    [0.0, 2.0, nan]
    """
    check_columns(findings, _KNOWN, _ICANS_NEEDED)
    state, bounds = read_state(findings), read_ice(findings, half)
    capd = read_capd(findings, capd_rules, half)
    both = ~np.isnan(bounds[0]) & (~np.isnan(capd[0]) | capd[1])
    refuse(both, "ice_total", "and the ICE items must be empty beside CAPD")
    rows = {
        Domain.ICE: ice_row(findings, state, bounds),
        Domain.CAPD: capd_row(findings, state, capd, rules=capd_rules),
        **{domain: finding_row(state, domain) for domain in FINDING_GRADE},
        Domain.LAST_GRADE: last_grade_row(findings, state),
        Domain.DEATH: death_row(findings),
    }
    graded = settle(rows, state, ice=bounds, has_capd=~np.isnan(capd[0]) | capd[1])
    return graded.set_axis(findings.index)


def grade_crs_table(findings: pd.DataFrame) -> pd.DataFrame:
    """Grade CRS for each row of a table of findings, as `grade_crs` does for one.

    Parameters
    ----------
    findings : DataFrame
        One row per assessment. ``CRS_COLUMNS`` names the columns that are read, all
        optional; others are passed over.

    Returns
    -------
    DataFrame
        With the index of `findings`: ``crs_grade`` (NaN where there is none),
        ``crs_deciding_domain, crs_not_assessed, crs_not_counted,
        crs_not_gradable_because`` (text, empty where there is none).

    Raises
    ------
    GradingError
        If no column is known, a name is nearly right, or a cell is not on its scale.

    References
    ----------
    .. [1] Lee DW, et al. Biol Blood Marrow Transplant 2019;25:625-638.
       doi:10.1016/j.bbmt.2018.12.758

    Examples
    --------
    >>> table = pd.DataFrame({"temperature_c": [36.9, 38.0, None]})
    >>> grade_crs_table(table)["crs_grade"].tolist()
    [0.0, 1.0, nan]
    """
    check_columns(findings, _KNOWN, _CRS_NEEDED)
    assessed, grade = _read_crs(findings)
    is_treated = read_flags(findings, "treated_for_crs") == 1
    counts = ~_elsewhere(findings)
    counts &= (counts[0] & (grade[0] > 0)) | is_treated
    died = read_flags(findings, "died_from_crs") == 1
    counted = np.vstack([grade * counts, died * np.int8(DEATH_GRADE)])
    worst = counted.max(axis=0)
    # Grade 0 has to be shown: by all three domains after treatment, by fever before it.
    nothing_found = (worst == 0) & is_treated & ~assessed.all(axis=0)
    no_fever = (worst == 0) & ~is_treated & ~assessed[0]
    reasons = np.array(["", str(CrsNotGradable.NOTHING_FOUND), str(CrsNotGradable.FEVER)], object)
    return pd.DataFrame(
        {
            "crs_grade": np.where(nothing_found | no_fever, np.nan, worst),
            "crs_deciding_domain": join_words((counted == worst) & (worst > 0), list(CrsDomain)),
            "crs_not_assessed": join_words(~assessed, _CRS_FOUND),
            "crs_not_counted": join_words((grade > 0) & ~counts, _CRS_FOUND),
            "crs_not_gradable_because": reasons[nothing_found + 2 * no_fever],
        },
        index=findings.index,
    )


def _read_crs(findings: pd.DataFrame) -> tuple[Mask, Codes]:
    """Read which of fever, hypotension and oxygen were assessed, and the grade of each."""
    temperature = read_numbers(findings, "temperature_c", limits=TEMPERATURE_LIMITS, half=None)
    reported = read_flags(findings, "has_fever")
    hypotension = read_words(findings, "hypotension", Hypotension)
    oxygen = read_words(findings, "oxygen", Oxygen)
    has_fever = (temperature >= FEVER_CELSIUS) | (reported == 1)
    is_fever_known = ~np.isnan(temperature) | (reported >= 0)
    assessed = np.stack([is_fever_known, hypotension >= 0, oxygen >= 0])
    grades = (
        has_fever * np.int8(FEVER_GRADE),
        look_up(hypotension, HYPOTENSION_GRADE),
        look_up(oxygen, OXYGEN_GRADE),
    )
    return assessed, np.stack(grades)


def _elsewhere(findings: pd.DataFrame) -> Mask:
    other = list(CrsAttribution).index(CrsAttribution.ANOTHER_CAUSE)
    names = [f"{domain.value}_attribution" for domain in _CRS_FOUND]
    return np.stack([read_words(findings, name, CrsAttribution) == other for name in names])

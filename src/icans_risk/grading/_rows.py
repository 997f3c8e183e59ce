"""The domains of the ICANS grade as arrays over many assessments; used by ``tables.py``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from icans_risk.grading.capd import CAPD_HIGH, CAPD_LOW, CAPD_UNABLE, CapdRules
from icans_risk.grading.columns import (
    Codes,
    Mask,
    Numbers,
    look_up,
    read_flags,
    read_numbers,
    read_words,
    refuse,
)
from icans_risk.grading.ice import ICE_BAND, ICE_ITEMS, ICE_MAXIMUM, ICE_ZERO_UNAROUSABLE
from icans_risk.grading.scales import HalfRule
from icans_risk.grading.vocabulary import (
    ATTRIBUTABLE,
    DEATH_GRADE,
    FINDING_GRADE,
    FINDING_WORDS,
    LAST_GRADE_LIMITS,
    NEED_ATTRIBUTION_WITH_TUMOUR,
    OEDEMA_ON_IMAGING,
    Attribution,
    Consciousness,
    Domain,
    Pressure,
    Sedation,
    UncountedSign,
)

__all__ = [
    "Row",
    "State",
    "capd_row",
    "death_row",
    "finding_row",
    "ice_row",
    "last_grade_row",
    "read_capd",
    "read_ice",
    "read_state",
]

_UNAROUSABLE: Final = list(Consciousness).index(Consciousness.UNAROUSABLE)
_SEDATIONS: Final = list(Sedation)
_OEDEMA: Final = [position for position, sign in enumerate(Pressure) if sign in OEDEMA_ON_IMAGING]
_BAND: Final = np.array(ICE_BAND, dtype=np.int8)


class Row(NamedTuple):
    """One domain over all assessments: what was found, and the range that counts."""

    is_assessed: Mask
    found: Codes
    lowest: Codes
    highest: Codes
    unadjusted_lowest: Codes
    unadjusted_highest: Codes


@dataclass(frozen=True)
class State:
    """What more than one domain needs to know."""

    findings: Mapping[Domain, Codes]
    elsewhere: Mapping[Domain, Mask]
    to_icans: Mapping[Domain, Mask]
    signs: Mapping[UncountedSign, Mask]
    has_tumour: Mask
    sedation: Codes
    oedema_with_haemorrhage: Mask

    @property
    def is_sedated(self) -> Mask:
        return self.sedation > _SEDATIONS.index(Sedation.NONE)

    @property
    def is_carried(self) -> Mask:
        is_carried: Mask = self.sedation == _SEDATIONS.index(Sedation.FOR_ICANS)
        return is_carried

    @property
    def is_unarousable(self) -> Mask:
        is_unarousable: Mask = self.findings[Domain.CONSCIOUSNESS] == _UNAROUSABLE
        return is_unarousable

    @property
    def is_masked(self) -> Mask:
        return self.is_sedated | (self.is_unarousable & self.elsewhere[Domain.CONSCIOUSNESS])

    def counts(self, domain: Domain) -> Mask:
        """Whether a finding of this domain is held to be ICANS."""
        doubtful = np.zeros_like(self.has_tumour)
        if domain in NEED_ATTRIBUTION_WITH_TUMOUR:
            doubtful |= self.has_tumour
        if domain is Domain.PRESSURE:
            doubtful |= self.oedema_with_haemorrhage
        return ~self.elsewhere[domain] & (self.to_icans[domain] | ~doubtful)


def read_state(frame: pd.DataFrame) -> State:
    """Read the columns that more than one domain needs."""
    found = {d: read_words(frame, d.value, words) for d, words in FINDING_WORDS.items()}
    due_to = {d: read_words(frame, f"{d.value}_attribution", Attribution) for d in ATTRIBUTABLE}
    signs = {sign: read_flags(frame, sign.name.lower()) == 1 for sign in UncountedSign}
    causes = list(Attribution)
    has_oedema = np.isin(found[Domain.PRESSURE], _OEDEMA)
    return State(
        findings=found,
        elsewhere={d: c == causes.index(Attribution.ANOTHER_CAUSE) for d, c in due_to.items()},
        to_icans={d: c == causes.index(Attribution.ICANS) for d, c in due_to.items()},
        signs=signs,
        has_tumour=read_flags(frame, "cns_tumour") == 1,
        sedation=read_words(frame, "sedation", Sedation),
        oedema_with_haemorrhage=has_oedema & signs[UncountedSign.HAEMORRHAGE],
    )


def read_ice(frame: pd.DataFrame, half: HalfRule) -> tuple[Numbers, Numbers]:
    """Read the bounds of the ICE score; both NaN where no item was assessed."""
    total = read_numbers(frame, "ice_total", limits=(0, ICE_MAXIMUM), half=half)
    items = np.stack(
        [
            read_numbers(frame, f"ice_{item}", limits=(0, points), half="strict")
            for item, points in ICE_ITEMS.items()
        ]
    )
    is_missing = np.isnan(items)
    has_items = ~is_missing.all(axis=0)
    points = np.nansum(items, axis=0)
    clash = has_items & ~np.isnan(total) & (total != points)
    refuse(clash, "ice_total", "must be the sum of the items beside it")
    lower = np.where(has_items, points, total)
    missing = is_missing.T @ np.array([*ICE_ITEMS.values()], dtype=np.float64)
    return lower, np.where(has_items, points + missing, total)


def read_capd(frame: pd.DataFrame, rules: CapdRules, half: HalfRule) -> tuple[Numbers, Mask]:
    """Read the CAPD total, and whether the patient was unable to perform it."""
    total = read_numbers(frame, "capd_total", limits=(0, rules.maximum), half=half)
    unable = read_flags(frame, "capd_unable") == 1
    refuse(unable & ~np.isnan(total), "capd_total", "must be empty where capd_unable is true")
    return total, unable


def ice_row(frame: pd.DataFrame, state: State, bounds: tuple[Numbers, Numbers]) -> Row:
    """Grade ICE, with and without the baseline."""
    lower, upper = bounds
    own = read_numbers(frame, "ice_baseline", limits=(0, ICE_MAXIMUM), half="strict")
    own = np.where(np.isnan(own), ICE_MAXIMUM, own)
    maybe_unarousable = state.is_unarousable | (state.findings[Domain.CONSCIOUSNESS] < 0)
    lowest = _band(upper, state.is_unarousable)
    highest = _band(lower, maybe_unarousable)
    assessed = ~np.isnan(lower) & ~state.is_masked
    counts = assessed & state.counts(Domain.ICE)
    return Row(
        assessed,
        highest * assessed,
        lowest * (counts & (upper < own)),
        highest * (counts & (lower < own)),
        lowest * counts,
        highest * counts,
    )


def _band(score: Numbers, is_unarousable: Mask) -> Codes:
    # A missing score is looked up as the best one, so that it carries no grade.
    whole = np.nan_to_num(score, nan=ICE_MAXIMUM).astype(np.int8)
    return np.where((whole == 0) & is_unarousable, ICE_ZERO_UNAROUSABLE, _BAND[whole]).astype(
        np.int8
    )


def capd_row(
    frame: pd.DataFrame, state: State, capd: tuple[Numbers, Mask], *, rules: CapdRules
) -> Row:
    """Grade CAPD, with and without the baseline."""
    total, unable = capd
    own = read_numbers(frame, "capd_baseline", limits=(0, rules.maximum), half="strict")
    grade = np.select(
        [unable, total >= rules.high_from, total >= rules.low_from],
        [CAPD_UNABLE, CAPD_HIGH, CAPD_LOW],
    ).astype(np.int8)
    assessed = (unable | ~np.isnan(total)) & ~state.is_masked
    counted = grade * (assessed & state.counts(Domain.CAPD))
    # A comparison with a missing baseline is false: nothing is lowered.
    above = counted * ~(total <= own)
    return Row(assessed, grade * assessed, above, above, counted, counted)


def finding_row(state: State, domain: Domain) -> Row:
    """Grade one of the domains that are recorded in words."""
    codes = state.findings[domain]
    assessed = codes >= 0
    if domain is Domain.CONSCIOUSNESS:
        assessed &= ~state.is_sedated
    found = look_up(codes, FINDING_GRADE[domain]) * assessed
    counted = found * state.counts(domain)
    return Row(assessed, found, counted, counted, counted, counted)


def last_grade_row(frame: pd.DataFrame, state: State) -> Row:
    """Carry the grade before intubation for ICANS."""
    last = read_numbers(frame, "last_grade", limits=LAST_GRADE_LIMITS, half="strict")
    return _fixed_row(np.nan_to_num(last).astype(np.int8) * state.is_carried)


def death_row(frame: pd.DataFrame) -> Row:
    """Grade death from ICANS."""
    died = read_flags(frame, "died_from_icans") == 1
    return _fixed_row(died.astype(np.int8) * np.int8(DEATH_GRADE))


def _fixed_row(grade: Codes) -> Row:
    return Row(np.ones(len(grade), dtype=np.bool_), grade, grade, grade, grade, grade)

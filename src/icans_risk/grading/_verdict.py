"""From the domains of many assessments to their ICANS grades; used by ``tables.py``."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.grading._rows import Row, State
from icans_risk.grading.columns import Codes, Mask, Numbers, join_words
from icans_risk.grading.icans import IcansFlag, NotGradable
from icans_risk.grading.ice import ICE_ZERO_UNAROUSABLE
from icans_risk.grading.vocabulary import NEED_ATTRIBUTION_WITH_TUMOUR, Domain, UncountedSign

__all__ = ["settle"]


def settle(
    rows: Mapping[Domain, Row], state: State, *, ice: tuple[Numbers, Numbers], has_capd: Mask
) -> pd.DataFrame:
    """Take the worst domain, and say what decided and what could not be assessed."""
    lowest, highest = _worst(rows, "lowest"), _worst(rows, "highest")
    cognition = rows[Domain.ICE].is_assessed | rows[Domain.CAPD].is_assessed
    is_bounded = cognition | (lowest > 0)
    grade = _certain(lowest, highest, is_bounded=is_bounded)
    not_assessed = {domain: ~row.is_assessed for domain, row in rows.items()}
    not_assessed[Domain.ICE] &= ~has_capd
    not_assessed[Domain.CAPD] &= has_capd
    decides = [(row.lowest == lowest) & (lowest > 0) for row in rows.values()]
    not_counted = [(row.found > 0) & (row.unadjusted_highest == 0) for row in rows.values()]
    unadjusted = _worst(rows, "unadjusted_lowest"), _worst(rows, "unadjusted_highest")
    flags = _flags(rows, state, ice)
    return pd.DataFrame(
        {
            "icans_grade": grade,
            "icans_at_most": np.where(is_bounded, highest, np.nan),
            "icans_unadjusted_grade": _certain(*unadjusted, is_bounded=is_bounded),
            "deciding_domain": join_words(np.stack(decides), rows),
            "icans_not_assessed": join_words(np.stack([*not_assessed.values()]), not_assessed),
            "icans_not_counted": join_words(np.stack(not_counted), rows),
            "icans_not_gradable_because": _reasons(state, is_open=np.isnan(grade), ice=cognition),
            "icans_flags": join_words(np.stack([*flags.values()]), flags),
        }
    )


def _worst(rows: Mapping[Domain, Row], field: str) -> Codes:
    worst: Codes = np.stack([getattr(row, field) for row in rows.values()]).max(axis=0)
    return worst


def _certain(lowest: Codes, highest: Codes, *, is_bounded: Mask) -> Numbers:
    # The rule of certain_grade: a lower bound of 0 is no knowledge unless nothing else is left.
    return np.where(is_bounded & ((lowest > 0) | (highest == 0)), lowest, np.nan)


def _reasons(state: State, *, is_open: Mask, ice: Mask) -> NDArray[np.object_]:
    reasons = [
        (is_open & state.is_carried, NotGradable.NO_LAST_GRADE),
        (is_open & state.is_masked, NotGradable.OTHER_REASON),
        (is_open & ice, NotGradable.PARTIAL),
        (is_open, NotGradable.NOT_ASSESSED),
    ]
    which = np.select([holds for holds, _ in reasons], range(4), default=4)
    words: NDArray[np.object_] = np.array([*(r.value for _, r in reasons), ""], dtype=object)[which]
    return words


def _flags(
    rows: Mapping[Domain, Row], state: State, ice: tuple[Numbers, Numbers]
) -> dict[IcansFlag, Mask]:
    lower, upper = ice
    score, capd, pressure = rows[Domain.ICE], rows[Domain.CAPD], rows[Domain.PRESSURE]
    tumour = [(rows[d].found > 0) & _is_open(state, d) for d in NEED_ATTRIBUTION_WITH_TUMOUR]
    haemorrhage = state.oedema_with_haemorrhage & _is_open(state, Domain.PRESSURE)
    is_unknown = state.findings[Domain.CONSCIOUSNESS] < 0
    return {
        IcansFlag.PARTIAL_ICE: score.is_assessed & (upper > lower),
        IcansFlag.BASELINE: _is_lowered(score) | _is_lowered(capd),
        IcansFlag.ZERO_UNKNOWN: is_unknown
        & (score.lowest < score.highest)
        & (score.highest == ICE_ZERO_UNAROUSABLE),
        IcansFlag.CONTRADICTION: score.is_assessed & state.is_unarousable & (lower > 0),
        IcansFlag.TUMOUR: state.has_tumour & np.logical_or.reduce(tumour),
        IcansFlag.HAEMORRHAGE: haemorrhage & (pressure.found > 0),
        IcansFlag.MASKED: state.is_masked,
        IcansFlag.CARRIED: rows[Domain.LAST_GRADE].lowest > 0,
        IcansFlag.UNCOUNTED: np.logical_or.reduce([state.signs[sign] for sign in UncountedSign]),
    }


def _is_lowered(row: Row) -> Mask:
    lowered: Mask = (row.lowest != row.unadjusted_lowest) | (row.highest != row.unadjusted_highest)
    return lowered


def _is_open(state: State, domain: Domain) -> Mask:
    """Whether nothing was recorded about the cause of a finding."""
    return ~(state.elsewhere[domain] | state.to_icans[domain])

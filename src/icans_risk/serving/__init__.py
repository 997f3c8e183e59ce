"""Answer for patients by a released model: events, episodes and grades in, risk and reasons out.

*Served model*: a released model with its identity, which is the SHA-256 of what was stored, and
with the feature specification by which vectors are made for it. *Status*: ``answered``, or the
first reason why there is no number. Research use only: a risk is no advice.
"""

from icans_risk.cohort import DataKind
from icans_risk.serving.circumstances import circumstances_at, has_cns_tumour
from icans_risk.serving.request import MOST_EPISODES, RawTables, Tables
from icans_risk.serving.scored import Scored
from icans_risk.serving.scoring import score
from icans_risk.serving.served import ServedModel, load_served
from icans_risk.serving.statuses import NOT_AT_RISK, SENTENCES, UNREADABLE

__all__ = [
    "MOST_EPISODES",
    "NOT_AT_RISK",
    "SENTENCES",
    "UNREADABLE",
    "DataKind",
    "RawTables",
    "Scored",
    "ServedModel",
    "Tables",
    "circumstances_at",
    "has_cns_tumour",
    "load_served",
    "score",
]

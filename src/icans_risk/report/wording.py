"""Numbers and times in English words, for the pages that have no other language.

Everything that a reader sees as text passes through here or through ``Words`` once, so that
a number that cannot be estimated never reads ``nan`` and a foreign string cannot disturb its
line.
"""

from icans_risk.report.cleaning import Interval, clean, per_hundred
from icans_risk.report.words import ENGLISH

__all__ = [
    "NOT_ESTIMABLE",
    "NOT_MEASURED",
    "Interval",
    "age",
    "clean",
    "days_of",
    "hours",
    "moment",
    "number",
    "of_100",
    "per_hundred",
    "span",
    "value_with_unit",
    "with_interval",
]

NOT_ESTIMABLE = ENGLISH.not_estimable
NOT_MEASURED = ENGLISH.not_measured

age = ENGLISH.age
days_of = ENGLISH.days_of
hours = ENGLISH.hours
moment = ENGLISH.moment
number = ENGLISH.number
of_100 = ENGLISH.of_100
span = ENGLISH.span
value_with_unit = ENGLISH.value_with_unit
with_interval = ENGLISH.with_interval

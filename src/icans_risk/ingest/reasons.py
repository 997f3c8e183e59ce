"""Why a row of results is set aside: one code, one sentence, one remedy."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["LEFT_OUT", "REASONS", "Reason"]

# These say nothing against the row: it belongs to somebody else, to another time, or to a
# platform that is not used. It is counted, but not kept, nor held against the export.
LEFT_OUT = frozenset({"unknown_patient", "out_of_reach", "other_platform"})


class Reason(NamedTuple):
    """What a quarantined row suffers from, and what would cure it."""

    message: str
    remedy: str


REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "no_identifier": Reason(
            "The row names no patient or episode.", "Fill in the identifier in the source."
        ),
        "unknown_patient": Reason(
            "The row's patient or episode has no row among the infusions.",
            "Add the infusion, or leave the rows out of the export.",
        ),
        "no_infusion_time": Reason(
            "The episode has no time of infusion, so nothing can be dated by it.",
            "Fill in the time of the infusion.",
        ),
        "impossible_episode": Reason(
            "What is recorded of the episode itself cannot be true.",
            "Correct the row of the infusion.",
        ),
        "out_of_reach": Reason(
            "The result lies further from the infusion than handling.baseline_days and "
            "handling.follow_days reach.",
            "Correct the time, or widen the reach.",
        ),
        "unreadable_result": Reason(
            "The result is neither a number nor a known word for a missing one.",
            "Correct it, or list the word in handling.missing_words.",
        ),
        "wrong_decimal_sign": Reason(
            "The result has the decimal sign that its table does not use.",
            "Correct it, or declare the decimal sign by site or by file.",
        ),
        "ambiguous_number": Reason(
            "The result may be a fraction or grouped thousands.",
            "Write it without grouping, or set handling.thousands to 'group'.",
        ),
        "infinite_result": Reason("The result is not finite.", "Correct it in the source."),
        "no_unit": Reason(
            "The analyte has several units, and the row states none.",
            "Fill in the unit, or state it for the analyte in the study file.",
        ),
        "unknown_unit": Reason(
            "The unit is none that the analyte accepts.",
            "Translate it under handling.units, or correct it.",
        ),
        "no_collection_time": Reason(
            "The row has no time of collection.", "Fill in the time in the source."
        ),
        "unreadable_time": Reason(
            "A time is not in the form that the table declares.",
            "Write it as ISO 8601, for example 2026-05-01T14:30.",
        ),
        "time_in_gap": Reason(
            "The local time does not exist: clocks went forward over it.",
            "Correct it, or export times with their offset.",
        ),
        "result_before_collection": Reason(
            "The result was available before its sample was taken.",
            "Correct the two times.",
        ),
        "later_than_export": Reason(
            "The time is later than the export itself.", "Correct the time."
        ),
        "impossible_value": Reason(
            "The value lies outside the catalogue's hard limits.",
            "Correct it; a limit that is too narrow is mended in the catalogue.",
        ),
        "conflicting_results": Reason(
            "Two different results of one sample became available together.",
            "Correct them, or set handling.same_sample to 'first' or 'last'.",
        ),
        "other_platform": Reason(
            "The platform is not the one that handling.assays chose.",
            "Nothing has to be done; a stated factor would admit it.",
        ),
    }
)

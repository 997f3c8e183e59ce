"""What an episode's status may be, and the sentence for each."""

from collections.abc import Mapping
from types import MappingProxyType

from icans_risk.models.abstention import ABSTENTIONS

__all__ = ["NOT_AT_RISK", "SENTENCES", "UNREADABLE"]

UNREADABLE = "unreadable"

# Why an episode is out of the risk set, as the outcomes table says it, and its status.
NOT_AT_RISK: Mapping[str, str] = MappingProxyType(
    {
        "endpoint_before_landmark": "already_at_endpoint",
        "died_before_landmark": "not_under_observation",
        "not_under_observation": "not_under_observation",
    }
)

# Why there is no estimate, by status.
SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        **{code: abstention.sentence for code, abstention in ABSTENTIONS.items()},
        "not_under_observation": (
            "The patient was not under observation at the landmark, so the question that the "
            "model answers was not open."
        ),
        UNREADABLE: "The patient's own rows cannot be read as they stand.",
    }
)

"""Why an episode has no estimate, in words."""

from collections.abc import Mapping

from icans_risk.models.abstention import ABSTENTIONS

__all__ = ["NOT_RELEASED", "REASONS"]

NOT_RELEASED = "not_released"

# Why there is no estimate, by status.
REASONS: Mapping[str, str] = {
    **{code: abstention.sentence for code, abstention in ABSTENTIONS.items()},
    "not_under_observation": (
        "The patient was not under observation at the landmark, so the question that the "
        "model answers was not open."
    ),
    NOT_RELEASED: (
        "No model was let out: among patients whom it had not seen, higher predicted risks did "
        "not go with more events."
    ),
}

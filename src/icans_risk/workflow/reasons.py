"""Why an episode has no estimate, in words."""

from collections.abc import Mapping

from icans_risk.serving import SENTENCES

__all__ = ["NOT_RELEASED", "REASONS"]

NOT_RELEASED = "not_released"

# Why there is no estimate, by status.
REASONS: Mapping[str, str] = {
    **SENTENCES,
    NOT_RELEASED: (
        "No model was let out: among patients whom it had not seen, higher predicted risks did "
        "not go with more events."
    ),
}

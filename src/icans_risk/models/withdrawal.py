"""A model that gives no more answers: a note beside it, which every reader looks for."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from icans_risk.errors import ModelError
from icans_risk.models.stored import stored_hash

__all__ = ["Withdrawal", "find_withdrawal", "withdraw_model"]

NOTE = "withdrawn.json"
MAX_BYTES = 64 * 2**10


@dataclass(frozen=True)
class Withdrawal:
    """Why a model gives no more answers.

    Attributes
    ----------
    reason : str
        In words.
    withdrawn_at : str
        When, in UTC.
    model : str
        SHA-256 of the model.
    """

    reason: str
    withdrawn_at: str
    model: str


def withdraw_model(folder: Path, *, reason: str) -> Withdrawal:
    """Write beside a stored model that it gives no more answers.

    The model itself is left as it is, so that its hash still names it. Copies made before
    are not reached: withdraw each.

    Parameters
    ----------
    folder : Path
        Of a stored model.
    reason : str
        In words, without identifiers.

    Returns
    -------
    Withdrawal
        What was written.

    Raises
    ------
    ModelError
        If there is no model, it was withdrawn before, or no reason is given.
    """
    if not reason.strip():
        raise ModelError("a withdrawal needs a reason, got none. Say why in words.")
    note = Withdrawal(
        reason.strip(), datetime.now(UTC).isoformat(timespec="seconds"), stored_hash(folder)
    )
    try:
        with (folder / NOTE).open("x", encoding="utf-8") as file:
            json.dump(asdict(note), file, indent=2)
    except FileExistsError:
        raise ModelError("this model was withdrawn before. There is nothing to do.") from None
    except OSError as error:
        raise ModelError(
            f"{NOTE} cannot be written beside the model ({error.strerror}). Withdraw it as the "
            "owner of its folder."
        ) from None
    return note


def find_withdrawal(folder: Path) -> Withdrawal | None:
    """Return the withdrawal of a stored model, None where it was not withdrawn.

    A note that cannot be read counts as one: the safe side is no answer.

    Parameters
    ----------
    folder : Path
        Of a stored model.
    """
    path = folder / NOTE
    if not (path.exists() or path.is_symlink()):
        return None
    try:
        with path.open(encoding="utf-8") as file:
            return Withdrawal(**json.loads(file.read(MAX_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return Withdrawal("the note on the withdrawal cannot be read", "not known", "not known")

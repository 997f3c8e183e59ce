"""A released model is taken back."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from icans_risk.models.released import load_released
from icans_risk.models.withdrawal import withdraw_model

__all__ = ["withdraw"]


def withdraw(model: Path, *, reason: str) -> dict[str, Any]:
    """Mark a released model so that it gives no more answers.

    Parameters
    ----------
    model : Path
        Its folder.
    reason : str
        In words, without identifiers.

    Returns
    -------
    dict
        Plain data: reason, time, hash.

    Raises
    ------
    ModelError
        If there is no released model, it was withdrawn before, or no reason is given.
    """
    load_released(model)
    return asdict(withdraw_model(model, reason=reason))

"""Numbers that JSON can hold."""

import math

__all__ = ["plain"]


def plain(value: float) -> float | None:
    """Return a finite number, or None: JSON has no NaN, and what is not estimable is null."""
    return float(value) if math.isfinite(value) else None

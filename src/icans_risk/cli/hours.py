"""Hours as they are typed: numbers between commas."""

from icans_risk.errors import IcansRiskError

__all__ = ["parse_hours"]


def parse_hours(text: str, *, option: str) -> list[float]:
    """Parse hours such as ``0,24,72``.

    Raises
    ------
    IcansRiskError
        If a part is no number.

    Examples
    --------
    >>> parse_hours("0,24,72", option="--landmarks")
    [0.0, 24.0, 72.0]
    """
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        message = f"{option}: expected hours such as 0,24,72, got something else."
        raise IcansRiskError(message) from None

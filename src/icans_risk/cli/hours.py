"""Hours, moments and risks as they are typed."""

from datetime import datetime

from icans_risk.errors import IcansRiskError

__all__ = ["parse_hours", "parse_moment", "parse_risks"]


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
    return _numbers(text, option=option, such_as="hours such as 0,24,72")


def parse_moment(text: str, *, option: str) -> datetime:
    """Parse a moment such as ``2026-05-04T07:00+02:00``.

    Raises
    ------
    IcansRiskError
        If it is none, or says no time zone.

    Examples
    --------
    >>> parse_moment("2026-05-04T07:00+02:00", option="--data-cutoff").hour
    7
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise IcansRiskError(
            f"{option}: expected a moment with its time zone, such as 2026-05-04T07:00+02:00, got "
            "something else."
        )
    return moment


def parse_risks(text: str | None, *, option: str) -> list[float] | None:
    """Parse risks such as ``0.1,0.2``; None stays None.

    Raises
    ------
    IcansRiskError
        If a part is no number.

    Examples
    --------
    >>> parse_risks("0.1,0.2", option="--thresholds")
    [0.1, 0.2]
    """
    if text is None:
        return None
    return _numbers(text, option=option, such_as="risks such as 0.1,0.2")


def _numbers(text: str, *, option: str, such_as: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise IcansRiskError(f"{option}: expected {such_as}, got something else.") from None

"""Numbers and times in the words that the pages print.

Everything that a reader sees as text passes through here once, so that a number that
cannot be estimated never reads ``nan`` and a foreign string cannot disturb its line.
"""

import math
import unicodedata

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

NOT_ESTIMABLE = "not estimable"
NOT_MEASURED = "not measured"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_MINUS = "\N{MINUS SIGN}"

Interval = tuple[float, float, float]
"""An estimate with its lower and upper limit, in this order."""


def clean(text: object) -> str:
    r"""Make a string from outside safe to stand in a line of text.

    Controls, lone surrogates and invisible marks (which include the overrides of writing
    direction) become visible replacement characters; nothing is shortened, because two
    identifiers could then look alike. HTML is escaped by the templates, not here.

    Examples
    --------
    >>> clean("A\u202e17")
    'A�17'
    """
    return "".join(_REPLACEMENT if unicodedata.category(c)[0] == "C" else c for c in str(text))


def number(value: float, digits: int = 2) -> str:
    """Print a number with fixed digits, or say that there is none.

    Examples
    --------
    >>> number(-0.5), number(float("nan"))
    ('−0.50', 'not estimable')
    """
    if not math.isfinite(value):
        return NOT_ESTIMABLE
    text = f"{value:.{digits}f}"
    # A negative number that rounds to zero has no sign to show.
    return text.lstrip("-") if float(text) == 0 else text.replace("-", _MINUS)


def with_interval(figures: Interval, *, name: str, digits: int = 2) -> str:
    """Print an estimate with its interval.

    Examples
    --------
    >>> with_interval((0.71, 0.58, 0.83), name="95 % interval")
    '0.71 (95 % interval 0.58 to 0.83)'
    >>> with_interval((0.71, float("nan"), 0.83), name="95 % interval")
    '0.71 (95 % interval not estimable)'
    """
    estimate, low, high = figures
    if not math.isfinite(estimate):
        return NOT_ESTIMABLE
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{number(estimate, digits)} ({name} {NOT_ESTIMABLE})"
    limits = f"{number(low, digits)} to {number(high, digits)}"
    return f"{number(estimate, digits)} ({name} {limits})"


def per_hundred(probability: float) -> int:
    """Count the figures of 100 to fill for a probability; never all or none by rounding.

    Below one in a hundred no figure is filled and above 99 only 99 are: the words beside
    the picture then say "fewer than 1" or "more than 99".
    """
    if probability < 0.01:
        return 0
    return min(99, math.floor(100 * probability + 0.5))


def of_100(probability: float) -> str:
    """Say a probability as a count of whole patients, without "of 100".

    Examples
    --------
    >>> of_100(0.143), of_100(0.004), of_100(0.997), of_100(float("nan"))
    ('14', 'fewer than 1', 'more than 99', 'not estimable')
    """
    if not math.isfinite(probability):
        return NOT_ESTIMABLE
    if probability < 0.01:
        return "fewer than 1"
    return "more than 99" if probability > 0.99 else str(per_hundred(probability))


def span(time_h: float) -> str:
    """Print hours with at most one digit.

    Examples
    --------
    >>> span(55.5), span(-36)
    ('55.5 h', '−36 h')
    """
    # Adding zero turns a rounded -0.0 into 0.0.
    return f"{round(time_h, 1) + 0.0:.10g} h".replace("-", _MINUS)


def hours(time_h: float) -> str:
    """Say a time since infusion in hours.

    Examples
    --------
    >>> hours(72.0), hours(-36.5), hours(0)
    ('72 h after infusion', '36.5 h before infusion', 'at infusion')
    """
    if time_h == 0:
        return "at infusion"
    side = "after" if time_h > 0 else "before"
    return f"{span(abs(time_h))} {side} infusion"


def days_of(time_h: float) -> str:
    """Say the day of a time since infusion; the day of infusion is day 0.

    A time that ends a day belongs to that day: what was recorded for a day is dated at
    its end.

    Examples
    --------
    >>> days_of(72), days_of(80), days_of(-1)
    ('end of day 2', 'day 3', 'day −1')
    """
    if time_h > 0 and time_h % 24 == 0:
        return f"end of day {int(time_h // 24) - 1}"
    return f"day {math.floor(time_h / 24)}".replace("-", _MINUS)


def moment(time_h: float) -> str:
    """Say a time since infusion in hours and in days, with the way days are counted.

    Examples
    --------
    >>> moment(72)
    '72 h after infusion (the end of day 2, counting the day of infusion as day 0)'
    """
    day = days_of(time_h)
    article = "the " if day.startswith("end") else ""
    return f"{hours(time_h)} ({article}{day}, counting the day of infusion as day 0)"


def age(span_h: float) -> str:
    """Say how old a value is, in hours and from two days on in days as well.

    Examples
    --------
    >>> age(6), age(60)
    ('6 h', '60 h (2.5 days)')
    """
    text = span(span_h)
    return text if span_h < 48 else f"{text} ({round(span_h / 24, 1):g} days)"


def value_with_unit(value: float | str, unit: str = "") -> str:
    """Print a measured value with four significant digits and its unit.

    A unit in braces is UCUM's way to annotate a number that has no dimension, as 1 is its
    name for none; the label has said it already.

    Examples
    --------
    >>> value_with_unit(1234.56, "mg/dL"), value_with_unit(2.0, "{grade}")
    ('1,235 mg/dL', '2')
    >>> value_with_unit(0.35, "1")
    '0.35'
    """
    if isinstance(value, str):
        return clean(value)
    if not math.isfinite(value):
        return NOT_MEASURED
    digits = 0 if value == 0 else min(12, max(0, 3 - math.floor(math.log10(abs(value)))))
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    plain_unit = "" if unit == "1" or unit.startswith("{") else clean(unit)
    return f"{text.replace('-', _MINUS)} {plain_unit}".strip()

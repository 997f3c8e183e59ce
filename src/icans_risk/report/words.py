"""Numbers, times and sentences in the language and units of a page."""

import math
from dataclasses import dataclass
from typing import Literal

from icans_risk.report.cleaning import Interval, clean, per_hundred
from icans_risk.report.display import printed_unit
from icans_risk.report.messages import Language, load_messages, load_terms, split_numbers

__all__ = ["ENGLISH", "UnitSystem", "Words"]

UnitSystem = Literal["conventional", "si"]

_MINUS = "\N{MINUS SIGN}"
_GERMAN = str.maketrans(",.", ".,")


@dataclass(frozen=True)
class Words:
    """How a page speaks: calling it with a key gives the text in its language.

    Attributes
    ----------
    language : {"en", "de"}
        Of sentences and of the decimal mark.
    units : {"conventional", "si"}
        Of measured values.

    Examples
    --------
    >>> Words()("basis.missing"), Words("de")("basis.missing")
    ('Not measured:', 'Nicht gemessen:')
    """

    language: Language = "en"
    units: UnitSystem = "conventional"

    def __call__(self, key: str, **named: object) -> str:
        """Return a text by its key, with what stands in its places."""
        return load_messages(self.language)[key].format_map(named)

    def knows(self, key: str) -> bool:
        """Tell whether there is a text with this key."""
        return key in load_messages(self.language)

    def plural(self, key: str, n: int, **named: object) -> str:
        """Return the text for one or for several; ``{n}`` is the number."""
        return self(f"{key}.{'one' if n == 1 else 'other'}", n=n, **named)

    def term(self, text: object) -> str:
        """Say in the language of the page what a run said in English.

        What is not known stays as it is: the words of a study are its own.

        Examples
        --------
        >>> Words("de").term("ICANS grade 3 or higher (ASTCT)")
        'ICANS Grad 3 oder höher (ASTCT)'
        """
        words = clean(text)
        if self.language == "en":
            return words
        pattern, numbers = split_numbers(words)
        known = load_terms().get(words) or load_terms().get(pattern)
        return words if known is None else known.format(*map(self._local, numbers))

    def _local(self, text: str) -> str:
        return text.translate(_GERMAN) if self.language == "de" else text

    @property
    def not_estimable(self) -> str:
        """What a number that cannot be estimated reads."""
        return self("none.estimable")

    @property
    def not_measured(self) -> str:
        """What a value that was not measured reads."""
        return self("none.measured")

    def number(self, value: float, digits: int = 2) -> str:
        """Print a number with fixed digits, or say that there is none.

        Examples
        --------
        >>> ENGLISH.number(-0.5), ENGLISH.number(float("nan")), Words("de").number(1.5)
        ('−0.50', 'not estimable', '1,50')
        """
        if not math.isfinite(value):
            return self.not_estimable
        text = f"{value:.{digits}f}"
        # A negative number that rounds to zero has no sign to show.
        text = text.lstrip("-") if float(text) == 0 else text.replace("-", _MINUS)
        return self._local(text)

    def with_interval(self, figures: Interval, *, name: str, digits: int = 2) -> str:
        """Print an estimate with its interval.

        Examples
        --------
        >>> ENGLISH.with_interval((0.71, 0.58, 0.83), name="95 % interval")
        '0.71 (95 % interval 0.58 to 0.83)'
        >>> ENGLISH.with_interval((0.71, float("nan"), 0.83), name="95 % interval")
        '0.71 (95 % interval not estimable)'
        """
        estimate, low, high = figures
        if not math.isfinite(estimate):
            return self.not_estimable
        limits = self.limits(low, high, digits=digits)
        return f"{self.number(estimate, digits)} ({name} {limits})"

    def limits(self, low: float, high: float, *, digits: int = 2) -> str:
        """Print the two ends of an interval."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return self.not_estimable
        return self("span.to", low=self.number(low, digits), high=self.number(high, digits))

    def of_100(self, probability: float) -> str:
        """Say a probability as a count of whole patients, without "of 100".

        Examples
        --------
        >>> [ENGLISH.of_100(p) for p in (0.143, 0.004, 0.997, float("nan"))]
        ['14', 'fewer than 1', 'more than 99', 'not estimable']
        """
        if not math.isfinite(probability):
            return self.not_estimable
        if probability < 0.01:
            return self("share.fewest")
        return self("share.most") if probability > 0.99 else str(per_hundred(probability))

    def about_of_100(self, probability: float, *, opens: bool = False) -> str:
        """Say a probability as "about 14 of 100", or where it opens a line as "About 14 of 100"."""
        is_bound = 0.01 <= probability <= 0.99
        said = self("share.about" if is_bound else "share.bound", count=self.of_100(probability))
        return said[:1].upper() + said[1:] if opens else said

    def span(self, time_h: float) -> str:
        """Print hours with at most one digit.

        Examples
        --------
        >>> ENGLISH.span(55.5), ENGLISH.span(-36), Words("de").span(55.5)
        ('55.5 h', '−36 h', '55,5 h')
        """
        # Adding zero turns a rounded -0.0 into 0.0.
        return self._local(f"{round(time_h, 1) + 0.0:.10g} h".replace("-", _MINUS))

    def hours(self, time_h: float) -> str:
        """Say a time since infusion in hours.

        Examples
        --------
        >>> ENGLISH.hours(72.0), ENGLISH.hours(-36.5), ENGLISH.hours(0)
        ('72 h after infusion', '36.5 h before infusion', 'at infusion')
        """
        if time_h == 0:
            return self("time.at")
        return self("time.after" if time_h > 0 else "time.before", span=self.span(abs(time_h)))

    def days_of(self, time_h: float) -> str:
        """Say the day of a time since infusion; the day of infusion is day 0.

        A time that ends a day belongs to that day: what was recorded for a day is dated at
        its end.

        Examples
        --------
        >>> ENGLISH.days_of(72), ENGLISH.days_of(80), ENGLISH.days_of(-1)
        ('end of day 2', 'day 3', 'day −1')
        """
        if time_h > 0 and time_h % 24 == 0:
            return self("time.day_end", day=int(time_h // 24) - 1)
        return self("time.day", day=f"{math.floor(time_h / 24)}".replace("-", _MINUS))

    def at(self, time_h: float) -> str:
        """Say a time since infusion shortly, in hours and days.

        Examples
        --------
        >>> ENGLISH.at(54)
        '54 h (day 2)'
        """
        return f"{self.span(time_h)} ({self.days_of(time_h)})"

    def moment(self, time_h: float) -> str:
        """Say a time since infusion in hours and in days, with the way days are counted.

        Examples
        --------
        >>> ENGLISH.moment(72)
        '72 h after infusion (the end of day 2, counting the day of infusion as day 0)'
        """
        is_end = time_h > 0 and time_h % 24 == 0
        key = "time.moment_end" if is_end else "time.moment"
        return self(key, hours=self.hours(time_h), day=self.days_of(time_h))

    def age(self, span_h: float) -> str:
        """Say how old a value is, in hours and from two days on in days as well.

        Examples
        --------
        >>> ENGLISH.age(6), ENGLISH.age(60)
        ('6 h', '60 h (2.5 days)')
        """
        if span_h < 48:
            return self.span(span_h)
        days = self._local(f"{round(span_h / 24, 1):g}")
        return self("time.age", span=self.span(span_h), days=days)

    def short_age(self, span_h: float) -> str:
        """Say how old a value is, in hours, and from two days on in days alone.

        Examples
        --------
        >>> ENGLISH.short_age(6), ENGLISH.short_age(60)
        ('6 h', '2.5 days')
        """
        if span_h < 48:
            return self.span(span_h)
        return self("time.days", days=self._local(f"{round(span_h / 24, 1):g}"))

    def value_with_unit(self, value: float | str, unit: str = "") -> str:
        """Print a measured value with four significant digits and its unit.

        A unit in braces is UCUM's way to annotate a number that has no dimension, as 1 is its
        name for none; the label has said it already.

        Examples
        --------
        >>> ENGLISH.value_with_unit(1234.56, "mg/dL"), ENGLISH.value_with_unit(2.0, "{grade}")
        ('1,235 mg/dL', '2')
        >>> ENGLISH.value_with_unit(0.35, "1"), Words("de").value_with_unit(38.5, "Cel")
        ('0.35', '38,5 °C')
        """
        if isinstance(value, str):
            return self.term(value)
        if not math.isfinite(value):
            return self.not_measured
        return f"{self.figure(value)} {self.term(printed_unit(unit))}".strip()

    def figure(self, value: float, significant: int = 4) -> str:
        """Print a measured number with so many significant digits.

        Examples
        --------
        >>> ENGLISH.figure(0.13654, 3), ENGLISH.figure(1834.0)
        ('0.137', '1,834')
        """
        order = 0 if value == 0 else math.floor(math.log10(abs(value)))
        digits = 0 if value == 0 else min(12, max(0, significant - 1 - order))
        text = f"{value:,.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return self._local(text.replace("-", _MINUS))

    def listed(self, names: "list[str]") -> str:
        """Join names as in running text.

        Examples
        --------
        >>> ENGLISH.listed(["CRP", "ferritin", "LDH"])
        'CRP, ferritin and LDH'
        """
        if len(names) < 2:
            return "".join(names)
        return self("span.and", first=", ".join(names[:-1]), last=names[-1])


ENGLISH = Words()

"""Strings from outside made harmless, and the counts of a hundred."""

import math
import unicodedata

__all__ = ["Interval", "clean", "per_hundred"]

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

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
    words = str(text)
    if words.isascii() and words.isprintable():
        return words
    return "".join(_REPLACEMENT if unicodedata.category(c)[0] == "C" else c for c in words)


def per_hundred(probability: float) -> int:
    """Count the figures of 100 to fill for a probability; never all or none by rounding.

    Below one in a hundred no figure is filled and above 99 only 99 are: the words beside
    the picture then say "fewer than 1" or "more than 99".
    """
    if probability < 0.01:
        return 0
    return min(99, math.floor(100 * probability + 0.5))

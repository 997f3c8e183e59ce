"""What a unit is called in exports, and the accepted unit that it means.

``RULES`` is all the leniency there is. The rules are applied in their order to what is
written and to what the catalogue accepts, and the two must then be the same.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from icans_risk.catalogue import Analyte

__all__ = ["RULES", "Rule", "plain_unit", "read_unit"]


class Rule(NamedTuple):
    """One liberty in how a unit may be written, and an example of it."""

    why: str
    pattern: str
    replacement: str
    example: tuple[str, str]


_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
# Signs that NFKC leaves apart, or turns into something else than they are used for.
_ALIKE = str.maketrans({"º": "°", "˚": "°", "∕": "/", "⁄": "/", "−": "-", "⋅": "*", "·": "*"})
_MICRO = str.maketrans({"\u03bc": "u"})

# After raised digits, width and the micro sign are unified and blanks are removed.
RULES = (
    Rule(
        "The kind of D-dimer unit stands without braces.",
        r"[{(]?(FEU|DDU)[})]?$",
        r"{\1}",
        ("mg/L FEU", "mg/L{FEU}"),
    ),
    Rule(
        "Powers of ten are written with x10^, 10**, 10E or raised digits.",
        r"^[xX×*]?10(?:\*\*|[*^eE])\+?(-?[0-9]+)",
        r"10*\1",
        ("×10⁹ / L", "10*9/L"),
    ),
    Rule("Cubes are written raised or with ^.", r"(?<=[a-z])\^(?=[23])", "", ("/mm³", "/mm3")),
    Rule("mc stands for micro.", r"\bmc(?=(?:g|l|L|mol|kat)\b)", "u", ("mcg/mL", "ug/mL")),
    Rule("UCUM's litre is l or L.", r"\b([munpfdck]?)l\b", r"\1L", ("mg/dl", "mg/dL")),
    Rule("Degrees are spelt out.", r"^deg\.?(?=[CF]$)", "°", ("deg C", "°C")),
)

# m is milli and M mega, p pico and P peta, g gram and G giga: case alone decides.
_CLASHING = re.compile(r"\b[mpgMPG]")


def plain_unit(text: str) -> str:
    """Write a unit the one way in which units are compared.

    Examples
    --------
    >>> plain_unit("10⁹ / L") == plain_unit("x10E9/l") == plain_unit("10^9/L")
    True
    >>> plain_unit("μmol/l")
    'umol/L'
    """
    # NFKC alone would read 10⁹ as 109.
    raised = re.sub("[⁰¹²³⁴-⁹⁺⁻]+", lambda found: "^" + found[0].translate(_RAISED), text)
    unified = unicodedata.normalize("NFKC", raised.translate(_ALIKE)).translate(_MICRO)
    plain = re.sub(r"\s", "", unified)
    for rule in RULES:
        plain = re.sub(rule.pattern, rule.replacement, plain)
    return plain


def read_unit(text: str, analyte: Analyte, words: Mapping[str, str]) -> str | None:
    """Find the accepted unit that a text means.

    Parameters
    ----------
    text : str
        As written.
    analyte : Analyte
        Its ``accepted_units``.
    words : mapping of str to str
        The site's own words and the units that they mean; they come first.

    Returns
    -------
    str or None
        A key of ``accepted_units``; None if the text means none of them for certain.

    Notes
    -----
    Case is ignored last, and only if one accepted unit remains. A text in capitals alone is
    read as UCUM's case-insensitive form, ``MG/DL``; otherwise no letter that differs may be
    another SI prefix: ``Mg/dL`` is never read.
    """
    own = {word.strip(): unit for word, unit in words.items()}
    written = own.get(text.strip(), text).strip()
    if written in analyte.accepted_units:
        return written
    plain = plain_unit(written)
    known = _plain_units(tuple(analyte.accepted_units))
    if plain in known:
        return known[plain]
    near = [unit for unit in known if unit.casefold() == plain.casefold()]
    # In UCUM's own capitals mega is MA: MG/DL can only be milligrams.
    is_capital = written == written.upper()
    if len(near) == 1 and (is_capital or _CLASHING.findall(near[0]) == _CLASHING.findall(plain)):
        return known[near[0]]
    return None


@cache
def _plain_units(accepted: tuple[str, ...]) -> dict[str, str]:
    # Of two ways to write one unit the first is named.
    return {plain_unit(unit): unit for unit in reversed(accepted)}

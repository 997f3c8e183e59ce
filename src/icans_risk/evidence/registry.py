"""Read the published figures, choose among them, and say how far their sources disagree."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import get_args

from icans_risk.errors import IcansRiskError
from icans_risk.evidence.figure import Disease, Figure, Product, Quantity, Scale, Status
from icans_risk.evidence.reading import read_figures, read_sources

__all__ = ["Disagreement", "Figure", "find_disagreement", "load_evidence", "select_figures"]

FILES = (
    "incidence", "timing", "risk_factors", "kinetics", "testing", "assays", "treatment",
    "cns_tumours",
)  # fmt: skip

VOCABULARIES = {
    "product": get_args(Product),
    "disease": get_args(Disease),
    "quantity": get_args(Quantity),
    "status": get_args(Status),
    "scale": get_args(Scale),
}


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """How far sources differ on one quantity of one population, on one scale.

    Attributes
    ----------
    about : str
        What is measured: the common head of the figures' keys.
    scale, unit : str
        How it was graded, and the unit.
    lowest, highest : Figure
        The two ends.
    sources : int
        How many sources there are; with one there is nothing to disagree.
    """

    about: str
    scale: str
    unit: str
    lowest: Figure
    highest: Figure
    sources: int

    @property
    def difference(self) -> float:
        """Return highest minus lowest, in the unit."""
        return self.highest.value - self.lowest.value

    @property
    def in_words(self) -> str:
        """Say it as one sentence."""
        return (
            f"{self.about}: {self.lowest.value:g} ({self.lowest.source.authors}) to "
            f"{self.highest.value:g} ({self.highest.source.authors}), {self.sources} sources, "
            f"scale {self.scale}"
        )


@cache
def load_evidence() -> Mapping[str, Figure]:
    """Load every figure, by key.

    Returns
    -------
    mapping of str to Figure
        Read-only, in file order; the same object at each call.

    Raises
    ------
    IcansRiskError
        If a file breaks a rule, or a key stands in two files.

    Examples
    --------
    >>> figure = load_evidence()["icans_grade3.brexu_cel.mcl"]
    >>> figure.value, figure.scale, figure.status
    (0.3, 'ASTCT', 'read')
    """
    room = files("icans_risk.evidence")
    sources = read_sources((room / "sources.yaml").read_text(encoding="utf-8"))
    figures: dict[str, Figure] = {}
    for name in FILES:
        more = read_figures((room / f"{name}.yaml").read_text(encoding="utf-8"), sources)
        twice = sorted(figures.keys() & more.keys())
        if twice:
            raise IcansRiskError(f"{name}.yaml: keys stand once over all files, got {twice} again.")
        figures |= more
    return MappingProxyType(figures)


def select_figures(
    *,
    about: str | None = None,
    product: str | None = None,
    disease: str | None = None,
    quantity: str | None = None,
    status: str | None = None,
    scale: str | None = None,
) -> tuple[Figure, ...]:
    """Choose figures; what is not given is not asked for.

    Parameters
    ----------
    about : str, optional
        A key, or the head of one up to a dot, such as ``icans_grade3`` or
        ``icans_grade3.axi_cel.lbcl``; the latter also finds the same figure from other
        sources, which stand one part deeper.
    product, disease, quantity, status, scale : str, optional
        As in `Figure`.

    Returns
    -------
    tuple of Figure
        In file order; empty if none fits.

    Raises
    ------
    IcansRiskError
        If a word is not in its vocabulary or no key begins with ``about``; the nearest
        one is named.

    Examples
    --------
    >>> chosen = select_figures(about="icans_grade3", product="obe_cel")
    >>> [figure.value for figure in chosen]
    [0.071]
    """
    asked = {
        "product": product, "disease": disease, "quantity": quantity, "status": status,
        "scale": scale,
    }  # fmt: skip
    wanted = {name: word for name, word in asked.items() if word is not None}
    for name, word in wanted.items():
        _check_word(name, word, VOCABULARIES[name])
    found = _under(about) if about is not None else tuple(load_evidence().values())
    return tuple(f for f in found if all(getattr(f, k) == word for k, word in wanted.items()))


def _under(about: str) -> tuple[Figure, ...]:
    figures = load_evidence()
    found = tuple(f for key, f in figures.items() if f"{key}.".startswith(f"{about}."))
    if not found:
        _check_word("about", about, tuple(figures))
    return found


def _check_word(name: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        near = difflib.get_close_matches(str(word), words, n=1, cutoff=0.0)[0]
        raise IcansRiskError(f"{name} {word!r} is unknown; the nearest is {near!r}. Use that one.")


def find_disagreement(
    about: str, *, scale: str | None = None, quantity: str | None = None
) -> Disagreement:
    """Say how far sources differ on one quantity of one population, on one scale.

    Parameters
    ----------
    about : str
        The key that the sources share, such as ``icans_any.tisa_cel.lbcl``.
    scale, quantity : str, optional
        Needed where sources graded, or summarised, in several ways.

    Returns
    -------
    Disagreement
        The two ends and how many sources there are.

    Raises
    ------
    IcansRiskError
        If nothing is found, or what is found must not be pooled: grades of different
        scales are different outcomes.

    Examples
    --------
    >>> found = find_disagreement("icans_any.tisa_cel.lbcl", scale="ASTCT")
    >>> found.lowest.value, found.highest.value, found.sources
    (0.15, 0.18, 3)
    """
    chosen = select_figures(about=about, scale=scale, quantity=quantity)
    if not chosen:
        raise IcansRiskError(f"at least one figure on {about} is needed, got none. Ask for less.")
    for name in ("scale", "quantity", "unit", "product", "disease"):
        found = sorted({str(getattr(figure, name)) for figure in chosen})
        if len(found) > 1:
            raise IcansRiskError(
                f"{about}: figures that are compared share one {name}, got {found}. Name one, "
                "or a longer key."
            )
    first = chosen[0]
    if first.scale == "mixed":
        raise IcansRiskError(
            f"{about}: figures that are compared share one scale, got some that each mix "
            "several. Name a single scale."
        )
    return Disagreement(
        about=about,
        scale=first.scale,
        unit=first.unit,
        lowest=min(chosen, key=lambda figure: figure.value),
        highest=max(chosen, key=lambda figure: figure.value),
        sources=len({figure.source.name for figure in chosen}),
    )

"""What several sources say together of one thing, and how far they disagree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.evidence.figure import Figure
from icans_risk.evidence.pooling import Effects, MixedFit, Pooled, fit_mixed, log_odds, pool
from icans_risk.evidence.registry import select_figures

__all__ = ["Agreement", "Incidence", "agree", "comparable_groups", "find_incidence"]

# Grades of these are on one scale; `mixed` pools several, and `none` does not say which.
GRADED = ("ASTCT", "CTCAE", "Lee", "Penn")


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Comparable proportions from different patients, pooled.

    Attributes
    ----------
    about : str
        What is measured, of which product and disease: the common head of the keys.
    scale : str
        The one scale.
    used : tuple of Figure
        One for each set of patients.
    left_out : tuple of Figure
        Of the same patients as one that is used, or without a number of patients.
    pooled : Pooled
        On the logit, by restricted likelihood.
    mixed : MixedFit or None
        The binomial-normal model, which needs no half patients where a source has no event;
        None where it cannot be fitted.
    """

    about: str
    scale: str
    used: tuple[Figure, ...]
    left_out: tuple[Figure, ...]
    pooled: Pooled
    mixed: MixedFit | None

    @property
    def assumed(self) -> int:
        """Return how many of those used are from memory."""
        return sum(figure.status == "assumed" for figure in self.used)

    @property
    def in_words(self) -> str:
        """Say it as one sentence."""
        told = self.pooled.natural
        values = [figure.value for figure in self.used]
        # The interval that two sources allow holds nearly every proportion.
        interval = ""
        if len(values) > 2:
            interval = f" (95 % interval {_per_cent(told.low)} to {_per_cent(told.high)})"
        return (
            f"{self.about} ({self.scale}): {_per_cent(told.value)}{interval} from {len(values)} "
            f"sources between {_per_cent(min(values))} and {_per_cent(max(values))}; "
            f"{100 * self.pooled.i2:.0f} % of their spread is not chance"
            + (f"; {self.assumed} of them from memory" if self.assumed else "")
        )


def _per_cent(share: float) -> str:
    return f"{100 * share:.1f} %"


def comparable_groups(figures: Iterable[Figure]) -> list[tuple[str, tuple[Figure, ...]]]:
    """Group proportions that mean the same: same head of the key, product, disease and scale.

    Parameters
    ----------
    figures : iterable of Figure
        Any.

    Returns
    -------
    list of (str, tuple of Figure)
        The head, and two figures or more; a scale that is mixed or not stated is never grouped.
    """
    found: dict[tuple[str, ...], list[Figure]] = {}
    for figure in figures:
        head = figure.key.split(".")[0]
        is_event = head.startswith(("icans_", "crs_")) and "_by_" not in head
        if figure.quantity != "proportion" or figure.scale not in GRADED or not is_event:
            continue
        if figure.product is None or figure.disease is None or figure.product == "mixed":
            continue
        found.setdefault((head, figure.product, figure.disease, figure.scale), []).append(figure)
    return [(".".join(key[:3]), tuple(group)) for key, group in found.items() if len(group) > 1]


def agree(about: str, figures: Sequence[Figure]) -> Agreement:
    """Pool comparable proportions, each set of patients once.

    Parameters
    ----------
    about : str
        What is measured.
    figures : sequence of Figure
        Proportions on one scale.

    Returns
    -------
    Agreement
        Of sources with the same patients the larger one is used, and one that was read before
        one from memory where they are equally large.

    Raises
    ------
    IcansRiskError
        If the figures are not proportions on one scale.
    NotEstimableError
        If there are fewer than two sets of patients.
    """
    scales = sorted({figure.scale for figure in figures})
    if len(scales) != 1 or scales[0] not in GRADED:
        raise IcansRiskError(
            f"{about}: what is pooled was graded on one scale of {list(GRADED)}, got {scales}. "
            "Choose one: grades of different scales are different outcomes."
        )
    if {figure.quantity for figure in figures} != {"proportion"}:
        raise IcansRiskError(f"{about}: only proportions are pooled here. Choose those.")
    used = _each_patient_once(figures)
    if len(used) < 2:
        raise NotEstimableError(
            f"{about}: pooling needs two sets of patients with their number, got {len(used)}. "
            "Print the figures."
        )
    effects = _effects(used)
    return Agreement(
        about=about,
        scale=scales[0],
        used=used,
        left_out=tuple(figure for figure in figures if figure not in used),
        pooled=pool(effects),
        mixed=_mixed(used),
    )


def _each_patient_once(figures: Sequence[Figure]) -> tuple[Figure, ...]:
    best: dict[str, Figure] = {}
    for figure in figures:
        if figure.n is None:
            continue
        patients = figure.source.patients or figure.source.name
        other = best.get(patients)
        if other is None or _rank(figure) > _rank(other):
            best[patients] = figure
    return tuple(figure for figure in figures if figure in best.values())


def _rank(figure: Figure) -> tuple[int, bool]:
    return figure.n or 0, figure.status == "read"


def _events(figure: Figure) -> float:
    n = figure.n or 0
    return float(figure.events if figure.events is not None else round(figure.value * n))


def _effects(used: Sequence[Figure]) -> Effects:
    events = [_events(figure) for figure in used]
    sizes = [figure.n or 0 for figure in used]
    return log_odds(events, sizes, labels=[figure.key for figure in used])


def _mixed(used: Sequence[Figure]) -> MixedFit | None:
    try:
        return fit_mixed(
            [_events(figure) for figure in used],
            [figure.n or 0 for figure in used],
            [figure.key for figure in used],
            family="binomial",
        )
    except (NotEstimableError, np.linalg.LinAlgError):
        return None


@dataclass(frozen=True, kw_only=True)
class Incidence:
    """A published incidence of one endpoint with what is uncertain about it elsewhere.

    Attributes
    ----------
    about, scale : str
        What is measured, and how it was graded.
    value : float
        The proportion.
    logit_sd : float
        Standard deviation, on the logit, of the incidence at one further centre: chance and
        the differences between sources.
    sources : tuple of str
        Citations.
    read, assumed : int
        How many figures were read, and how many are from memory.
    words : str
        How ``logit_sd`` came about.
    """

    about: str
    scale: str
    value: float
    logit_sd: float
    sources: tuple[str, ...]
    read: int
    assumed: int
    words: str


# Standard deviation between sources on the logit, where there are too few to tell. Sources on
# ICANS after one product, graded on one scale, come to 0 to 0.7 (`icans-risk evidence`).
BETWEEN_SOURCES = 0.5


def find_incidence(product: str, disease: str, *, at_least: int = 3, scale: str) -> Incidence:
    """Find what was published on how often ICANS of a grade happens, over the whole course.

    Parameters
    ----------
    product, disease : str
        As in ``Figure``.
    at_least : int, default 3
        Grade: 1 (any) or 3.
    scale : str
        The grading scale; others are refused, never converted.

    Returns
    -------
    Incidence
        Pooled where there are several sets of patients; else the one figure, with the spread
        between sources that others show.

    Raises
    ------
    IcansRiskError
        If nothing is known, or only on other scales; these are named.
    """
    heads = {1: "icans_any", 3: "icans_grade3"}
    if at_least not in heads:
        raise IcansRiskError(
            f"published incidences are known for ICANS of grade {sorted(heads)} and above, got "
            f"{at_least}. Choose another endpoint."
        )
    about = f"{heads[at_least]}.{product}.{disease}"
    found = select_figures(about=heads[at_least], product=product, disease=disease)
    graded = tuple(f for f in found if f.scale == scale and f.n is not None)
    if not graded:
        scales = sorted({figure.scale for figure in found}) or ["none"]
        raise IcansRiskError(
            f"{about}: no figure with its number of patients is known on the scale {scale}, there "
            f"are some on {scales}. Grades of different scales are different outcomes: see "
            "icans-risk evidence."
        )
    patients = _each_patient_once(graded)
    if len(patients) > 1:
        return _pooled_incidence(agree(about, graded))
    return _single_incidence(about, patients[0])


def _pooled_incidence(known: Agreement) -> Incidence:
    pooled = known.pooled
    # Two or three sources know little of what lies between them.
    between = max(pooled.tau2, BETWEEN_SOURCES**2) if pooled.studies < 5 else pooled.tau2
    return Incidence(
        about=known.about,
        scale=known.scale,
        value=pooled.natural.value,
        logit_sd=float(np.sqrt(between + pooled.standard_error**2)),
        sources=tuple(figure.source.citation for figure in known.used),
        read=len(known.used) - known.assumed,
        assumed=known.assumed,
        words=f"{pooled.studies} sources pooled, {np.sqrt(between):.2f} between them on the logit",
    )


def _single_incidence(about: str, figure: Figure) -> Incidence:
    chance = float(_effects([figure]).variance[0])
    return Incidence(
        about=about,
        scale=figure.scale,
        value=figure.value,
        logit_sd=float(np.sqrt(chance + BETWEEN_SOURCES**2)),
        sources=(figure.source.citation,),
        read=int(figure.status == "read"),
        assumed=int(figure.status == "assumed"),
        words=f"one source; {BETWEEN_SOURCES} between sources on the logit, as others differ",
    )

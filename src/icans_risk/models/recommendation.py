"""Which model a cohort of this size should try first, from synthetic cohorts alone."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Self

from icans_risk.errors import IcansRiskError

__all__ = ["Recommendation", "StudiedSize", "recommend", "studied_sizes"]


@dataclass(frozen=True)
class StudiedSize:
    """What the study of models by size of cohort found at one size.

    Each pair is of cohorts in which effects add up, and of those in which they interact.

    Attributes
    ----------
    patients : int
        Of each synthetic cohort.
    events : float
        How many of them had the event, on average.
    model, words : str
        The name in ``MODELS`` of the model that came furthest, and what it is.
    log_loss_shares, auroc_shares : tuple of float
        How far it came from the prevalence to a model of 50,000 patients; 1 is all the way.
    slopes : tuple of float
        Mean calibration slope on fresh patients.
    cohorts, not_released : int
        How many there were, and in how many of them the model was not released.
    next_words : str
        The best of what is made of another entry of ``MODELS``.
    next_log_loss_shares : tuple of float
        How far that came.
    """

    patients: int
    events: float
    model: str
    words: str
    log_loss_shares: tuple[float, float]
    auroc_shares: tuple[float, float]
    slopes: tuple[float, float]
    cohorts: int
    not_released: int
    next_words: str
    next_log_loss_shares: tuple[float, float]

    @classmethod
    def read(cls, line: Mapping[str, str]) -> Self:
        """Read a line of the packaged table."""

        def pair(name: str) -> tuple[float, float]:
            return float(line[f"{name}_linear"]), float(line[f"{name}_interactions"])

        return cls(
            patients=int(line["patients"]),
            events=float(line["events"]),
            model=line["model"],
            words=line["words"],
            log_loss_shares=pair("log_loss_share"),
            auroc_shares=pair("auroc_share"),
            slopes=pair("slope"),
            cohorts=int(line["cohorts"]),
            not_released=int(line["not_released"]),
            next_words=line["next_words"],
            next_log_loss_shares=pair("next_log_loss_share"),
        )


@dataclass(frozen=True)
class Recommendation:
    """A model to try first.

    Attributes
    ----------
    model : str
        Its name in ``MODELS``.
    sentence : str
        What it is, the figures that speak for it, and what they are worth.
    n : int
        Patients of the synthetic cohorts that the figures are of.
    is_within_range : bool
        Whether a cohort with so few events, or so many, was among those studied.
    """

    model: str
    sentence: str
    n: int
    is_within_range: bool


def recommend(n_patients: int, n_events: int) -> Recommendation:
    """Recommend a model for a cohort of this size.

    Nothing is interpolated: the figures are those of the studied size whose number of
    patients with the rarer outcome is nearest, by ratio. That number, more than that of the
    patients, says how much can be learned. What was best on synthetic patients need not be
    on real ones.

    Parameters
    ----------
    n_patients : int
        At risk at the landmark, outcome known.
    n_events : int
        Those with the event.

    Returns
    -------
    Recommendation
        With a sentence to print.

    Raises
    ------
    IcansRiskError
        If there are no patients, or the events are not among them.

    Examples
    --------
    >>> recommend(950, 160).n
    1000
    >>> recommend(80, 11).is_within_range
    False
    """
    if not 0 <= n_events <= n_patients or n_patients < 1:
        raise IcansRiskError(
            "a recommendation needs at least 1 patient and from 0 to all of them with the event, "
            f"got {n_patients} patients and {n_events} events. Count the rows to train on."
        )
    rarer = min(n_events, n_patients - n_events)
    sizes = studied_sizes()
    nearest = min(sizes, key=lambda size: abs(math.log(size.events / max(rarer, 0.5))))
    is_within = sizes[0].events <= rarer <= sizes[-1].events
    where = ""
    if not is_within:
        fewer = rarer < sizes[0].events
        where = f", {'fewer' if fewer else 'more'} than in any cohort that was studied"
    sentence = (
        f"{_figures(nearest)} This cohort has {n_patients:,} patients, {rarer:,} with the rarer "
        f"outcome{where}. Synthetic cohorts only: no evidence about patients."
    )
    return Recommendation(nearest.model, sentence, nearest.patients, is_within)


def _figures(size: StudiedSize) -> str:
    refused = f" (not released in {size.not_released})" if size.not_released else ""
    return (
        f"To try first: {size.words}. On {size.cohorts} synthetic cohorts of {size.patients:,} "
        f"patients with {size.events:.0f} events{refused} it came {_percent(size.log_loss_shares)} "
        "of the way from the prevalence to a model of 50,000 patients, where effects add up and "
        f"where they interact (log loss of fresh patients; in AUROC "
        f"{_percent(size.auroc_shares)}), with a calibration slope of {size.slopes[0]:.2f} and "
        f"{size.slopes[1]:.2f}; {size.next_words} came {_percent(size.next_log_loss_shares)}."
    )


def _percent(shares: tuple[float, float]) -> str:
    return f"{shares[0]:.0%} and {shares[1]:.0%}"


@cache
def studied_sizes() -> tuple[StudiedSize, ...]:
    """Return what was found at each size that was studied, the smallest first.

    The table stands beside this module and is written by
    ``benchmarks/studies/models_by_size_pages.py``; it names the seed and the commit.
    """
    text = (files("icans_risk.models") / "recommendation.csv").read_text(encoding="utf-8")
    found = [StudiedSize.read(line) for line in csv.DictReader(text.splitlines())]
    return tuple(sorted(found, key=lambda size: size.events))

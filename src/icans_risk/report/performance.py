"""How well a model does, in words and in figures, beside what is simpler than it."""

import math
from typing import Any

from icans_risk.report.cleaning import Interval, clean
from icans_risk.report.context import EpisodeResult, GroupFigures, Rate, RunContext
from icans_risk.report.words import ENGLISH, Words

__all__ = ["base_rates", "compare_simpler", "describe_limits", "describe_performance"]

# Below this many patients a rate per hundred would be a story about single patients.
FEW = 10
_NONE: Interval = (math.nan, math.nan, math.nan)

_MEASURES = {
    "calibration_slope": "slope",
    "calibration_intercept": "intercept",
    "brier": "brier",
}
# The group that tells most of a patient first.
_NEAREST = {"product": "same_product", "disease": "same_disease", "age_years": "same_age"}


def describe_performance(
    run: RunContext, episode: EpisodeResult, words: Words = ENGLISH
) -> dict[str, Any]:
    """Put the validation of a run into sentences and two small tables.

    Parameters
    ----------
    run : RunContext
        Its metrics and comparators.
    episode : EpisodeResult
        Its groups.
    words : Words
        The language.

    Returns
    -------
    dict
        ``ranking``, ``simpler`` and ``nearest`` (sentences), ``metrics`` and ``comparators``
        (rows), ``verdict``, ``training`` and the two policies.
    """
    auroc = run.metrics.get("auroc", _NONE)
    interval_name = words.term(run.interval_name)
    rows = [
        {
            "name": words(f"performance.{short}"),
            "figures": words.with_interval(run.metrics.get(key, _NONE), name=interval_name),
            "meaning": words(f"performance.{short}_means"),
        }
        for key, short in _MEASURES.items()
    ]
    return {
        "ranking": _ranking(auroc, interval_name=interval_name, words=words),
        "simpler": compare_simpler(run, words),
        "nearest": _nearest(run, episode, words),
        "metrics": rows,
        "comparators": [
            _comparator(words("performance.this"), auroc, words),
            *(
                _comparator(words.term(label), (e, low, high), words)
                for label, e, low, high in run.comparators
            ),
        ],
        "interval_name": interval_name,
        "verdict": words.term(run.sample_size_verdict),
        "training": words("performance.training", n=run.training.n, events=run.training.events),
        "observation_policy": words.term(run.observation_policy),
        "treatment_policy": words.term(run.treatment_policy),
    }


def _ranking(auroc: Interval, *, interval_name: str, words: Words) -> str:
    estimate, low, _ = auroc
    if not math.isfinite(estimate):
        return words("performance.ranking_none")
    said = words(
        "performance.ranking",
        pairs=words.of_100(estimate),
        figures=words.with_interval(auroc, name=interval_name),
    )
    is_chance = math.isfinite(low) and low <= 0.5
    return f"{said} {words('performance.coin')}" if is_chance else said


def _comparator(label: str, figures: Interval, words: Words) -> dict[str, str]:
    estimate, low, high = figures
    return {"label": label, "estimate": words.number(estimate), "limits": words.limits(low, high)}


def _nearest(run: RunContext, episode: EpisodeResult, words: Words) -> str | None:
    if not run.groups:
        return None
    for column, key in _NEAREST.items():
        for group in run.groups:
            if group.column == column and group.level == episode.levels.get(column):
                return _of_group(
                    group, words(f"performance.{key}", level=clean(group.level)), words
                )
    return words("performance.nearest_none")


def _of_group(group: GroupFigures, name: str, words: Words) -> str:
    def printed(figures: Interval) -> str:
        return words.with_interval(figures, name=words.term("95 % interval"))

    return words(
        "performance.nearest",
        group=name,
        n=group.n,
        events=group.events,
        ratio=printed(group.observed_expected),
        auroc=printed(group.auroc),
    )


def compare_simpler(run: RunContext, words: Words = ENGLISH) -> str:
    """Say in one sentence or two whether anything simpler ranks patients as well.

    The comparison is of the estimates as printed, to two digits: a lead that no reader
    can see in the figures is not called a lead.
    """
    estimable = [c for c in run.comparators if math.isfinite(c[1])]
    auroc = run.metrics.get("auroc", _NONE)
    if not estimable or not math.isfinite(auroc[0]):
        return words("performance.simpler_none")
    label, best, _, high = max(estimable, key=lambda c: c[1])
    figures = words("performance.against", best=words.number(best), own=words.number(auroc[0]))
    if round(auroc[0], 2) <= round(best, 2):
        return words("performance.simpler", label=words.term(label), figures=figures)
    overlap = high >= auroc[1] or not math.isfinite(high + auroc[1])
    said = words("performance.best", label=words.term(label), figures=figures)
    return f"{said} {words('performance.chance')}" if overlap else said


def describe_limits(run: RunContext, words: Words = ENGLISH) -> list[str]:
    """Collect what a reader must know before any number: it stands first on the page."""
    return [
        *(words.term(caveat) for caveat in run.caveats),
        words("limits.learnt", n=run.training.n, events=run.training.events),
        compare_simpler(run, words),
        *(words.term(note) for note in run.notes),
    ]


def base_rates(
    run: RunContext, product: str | None, words: Words = ENGLISH
) -> list[dict[str, Any]]:
    """Say what happened to similar patients: same risk set, same product first.

    Parameters
    ----------
    run : RunContext
        Its counts.
    product : str or None
        The product of the patient.
    words : Words
        The language.

    Returns
    -------
    list of dict
        ``group``, ``n``, ``events``, ``words`` and ``share`` (None below ten patients).
    """
    rows = []
    if product is None:
        rows.append(_unknown(words("rates.same"), words("rates.unknown")))
    elif product in run.product_rates:
        named = words("rates.same_named", product=clean(product))
        rows.append(_rate(named, run.product_rates[product], words))
    else:
        named = words("rates.same_named", product=clean(product))
        rows.append(_unknown(named, words("rates.none")))
    return [*rows, _rate(words("rates.all"), run.cohort_rate, words)]


def _unknown(group: str, said: str) -> dict[str, Any]:
    return {"group": group, "n": None, "events": None, "words": said, "share": None}


def _rate(group: str, rate: Rate, words: Words) -> dict[str, Any]:
    share = None if rate.n < FEW else rate.events / rate.n
    said = (
        words("rates.few", events=rate.events, n=rate.n)
        if share is None
        else words("rates.rate", events=rate.events, n=rate.n, count=words.of_100(share))
    )
    return {"group": group, "n": rate.n, "events": rate.events, "words": said, "share": share}

"""How well a model does, in words and in figures, beside what is simpler than it."""

import math
from typing import Any

from icans_risk.report.context import Rate, RunContext
from icans_risk.report.wording import (
    NOT_ESTIMABLE,
    Interval,
    clean,
    number,
    of_100,
    with_interval,
)

__all__ = ["base_rates", "compare_simpler", "describe_limits", "describe_performance"]

# Below this many patients a rate per hundred would be a story about single patients.
FEW = 10
_NONE: Interval = (math.nan, math.nan, math.nan)

_IN_WORDS = {
    "calibration_slope": (
        "Calibration slope",
        "1 is right. Below 1, high estimates tend to be too high and low ones too low.",
    ),
    "calibration_intercept": (
        "Calibration intercept",
        "0 is right. Above 0, estimates tend to be too low; below 0, too high.",
    ),
    "brier": ("Brier score", "The mean squared error of the risks: 0 is perfect, lower is better."),
}


def describe_performance(run: RunContext) -> dict[str, Any]:
    """Put the validation of a run into sentences and two small tables.

    Parameters
    ----------
    run : RunContext
        Its metrics and comparators.

    Returns
    -------
    dict
        ``ranking`` and ``simpler`` (sentences), ``metrics`` and ``comparators`` (rows),
        ``verdict``, ``training`` and the two policies.
    """
    auroc = run.metrics.get("auroc", _NONE)
    interval_name = clean(run.interval_name)
    rows = [
        {
            "name": name,
            "figures": with_interval(run.metrics.get(key, _NONE), name=interval_name),
            "meaning": meaning,
        }
        for key, (name, meaning) in _IN_WORDS.items()
    ]
    return {
        "ranking": _ranking(auroc, interval_name=interval_name),
        "simpler": compare_simpler(run),
        "metrics": rows,
        "comparators": [
            _comparator("This model", auroc),
            *(_comparator(clean(label), (e, low, high)) for label, e, low, high in run.comparators),
        ],
        "interval_name": interval_name,
        "verdict": clean(run.sample_size_verdict),
        "training": f"{run.training.n} patients, {run.training.events} of them with the endpoint",
        "observation_policy": clean(run.observation_policy),
        "treatment_policy": clean(run.treatment_policy),
    }


def _ranking(auroc: Interval, *, interval_name: str) -> str:
    estimate, low, _ = auroc
    if not math.isfinite(estimate):
        return f"How well the model ranks patients is {NOT_ESTIMABLE} here (AUROC {NOT_ESTIMABLE})."
    chance = (
        " The interval includes 0.5, which is the toss of a coin."
        if math.isfinite(low) and low <= 0.5
        else ""
    )
    return (
        "Of two patients, one who went on to the endpoint and one who did not, the model gave "
        f"the higher risk to the right one in {of_100(estimate)} of 100 such pairs "
        f"(AUROC {with_interval(auroc, name=interval_name)}; 0.5 is the toss of a coin, 1 is "
        f"perfect).{chance}"
    )


def _comparator(label: str, figures: Interval) -> dict[str, str]:
    estimate, low, high = figures
    whole = math.isfinite(low) and math.isfinite(high)
    limits = f"{number(low)} to {number(high)}" if whole else NOT_ESTIMABLE
    return {"label": label, "estimate": number(estimate), "limits": limits}


def compare_simpler(run: RunContext) -> str:
    """Say in one sentence or two whether anything simpler ranks patients as well.

    The comparison is of the estimates as printed, to two digits: a lead that no reader
    can see in the figures is not called a lead.
    """
    estimable = [c for c in run.comparators if math.isfinite(c[1])]
    auroc = run.metrics.get("auroc", _NONE)
    if not estimable or not math.isfinite(auroc[0]):
        return "Whether something simpler would do as well is not estimable here."
    label, best, _, high = max(estimable, key=lambda c: c[1])
    figures = f"AUROC {number(best)} against {number(auroc[0])}"
    if round(auroc[0], 2) <= round(best, 2):
        return f"Something simpler does as well: \u201c{clean(label)}\u201d ({figures})."
    overlap = high >= auroc[1] or not math.isfinite(high + auroc[1])
    doubt = " Their intervals overlap, so the difference may be chance." if overlap else ""
    return f"The best of the simpler comparisons is \u201c{clean(label)}\u201d ({figures}).{doubt}"


def describe_limits(run: RunContext) -> list[str]:
    """Collect what a reader must know before any number: it stands first on the page."""
    return [
        *(clean(caveat) for caveat in run.caveats),
        f"The model learnt from {run.training.n} patients, of whom {run.training.events} "
        "reached the endpoint.",
        compare_simpler(run),
        *(clean(note) for note in run.notes),
    ]


def base_rates(run: RunContext, product: str | None) -> list[dict[str, Any]]:
    """Say what happened to similar patients: same risk set, same product first.

    Parameters
    ----------
    run : RunContext
        Its counts.
    product : str or None
        The product of the patient.

    Returns
    -------
    list of dict
        ``group``, ``n``, ``events``, ``words`` and ``share`` (None below ten patients).
    """
    rows = []
    if product is None:
        rows.append(_unknown("Same product", "The product is not recorded."))
    elif product in run.product_rates:
        rows.append(_rate(f"Same product ({clean(product)})", run.product_rates[product]))
    else:
        rows.append(_unknown(f"Same product ({clean(product)})", "No such patients."))
    return [*rows, _rate("All patients of the study", run.cohort_rate)]


def _unknown(group: str, words: str) -> dict[str, Any]:
    return {"group": group, "n": None, "events": None, "words": words, "share": None}


def _rate(group: str, rate: Rate) -> dict[str, Any]:
    few = rate.n < FEW
    words = (
        f"{rate.events} of {rate.n} patients: too few to give a rate"
        if few
        else f"{rate.events} of {rate.n} patients, about {of_100(rate.events / rate.n)} of 100"
    )
    share = None if few else rate.events / rate.n
    return {"group": group, "n": rate.n, "events": rate.events, "words": words, "share": share}

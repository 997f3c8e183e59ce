"""The rules by which a retrained model is judged, one by one.

Each rule about a change is a test of non-inferiority: the whole interval of the change has
to lie on the good side of a margin [1]_. Where it holds both no change and a change beyond
the margin, the patients are too few to tell, and the answer is neither yes nor no.

References
----------
.. [1] Piaggio G, Elbourne DR, Pocock SJ, Evans SJW, Altman DG. "Reporting of noninferiority
   and equivalence randomized trials: extension of the CONSORT 2010 statement." JAMA
   2012;308(24):2594-2604. doi:10.1001/jama.2012.87802
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from icans_risk.evaluation.bootstrap import Interval
from icans_risk.evaluation.comparison import Comparison, MetricComparison

__all__ = [
    "Criterion",
    "GateVerdict",
    "judge_audit",
    "judge_change",
    "judge_patients",
    "judge_question",
    "judge_ratio",
]

GateVerdict = Literal["accept", "reject", "not assessable"]

# With fewer patients of either outcome, percentile intervals are too narrow: a model at the
# margin was accepted in 6 % of cohorts with 5 events, in 3 to 5 % of those with 9 or more.
_FEWEST = 10
# With more resamples than this without an estimate, the others are a selection.
_MOST_LOST = 0.05


@dataclass(frozen=True)
class Criterion:
    """One rule, and what it says.

    Attributes
    ----------
    name : str
        ``same_question``, ``patients``, ``loss``, ``auroc``, ``observed_expected``,
        ``calibration_slope`` or ``audit``.
    verdict : {"accept", "reject", "not assessable"}
        What it comes to.
    sentence : str
        Why, with the numbers.
    """

    name: str
    verdict: GateVerdict
    sentence: str


def judge_question(old: Mapping[str, object], new: Mapping[str, object]) -> Criterion:
    """Judge whether both models answer one question; what is not known is not equal."""
    name, facts = "same_question", sorted(set(old) | set(new))
    both = {fact: (old.get(fact), new.get(fact)) for fact in facts}
    different = [
        f"{fact} ({one}, {other})"
        for fact, (one, other) in both.items()
        if None not in (one, other) and one != other
    ]
    if different:
        return Criterion(name, "reject", f"Old and new differ in {', '.join(different)}.")
    unknown = [fact for fact, values in both.items() if None in values]
    if unknown or not facts:
        what = ", ".join(unknown) or "anything"
        return Criterion(name, "not assessable", f"It is not known of both models: {what}.")
    return Criterion(name, "accept", f"Old and new agree in {', '.join(facts)}.")


def judge_patients(comparison: Comparison) -> Criterion:
    """Judge whether intervals over these patients mean anything."""
    events, others = comparison.patients_with_event, comparison.patients_without_event
    said = f"{events} patients had the event and {others} did not"
    if min(events, others) < _FEWEST:
        few = f"{said}: fewer than {_FEWEST} of one kind are too few for any interval."
        return Criterion("patients", "not assessable", few)
    return Criterion("patients", "accept", f"{said}, at least {_FEWEST} of each.")


def judge_change(
    name: str,
    label: str,
    change: MetricComparison,
    *,
    margin: float,
    level: float,
    worse: Literal[1, -1] = 1,
) -> Criterion:
    """Judge whether a metric became worse by more than a margin.

    Parameters
    ----------
    name, label : str
        Of the rule, and of the metric in its sentence.
    change : MetricComparison
        Old, new and paired difference.
    margin : float
        Most that the metric may become worse.
    level : float
        Coverage of the interval.
    worse : {1, -1}
        1 where higher is worse, -1 where lower is.

    Returns
    -------
    Criterion
        ``accept`` where the interval ends before the margin; ``reject`` where it reaches
        it and leaves out no change; else ``not assessable``.
    """
    found = change.difference
    if not _is_judged(found):
        return Criterion(name, "not assessable", _unjudged(label, found))
    nearest, farthest = sorted((worse * found.low, worse * found.high))
    said = (
        f"{label} changed by {found.estimate:+.3f} ({100 * level:g} % interval {found.low:+.3f} "
        f"to {found.high:+.3f}; margin {worse * margin:+g}): "
    )
    if farthest < margin:
        return Criterion(name, "accept", said + "not worse by more than the margin.")
    if nearest > 0:
        return Criterion(name, "reject", said + "worse, and not shown to stay within the margin.")
    return Criterion(name, "not assessable", said + "too wide to tell; more events are needed.")


def judge_ratio(change: MetricComparison, *, most: float) -> Criterion:
    """Judge whether observed over expected came nearer to 1, or holds it.

    Parameters
    ----------
    change : MetricComparison
        Of observed over expected.
    most : float
        How far from 1, as a ratio, an interval may reach and still tell something.

    Returns
    -------
    Criterion
        Its verdict.
    """
    name, old, new = "observed_expected", change.old, change.new
    if not _is_judged(new) or not math.isfinite(old.estimate):
        return Criterion(name, "not assessable", _unjudged("Observed over expected", new))
    said = (
        f"Observed over expected went from {old.estimate:.2f} to {new.estimate:.2f} "
        f"({new.low:.2f} to {new.high:.2f}): "
    )
    if abs(math.log(new.estimate)) <= abs(math.log(old.estimate)):
        return Criterion(name, "accept", said + "not farther from 1 than before.")
    if not new.low <= 1 <= new.high:
        return Criterion(name, "reject", said + "farther from 1, which the interval leaves out.")
    if 1 / most <= new.low and new.high <= most:
        within = f"the interval holds 1 and stays between {1 / most:.2f} and {most:.2f}."
        return Criterion(name, "accept", said + within)
    return Criterion(
        name,
        "not assessable",
        said + f"farther from 1, and the interval reaches beyond {most:g} fold: too wide to tell.",
    )


def judge_audit(verdict: str | None) -> Criterion:
    """Judge by the audit of the new model; none at all does not pass."""
    if verdict == "fail":
        return Criterion("audit", "reject", "The audit of the new model failed.")
    if verdict in ("pass", "warn"):
        return Criterion("audit", "accept", f"The audit of the new model says {verdict}: no fail.")
    if verdict is None:
        return Criterion("audit", "not assessable", "No audit of the new model is known.")
    return Criterion("audit", "not assessable", f"The audit of the new model says {verdict}.")


def _is_judged(found: Interval) -> bool:
    ends = (found.estimate, found.low, found.high)
    enough = found.estimable >= (1 - _MOST_LOST) * found.resamples
    return enough and all(math.isfinite(end) for end in ends)


def _unjudged(label: str, found: Interval) -> str:
    return (
        f"{label} cannot be judged: it could be estimated on {found.estimable} of "
        f"{found.resamples} resamples of the patients."
    )

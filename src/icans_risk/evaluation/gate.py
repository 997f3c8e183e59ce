"""Whether a retrained model may take the place of the old one, by rules declared before.

Each criterion is a test of non-inferiority: the whole interval of the change has to lie on
the good side of a margin [1]_. Where it holds both no change and a change beyond the
margin, the patients are too few to tell, and the answer is neither yes nor no.

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

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.bootstrap import Interval
from icans_risk.evaluation.comparison import Comparison, MetricComparison

__all__ = ["Criterion", "Gate", "GateVerdict", "Margins", "judge_replacement"]

GateVerdict = Literal["accept", "reject", "not assessable"]

# With fewer patients of either outcome, percentile intervals are too narrow: a model at the
# margin was accepted in 6 % of cohorts with 5 events, in 3 to 5 % of those with 9 or more.
_FEWEST = 10
# With more resamples than this without an estimate, the others are a selection.
_MOST_LOST = 0.05


@dataclass(frozen=True)
class Margins:
    """How much worse a new model may be; to be declared before its figures are seen.

    The defaults are working defaults of this package, without a source: what a difference
    is worth depends on what the risk is used for.

    Attributes
    ----------
    loss : float
        Most that the loss may rise.
    loss_metric : {"log_loss", "brier"}
        Which loss. The default margin is one of the log loss. Where risks ``p`` change by
        little, the Brier score changes ``2 p (1 - p)`` times as much: a quarter at 15 %.
    auroc : float
        Most that the AUROC may fall.
    slope : float
        Most that the calibration slope may move away from 1.
    observed_expected : float
        Where the new model's ratio is farther from 1 than the old one's: how far from 1, as
        a ratio, an interval that holds 1 may reach and still tell something.
    """

    loss: float = 0.01
    loss_metric: Literal["log_loss", "brier"] = "log_loss"
    auroc: float = 0.02
    slope: float = 0.1
    observed_expected: float = 2.0

    def __post_init__(self) -> None:
        """Refuse margins that decide nothing."""
        small = {"loss": self.loss, "auroc": self.auroc, "slope": self.slope}
        for name, margin in small.items():
            if not 0 < margin < 1:
                raise IcansRiskError(
                    f"The margin of {name} must lie between 0 and 1, got {margin}."
                )
        if not 1 < self.observed_expected < math.inf:
            raise IcansRiskError(
                "The margin of observed over expected is a ratio above 1, got "
                f"{self.observed_expected}."
            )


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


@dataclass(frozen=True)
class Gate:
    """All rules, and what they say together.

    Attributes
    ----------
    verdict : {"accept", "reject", "not assessable"}
        ``reject`` if one rule says so; else ``not assessable`` if one cannot tell.
    criteria : tuple of Criterion
        In the order in which they are judged.
    margins : Margins
        By which they were judged.
    """

    verdict: GateVerdict
    criteria: tuple[Criterion, ...]
    margins: Margins

    def of(self, name: str) -> Criterion:
        """Return one of the rules."""
        return next(criterion for criterion in self.criteria if criterion.name == name)


def judge_replacement(
    comparison: Comparison,
    *,
    old: Mapping[str, object],
    new: Mapping[str, object],
    audit: str | None,
    margins: Margins | None = None,
) -> Gate:
    """Judge whether a new model may take the place of the old one.

    Parameters
    ----------
    comparison : Comparison
        Of the two on the same patients, whom neither had seen.
    old, new : mapping of str to object
        What each model answers, by the name of the fact: endpoint, landmark, horizon and so
        on. All have to be equal; None is not known.
    audit : str or None
        Verdict of the new model's audit (``pass``, ``warn``, ``fail``, ``not_assessable``);
        None if there was none, which does not pass.
    margins : Margins, optional
        Working defaults if not given.

    Returns
    -------
    Gate
        With one sentence for each rule.

    Examples
    --------
    >>> from icans_risk.evaluation import compare_risks
    >>> y, risk = [0, 1] * 20, [0.2, 0.4, 0.4, 0.2] * 5 + [0.3, 0.6] * 10
    >>> same = compare_risks(
    ...     y, risk, old=risk, groups=range(40), decision_range=(0.1, 0.5), fewest=5,
    ...     resamples=100, seed=1,
    ... )
    >>> question = {"endpoint": "ICANS grade 3 or higher", "landmark_h": 72}
    >>> judge_replacement(same, old=question, new=question, audit="pass").verdict
    'accept'
    >>> judge_replacement(same, old=question, new=question, audit=None).verdict
    'not assessable'
    """
    by = margins or Margins()
    metrics = comparison.metrics
    loss = "Log loss" if by.loss_metric == "log_loss" else "The Brier score"
    criteria = (
        _same_question(old, new),
        _patients(comparison),
        _not_worse("loss", loss, metrics[by.loss_metric], margin=by.loss, level=comparison.level),
        _not_worse(
            "auroc", "AUROC", metrics["auroc"], margin=by.auroc, level=comparison.level, worse=-1
        ),
        _observed_expected(metrics["observed_expected"], most=by.observed_expected),
        _calibration_slope(comparison, margin=by.slope),
        _audit(audit),
    )
    return Gate(_worst(criteria), criteria, by)


def _worst(criteria: tuple[Criterion, ...]) -> GateVerdict:
    verdicts = {criterion.verdict for criterion in criteria}
    order: tuple[GateVerdict, ...] = ("reject", "not assessable")
    return next((verdict for verdict in order if verdict in verdicts), "accept")


def _same_question(old: Mapping[str, object], new: Mapping[str, object]) -> Criterion:
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


def _patients(comparison: Comparison) -> Criterion:
    events, others = comparison.patients_with_event, comparison.patients_without_event
    said = f"{events} patients had the event and {others} did not"
    if min(events, others) < _FEWEST:
        few = f"{said}: fewer than {_FEWEST} of one kind are too few for any interval."
        return Criterion("patients", "not assessable", few)
    return Criterion("patients", "accept", f"{said}, at least {_FEWEST} of each.")


def _not_worse(
    name: str,
    label: str,
    change: MetricComparison,
    *,
    margin: float,
    level: float,
    worse: Literal[1, -1] = 1,
) -> Criterion:
    """Judge a change of which the direction ``worse`` is bad."""
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


def _observed_expected(change: MetricComparison, *, most: float) -> Criterion:
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


def _calibration_slope(comparison: Comparison, *, margin: float) -> Criterion:
    name, label = "calibration_slope", "The distance of the calibration slope from 1"
    judged = _not_worse(
        name, label, comparison.slope_distance, margin=margin, level=comparison.level
    )
    slope = comparison.metrics[name]
    # A distance has a kink at 1: resamples are blind to it where the old slope may lie on either
    # side. Then only that the slope itself hardly moves shows that it does not move away.
    is_either_side = slope.old.low <= 1 <= slope.old.high
    farthest = max(abs(slope.difference.low), abs(slope.difference.high))
    if judged.verdict != "accept" or not is_either_side or farthest < margin:
        return judged
    return Criterion(
        name,
        "not assessable",
        f"The calibration slope changed by {slope.difference.estimate:+.3f} "
        f"({slope.difference.low:+.3f} to {slope.difference.high:+.3f}), and the old one may lie "
        f"on either side of 1 ({slope.old.low:.2f} to {slope.old.high:.2f}): whether that is "
        "better or worse cannot be told.",
    )


def _audit(verdict: str | None) -> Criterion:
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

"""Whether a retrained model may take the place of the old one, by rules declared before."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.comparison import Comparison
from icans_risk.evaluation.criteria import (
    Criterion,
    GateVerdict,
    judge_audit,
    judge_change,
    judge_patients,
    judge_question,
    judge_ratio,
)

__all__ = ["Gate", "Margins", "judge_replacement"]


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
        judge_question(old, new),
        judge_patients(comparison),
        judge_change("loss", loss, metrics[by.loss_metric], margin=by.loss, level=comparison.level),
        judge_change(
            "auroc", "AUROC", metrics["auroc"], margin=by.auroc, level=comparison.level, worse=-1
        ),
        judge_ratio(metrics["observed_expected"], most=by.observed_expected),
        judge_change(
            "calibration_slope",
            "The distance of the calibration slope from 1",
            comparison.slope_distance,
            margin=by.slope,
            level=comparison.level,
        ),
        judge_audit(audit),
    )
    return Gate(_worst(criteria), criteria, by)


def _worst(criteria: tuple[Criterion, ...]) -> GateVerdict:
    verdicts = {criterion.verdict for criterion in criteria}
    order: tuple[GateVerdict, ...] = ("reject", "not assessable")
    return next((verdict for verdict in order if verdict in verdicts), "accept")

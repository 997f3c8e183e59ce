"""How good the held-out risks of one landmark are: all that a report says of it.

Composition only: every figure comes from the evaluation room.
"""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.evaluation import (
    FitPredict,
    calibration_band,
    net_benefit_difference,
    risk_distribution,
)
from icans_risk.report import Assessment
from icans_risk.study.evaluation import Evaluation
from icans_risk.workflow.groups import (
    check_columns,
    judge_subgroups,
    judge_within_product,
    leave_levels_out,
    summarise_levels,
)
from icans_risk.workflow.judged import HeldOutRisks
from icans_risk.workflow.judging import (
    Draws,
    compare_ranking,
    describe_thresholds,
    judge_everywhere,
    judge_models,
    judge_policies,
    pick_simple,
    rank_models,
)

__all__ = ["Assessment", "HeldOutRisks", "assess"]

_NOBODY: Mapping[str, Any] = MappingProxyType({})
_QUANTILES = {"p5": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "p95": 0.95}


def assess(
    held: HeldOutRisks,
    settings: Evaluation,
    *,
    labels: Mapping[str, str],
    policy: str,
    resamples: int,
    seed: int,
    fewest: int,
    simple: Collection[str] = (),
    other_policies: Mapping[str, HeldOutRisks] = _NOBODY,
    refit: Mapping[str, FitPredict] = _NOBODY,
    tick: Callable[[], None] = lambda: None,
) -> Assessment:
    """Judge the held-out risks of one landmark.

    Parameters
    ----------
    held : HeldOutRisks
        Of every model under the primary policy, the model of interest first.
    settings : Evaluation
        The study's block ``evaluation``.
    labels : mapping of str to str
        What pages call each model.
    policy : str
        The primary end-of-observation policy.
    resamples, seed : int
        Of the bootstrap over patients.
    fewest : int
        Counts of patients below this are hidden; 1 shows all, as for synthetic ones.
    simple : collection of str
        Models among which the best simple score is looked for; all others by default.
    other_policies : mapping of str to HeldOutRisks
        The model of interest under every other end-of-observation policy.
    refit : mapping of str to callable
        ``fit_predict(train_rows, test_rows, seed)`` of models on the rows of ``held``, to
        be fitted without each level of ``settings.leave_out``; without any, none is.
    tick : callable
        Called after each model, column of subgroups, fit and policy.

    Returns
    -------
    Assessment
        Plain tables and values.

    Raises
    ------
    StudyError
        If the settings name a column that no episodes have.
    IcansRiskError
        If rows, risks and facts do not belong together.
    """
    check_columns(settings, held.episodes)
    draws = Draws(resamples, seed)
    ranking = rank_models(held)
    performance = judge_models(held, ranking, draws, labels=labels, tick=tick)
    best = pick_simple(held, performance, simple)
    subgroups, not_compared = judge_subgroups(held, settings, draws, fewest=fewest, tick=tick)
    left_out, not_left_out = leave_levels_out(
        held, refit, settings, draws=draws, fewest=fewest, tick=tick
    )
    policies = {policy: held, **other_policies}
    return Assessment(
        policy=policy,
        models={name: labels[name] for name in held.probabilities},
        constant=held.constant,
        simple=best,
        **_counts(held),
        resamples=resamples,
        performance=performance,
        ranking=ranking,
        within_product=judge_within_product(held, settings, draws, fewest=fewest),
        differences=compare_ranking(held),
        **_pictures(held, draws, fewest=fewest),
        **_usefulness(held, settings, draws, best=best),
        subgroups=subgroups,
        not_compared=not_compared,
        internal_external=left_out,
        transport=summarise_levels(left_out),
        not_left_out=not_left_out,
        policies=judge_policies(policies, draws, points=_points(settings), tick=tick),
        smallest_group=settings.smallest_group,
        fewest=fewest,
    )


def _counts(held: HeldOutRisks) -> dict[str, Any]:
    lead = held.lead_h[np.isfinite(held.lead_h)]
    quartiles = np.quantile(lead, (0.25, 0.5, 0.75)) if lead.size else np.full(3, np.nan)
    is_event = held.event == 1
    return {
        "landmark_h": float(held.outcomes["landmark_h"].iloc[0]),
        "episodes": held.event.size,
        "patients": len(set(held.patient)),
        "events": int(is_event.sum()),
        "prevalence": float(np.average(held.event, weights=held.weight)),
        "events_after_onset": int((is_event & ~held.among["no_syndrome"]).sum()),
        "early_events": int((is_event & ~held.among["later"]).sum()),
        "lead_h": tuple(float(q) for q in quartiles),
    }


def _pictures(held: HeldOutRisks, draws: Draws, *, fewest: int) -> dict[str, Any]:
    """Draw the calibration curve of the model of interest, and where its risks lie."""
    risk = held.risks[held.main]
    band = calibration_band(held.event, risk, **held.columns(), **draws.settings())
    spread = risk_distribution(held.event, risk, fewest=fewest, **held.columns())
    quantiles = {
        name: _quantiles(risk[held.event == value], held.weight[held.event == value])
        for name, value in (("events", 1), ("others", 0))
    }
    table = pd.DataFrame.from_dict(quantiles, orient="index").rename_axis("outcome")
    return {"calibration": band, "distribution": spread, "quantiles": table}


def _quantiles(risk: Any, weight: Any) -> dict[str, float]:
    at = np.quantile(risk, list(_QUANTILES.values()), weights=weight, method="inverted_cdf")
    found = {name: float(q) for name, q in zip(_QUANTILES, at, strict=True)}
    return found | {"mean": float(np.average(risk, weights=weight))}


def _usefulness(
    held: HeldOutRisks, settings: Evaluation, draws: Draws, *, best: str | None
) -> dict[str, Any]:
    curve = judge_everywhere(held, draws, span=settings.drawn_range)
    difference = pd.DataFrame()
    if best is not None:
        difference = net_benefit_difference(
            held.event,
            held.risks[held.main],
            minus=held.risks[best],
            thresholds=np.unique(curve["threshold"]),
            **held.columns(),
            **draws.settings(),
        )
    shown = [held.main] if best is None else [held.main, best]
    return {
        "decision": curve,
        "benefit_difference": difference,
        "range_declared": settings.decision_range is not None,
        "because": settings.because,
        "thresholds": describe_thresholds(
            held, draws, models=shown, thresholds=settings.thresholds
        ),
    }


def _points(settings: Evaluation) -> tuple[float, ...]:
    """Where net benefit is compared over policies: at the thresholds, or along the curve."""
    low, high = settings.drawn_range
    return settings.thresholds or (low, round((low + high) / 2, 6), high)

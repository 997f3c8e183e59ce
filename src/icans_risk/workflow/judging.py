"""What is said of each model: composition of the evaluation's functions, no formula."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from icans_risk.evaluation import (
    METRICS,
    Metric,
    calibration_errors,
    decision_curve,
    delong_test,
    discrimination_slope,
    fold_average,
    judge_ranking,
    metric_interval,
    threshold_table,
)
from icans_risk.workflow.judged import HeldOutRisks

__all__ = [
    "Draws",
    "compare_ranking",
    "describe_thresholds",
    "judge_everywhere",
    "judge_models",
    "judge_policies",
    "pick_simple",
    "rank_models",
]

Floats = NDArray[np.float64]
_ERRORS = ("ici", "e50", "e90", "emax")
# What a model that ranks nobody has none of: over folds it would be that of the splits.
_SPREAD = frozenset({"auroc", "average_precision", "calibration_slope", "discrimination_slope"})
_HEADLINE = ("observed_expected", "calibration_intercept", "calibration_slope")


class Draws:
    """The resamples behind all intervals, and every metric by name.

    A metric remembers what it was asked: the same resample of the same risks is judged
    once, although the model, each column of subgroups and each policy ask for it.

    Parameters
    ----------
    resamples : int
        How many.
    seed : int
        Of the draws.
    """

    def __init__(self, resamples: int, seed: int) -> None:
        self.resamples, self.seed = resamples, seed
        metrics = {**METRICS, "discrimination_slope": discrimination_slope}
        self.metrics: dict[str, Metric] = {name: _remember(m) for name, m in metrics.items()}

    def settings(self) -> dict[str, int]:
        """Return what every resampling function takes."""
        return {"resamples": self.resamples, "seed": self.seed}

    def interval(self, name: str, held: HeldOutRisks, model: str) -> dict[str, float]:
        """Judge a model by one metric, with its interval over patients."""
        if model in held.constant and name in _SPREAD:
            return dict.fromkeys((name, f"{name}_low", f"{name}_high"), np.nan)
        risk = held.risks[model]
        kept = {**held.columns(), **self.settings(), "metric": self.metrics[name]}
        found = metric_interval(name, held.event, risk, **kept)
        return {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}


def _remember(metric: Metric) -> Metric:
    known: dict[bytes, float] = {}

    def asked(y: ArrayLike, p: ArrayLike, w: ArrayLike | None) -> float:
        key = hashlib.blake2b(digest_size=16)
        for column in (y, p, 1.0 if w is None else w):
            key.update(np.ascontiguousarray(column, dtype=np.float64).tobytes())
        if key.digest() not in known:
            known[key.digest()] = metric(y, p, w)
        return known[key.digest()]

    return asked


def rank_models(held: HeldOutRisks) -> pd.DataFrame:
    """Judge how every model ranks events, among everyone and among those to be foreseen."""
    lines = []
    for among, mask in held.among.items():
        for model in held.probabilities:
            lines.append({"among": among, "model": model} | _rank(held, model, mask))
    return pd.DataFrame(lines)


def _rank(held: HeldOutRisks, model: str, mask: NDArray[np.bool_]) -> dict[str, Any]:
    found = asdict(judge_ranking(held.event, held.risks[model], among=mask, **held.columns()))
    if model in held.constant:
        blank = dict.fromkeys(("auroc", "low", "high", "average_precision"), np.nan)
        found |= blank | {"verdict": "the same risk for everyone ranks nobody"}
    found = {{"low": "auroc_low", "high": "auroc_high"}.get(k, k): v for k, v in found.items()}
    folds = fold_average(
        METRICS["auroc"],
        held.event,
        held.probabilities[model],
        splits=held.splits,
        weight=np.where(mask, held.weight, 0.0),
    )
    in_folds = {"auroc_in_folds": folds.mean, "estimable_folds": folds.estimable_folds}
    return in_folds | {"folds": folds.folds} | found


def judge_models(
    held: HeldOutRisks,
    ranking: pd.DataFrame,
    draws: Draws,
    *,
    labels: Mapping[str, str],
    tick: Callable[[], None],
) -> pd.DataFrame:
    """Judge discrimination, calibration and both, one line for each model."""
    everyone = ranking[ranking["among"] == "everyone"].set_index("model")
    ranked = ["auroc_in_folds", "estimable_folds", "folds", "auroc", "auroc_low", "auroc_high"]
    lines = []
    for model in held.probabilities:
        line: dict[str, Any] = {"model": model, "label": labels[model]}
        line |= {name: everyone.loc[model, name] for name in ranked}
        for name in (*METRICS, "discrimination_slope"):
            if name != "auroc":
                line |= draws.interval(name, held, model)
        lines.append(line | _errors(held, model))
        tick()
    return pd.DataFrame(lines).set_index("model")


def _errors(held: HeldOutRisks, model: str) -> dict[str, Any]:
    """Measure the distance from the calibration curve.

    Without intervals: a distance cannot be negative, so that resampling only adds to it,
    and the percentiles of a well calibrated model lie above its own figure.
    """
    found = asdict(calibration_errors(held.event, held.risks[model], held.weight))
    flat = dict.fromkeys(_ERRORS, np.nan) if model in held.constant else {}
    return {"calibration_method": found.pop("method")} | found | flat


def compare_ranking(held: HeldOutRisks) -> pd.DataFrame:
    """Test whether the model of interest ranks the same patients otherwise than each other."""
    own, flat = held.risks[held.main], held.constant
    others = [name for name in held.probabilities if not {name, held.main} & set(flat)]
    tests = {
        name: asdict(delong_test(held.event, own, minus=held.risks[name], **held.columns()))
        for name in others
        if name != held.main
    }
    columns = ["estimate", "low", "high", "z", "p_value"]
    table = pd.DataFrame.from_dict(tests, orient="index", columns=["variance", *columns])
    names = {"estimate": "difference", "low": "difference_low", "high": "difference_high"}
    return table[columns].rename(columns=names).rename_axis("model")


def pick_simple(
    held: HeldOutRisks, performance: pd.DataFrame, simple: Collection[str]
) -> str | None:
    """Name the comparison that ranks best, by its pooled AUROC; None where there is none."""
    others = [m for m in held.probabilities if m != held.main and m not in held.constant]
    chosen = [m for m in others if m in simple] or others
    auroc = performance.loc[chosen, "auroc"].dropna()
    return None if auroc.empty else str(auroc.idxmax())


def judge_everywhere(
    held: HeldOutRisks, draws: Draws, *, span: tuple[float, float]
) -> pd.DataFrame:
    """Draw the decision curve of every model over a range, a threshold at each percent."""
    low, high = span
    grid = np.linspace(low, high, max(2, round(100 * (high - low)) + 1)).round(6)
    return decision_curve(
        held.event, held.risks, thresholds=grid, **held.columns(), **draws.settings()
    )


def describe_thresholds(
    held: HeldOutRisks, draws: Draws, *, models: Sequence[str], thresholds: Sequence[float]
) -> pd.DataFrame:
    """Say what alarms at the declared thresholds would mean; nothing without any."""
    tables = [
        threshold_table(
            held.event,
            held.risks[model],
            thresholds=list(thresholds),
            **held.columns(),
            **draws.settings(),
        ).assign(model=model)
        for model in models
        if thresholds
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def judge_policies(
    policies: Mapping[str, HeldOutRisks],
    draws: Draws,
    *,
    points: Sequence[float],
    tick: Callable[[], None],
) -> pd.DataFrame:
    """Give every headline figure of the model of interest under each policy."""
    lines = []
    for policy, held in policies.items():
        found = _headline(held, draws, points=points)
        lines += [{"policy": policy, "model": held.main} | line for line in found]
        tick()
    return pd.DataFrame(lines)


def _headline(held: HeldOutRisks, draws: Draws, *, points: Sequence[float]) -> list[dict[str, Any]]:
    blank = {"threshold": np.nan, "low": np.nan, "high": np.nan}
    counts = {"patients": len(set(held.patient)), "events": int(held.event.sum())}
    weighted = float(np.average(held.event, weights=held.weight))
    lines = [blank | {"measure": name, "estimate": float(n)} for name, n in counts.items()]
    lines.append(blank | {"measure": "prevalence", "estimate": weighted})
    for among, mask in held.among.items():
        ranked = _rank(held, held.main, mask)
        ends = {"low": ranked["auroc_low"], "high": ranked["auroc_high"]}
        in_folds = {"measure": f"auroc_in_folds.{among}", "estimate": ranked["auroc_in_folds"]}
        lines.append(blank | in_folds)
        lines.append(blank | {"measure": f"auroc.{among}", "estimate": ranked["auroc"]} | ends)
    for name in _HEADLINE:
        found = draws.interval(name, held, held.main)
        ends = {"low": found[f"{name}_low"], "high": found[f"{name}_high"]}
        lines.append(blank | {"measure": name, "estimate": found[name]} | ends)
    lines.append(blank | {"measure": "ici", "estimate": _errors(held, held.main)["ici"]})
    risk = {held.main: held.risks[held.main]}
    at = {"thresholds": list(points)} | held.columns() | draws.settings()
    curve = decision_curve(held.event, risk, **at)
    for row in curve[curve["model"] == held.main].to_dict("records"):
        ends = {key: row[key] for key in ("threshold", "low", "high")}
        lines.append(ends | {"measure": "net_benefit", "estimate": row["net_benefit"]})
    return lines

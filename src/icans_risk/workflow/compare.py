"""Two models of kept runs on the same patients, and whether one may replace the other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icans_risk.errors import ComparisonError
from icans_risk.evaluation import Comparison, Gate, Margins, compare_risks, judge_replacement
from icans_risk.report import Rate
from icans_risk.report.comparison_plot import net_benefit_figure
from icans_risk.tracking import find_run
from icans_risk.workflow.comparison_summary import describe_comparison
from icans_risk.workflow.declared import Declared, find_declared
from icans_risk.workflow.files import whole_file
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.stored_model import StoredModel, read_model

__all__ = ["MAIN_MODEL", "Margins", "compare_models", "compare_runs"]

MAIN_MODEL = "booster"
# Without these, two models have no outcome in common.
_MUST_AGREE = ("endpoint", "scale", "landmark_h", "horizon_h", "end_of_observation")
_ROWS = ("event", "weight", "patient")


def compare_runs(
    old: str,
    new: str,
    *,
    tracking_uri: str,
    models: tuple[str, str] = (MAIN_MODEL, MAIN_MODEL),
    landmark_h: float | None = None,
    thresholds: Sequence[float] | None = None,
    margins: Margins | None = None,
    figure: Path | None = None,
    resamples: int = 1000,
    seed: int = 0,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Compare two models of kept runs, and judge whether the new one may replace the old one.

    Parameters
    ----------
    old, new : str
        Identifiers of the runs, or their first characters; one run may stand twice.
    tracking_uri : str
        The store, which is only read.
    models : tuple of two str
        Short name of the model of either run.
    landmark_h : float, optional
        In hours since infusion; by default the first landmark of the old run.
    thresholds : sequence of float, optional
        By default those that both studies declare.
    margins : Margins, optional
        How much worse the new model may be; working defaults if not given.
    figure : Path, optional
        PNG in which the difference of net benefit is drawn.
    resamples, seed : int
        Of the bootstrap over patients.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: both models, every metric, the test of the AUROCs, net benefit,
        reclassification, and the gate. What is not estimable, or hidden, is None.

    Raises
    ------
    ComparisonError
        If the two were not judged on the same patients and the same question, are one and
        the same model, or a run has no such landmark or model.
    TrackingError
        If a run is not there, not finished, or keeps no held-out risks.
    """
    progress.stage("reading runs", steps=2)
    first = read_model(find_run(tracking_uri, old), models[0], landmark_h=landmark_h)
    progress.step()
    at = float(str(first.question["landmark_h"]))
    second = read_model(find_run(tracking_uri, new), models[1], landmark_h=at)
    progress.step()
    progress.stage("comparing", steps=None)
    declared = find_declared(first, second, thresholds=thresholds)
    comparison, gate = compare_models(
        first, second, declared=declared, margins=margins, resamples=resamples, seed=seed
    )
    if figure is not None:
        _draw(figure, first, comparison)
    return describe_comparison(first, second, comparison, gate=gate, declared=declared) | {
        "resamples": resamples,
        "seed": seed,
        "figure": None if figure is None else str(figure.resolve()),
    }


def compare_models(
    old: StoredModel,
    new: StoredModel,
    *,
    declared: Declared,
    margins: Margins | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[Comparison, Gate]:
    """Compare two stored models, and judge whether the new one may replace the old one.

    Parameters
    ----------
    old, new : StoredModel
        From ``read_model``.
    declared : Declared
        From ``find_declared``.
    margins, resamples, seed
        As for ``compare_runs``.

    Returns
    -------
    tuple of Comparison and Gate
        What changes, and whether it may.

    Raises
    ------
    ComparisonError
        If the two were not judged on the same patients and the same question.
    """
    _refuse_unlike(old, new)
    comparison = compare_risks(
        old.event,
        new.risk,
        old=old.risk,
        groups=old.patient,
        weight=old.weight,
        thresholds=declared.thresholds,
        decision_range=declared.decision_range,
        fewest=declared.fewest,
        not_judged=old.not_estimable | new.not_estimable,
        resamples=resamples,
        seed=seed,
    )
    gate = judge_replacement(
        comparison, old=old.question, new=new.question, audit=new.audit, margins=margins
    )
    return comparison, gate


def _refuse_unlike(old: StoredModel, new: StoredModel) -> None:
    if (old.run_id, old.name) == (new.run_id, new.name):
        raise ComparisonError(
            f"expected two models, got {old.name} of run {old.run_id[:8]} twice. Name another run, "
            "or two models of this one by --models."
        )
    pairs = {"cohort": (old.cohort[:8], new.cohort[:8])} | {
        fact: (old.question[fact], new.question[fact]) for fact in _MUST_AGREE
    }
    different = [
        f"{fact} ({one}, {other})"
        for fact, (one, other) in pairs.items()
        if None not in (one, other) and one != other
    ]
    rows = [
        f"the {column} of the rows"
        for column in _ROWS
        if not _agree(getattr(old, column), getattr(new, column))
    ]
    # Where the question differs, so do the rows, and that is not news.
    different = different or rows
    if different:
        raise ComparisonError(
            "a paired comparison needs the same patients and the same question, runs "
            f"{old.run_id[:8]} and {new.run_id[:8]} differ in {', '.join(different)}. Develop both "
            "studies on one cohort with one outcome."
        )


def _agree(one: NDArray[Any], other: NDArray[Any]) -> bool:
    # Weights are estimated: another release of a library may move their last digits.
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-9, atol=0)


def _draw(file: Path, model: StoredModel, comparison: Comparison) -> None:
    drawn = net_benefit_figure(
        [(p.threshold, p.difference, p.low, p.high) for p in comparison.net_benefit],
        rate=Rate(n=comparison.patients, events=comparison.events),
        data_kind="synthetic" if model.question["data_kind"] == "synthetic" else "real",
    )
    with whole_file(file) as draft:
        drawn.savefig(draft, format="png")

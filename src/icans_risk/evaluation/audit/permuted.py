"""What the pipeline makes of outcomes that were given to the wrong patients."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from icans_risk.evaluation.audit.findings import Finding, Verdict, is_above_chance, plain
from icans_risk.evaluation.audit.plan import AuditPlan
from icans_risk.evaluation.audit.rows import AuditRows, Subject
from icans_risk.evaluation.audit.runs import Pipeline, Run
from icans_risk.evaluation.bootstrap import rows_of_each_patient
from icans_risk.evaluation.inputs import Floats

__all__ = ["judge_permutations", "permute_by_patient"]

_CHECK = "permuted_labels"
# Less above one half than this is no leak, however surely it is there; nor is what a few show.
_TOLERANCE = 0.02
_FEWEST = 20
_CHANCE = 0.05


def judge_permutations(
    subject: Subject, pipeline: Pipeline, *, model: Run, plan: AuditPlan
) -> Finding:
    """Run the whole pipeline on permuted outcomes, again and again.

    The mean of the AUROCs must be 0.5: more means that outcomes reach the risks by another
    way than the columns. The p-value is the share of permutations that did as well as the
    model, itself counted among them [1]_.

    Parameters
    ----------
    subject : Subject
        The rows.
    pipeline : Pipeline
        What is fitted.
    model : Run
        The pipeline on the true outcomes.
    plan : AuditPlan
        How many permutations.

    Returns
    -------
    Finding
        With mean, spread and every AUROC.

    References
    ----------
    .. [1] Ojala M, Garriga GC. "Permutation tests for studying classifier performance."
       J Mach Learn Res 2010;11:1833-1863. https://jmlr.org/papers/v11/ojala10a.html
    """
    if not plan.permutations:
        return Finding(
            _CHECK, "not_assessable", "No outcomes were permuted: none was asked for.", {}
        )
    judged = model.auroc()
    drawn, refused = [], 0
    for generator in np.random.default_rng([pipeline.seed, 2]).spawn(plan.permutations):
        run = pipeline.run(subject, permute_by_patient(subject.rows, generator))
        drawn.append(run.auroc().estimate)
        refused += run.refused
    aurocs = np.array(drawn)[np.isfinite(drawn)]
    as_good = int((aurocs >= judged.estimate - 1e-12).sum())
    p_value = (1 + as_good) / (1 + aurocs.size)
    mean = float(aurocs.mean()) if aurocs.size else math.nan
    spread = float(aurocs.std(ddof=1)) if aurocs.size > 1 else math.nan
    leaks = _is_above_half(aurocs, plan.false_alarm)
    verdict: Verdict = "pass"
    if leaks or (p_value > _CHANCE and aurocs.size >= _FEWEST):
        verdict = "warn"
    if not is_above_chance(judged) and not leaks:
        verdict = "not_assessable"
    figures = {
        "permutations": plan.permutations,
        "estimable": aurocs.size,
        "mean_auroc": mean,
        "sd_auroc": spread,
        "p_value": p_value,
        "model_auroc": judged.estimate,
        "refused": refused,
        "fits": plan.permutations * len(subject.splits),
        "aurocs": np.sort(aurocs),
    }
    return Finding(
        _CHECK, verdict, _say(aurocs, as_good, leaks=leaks, model=judged.estimate), plain(figures)
    )


def permute_by_patient(rows: AuditRows, generator: np.random.Generator) -> AuditRows:
    """Give each patient the outcomes of another one with as many rows.

    Parameters
    ----------
    rows : AuditRows
        The rows.
    generator : Generator
        Draws who gets whose outcomes; weights go with them, because they tell how the
        outcome was observed.

    Returns
    -------
    AuditRows
        A patient whose number of rows no other has keeps their own outcomes.
    """
    source = np.arange(rows.event.size)
    for members in _patients_by_size(rows.patient):
        source[members.ravel()] = generator.permutation(members).ravel()
    return replace(rows, event=rows.event[source], weight=rows.weight[source])


def _patients_by_size(patient: NDArray[np.object_]) -> Sequence[NDArray[np.intp]]:
    """List, for each number of rows, the rows of the patients who have as many."""
    each = rows_of_each_patient(patient, ())
    sizes = sorted({rows.size for rows in each})
    return [np.array([rows for rows in each if rows.size == size]) for size in sizes]


def _is_above_half(aurocs: Floats, false_alarm: float) -> bool:
    if aurocs.size < _FEWEST or aurocs.mean() <= 0.5 + _TOLERANCE:
        return False
    error = aurocs.std(ddof=1) / math.sqrt(aurocs.size)
    return bool(aurocs.mean() - 0.5 > student.isf(false_alarm, aurocs.size - 1) * error)


def _say(aurocs: Floats, as_good: int, *, leaks: bool, model: float) -> str:
    if not aurocs.size:
        return "No permuted outcomes could be judged: too few patients have the event."
    seen = (
        f"With the outcomes given to the wrong patients {aurocs.size} times, the whole pipeline "
        f"reached a mean AUROC of {aurocs.mean():.2f} (from {aurocs.min():.2f} to "
        f"{aurocs.max():.2f}); {as_good} of them did as well as the model ({model:.2f})."
    )
    if leaks:
        return f"{seen} It should be 0.50: outcomes reach the predictions by a way they must not."
    return f"{seen} Chance gives 0.50."

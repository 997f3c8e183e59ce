"""Whether the hospital, the period or the file that a row comes from predicts its outcome."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from icans_risk.evaluation.audit.findings import Finding, describe_interval, plain
from icans_risk.evaluation.audit.plan import AuditPlan
from icans_risk.evaluation.audit.rows import Subject, labels_of
from icans_risk.evaluation.audit.runs import Run, inside_folds
from icans_risk.evaluation.comparable import comparable_auroc
from icans_risk.evaluation.delong import AurocInterval
from icans_risk.evaluation.inputs import Floats

__all__ = ["exact_p", "judge_groups"]

_CHECK = "groupings"
_DRAWS = 20_000
# In a large cohort every difference is sure; below this AUROC it does not carry a model.
_MATTERS = 0.55
# Shares of fewer patients are not told.
_FEWEST = 10

Codes = NDArray[np.intp]


def judge_groups(subject: Subject, *, model: Run, plan: AuditPlan, seed: int) -> Finding:
    """Predict the outcome from each grouping alone.

    Parameters
    ----------
    subject : Subject
        The rows, with their groupings.
    model : Run
        The pipeline; it is judged inside the levels as well, where no grouping can help it.
    plan : AuditPlan
        Where the lines are.
    seed : int
        Of the draws behind the exact p-values.

    Returns
    -------
    Finding
        ``warn`` where a grouping surely has different shares of events and ranks patients it
        was not counted on above an AUROC of 0.55.
    """
    lines = []
    for name in subject.tables.groupings:
        labels = labels_of(subject.tables.groupings[name])
        levels, codes = np.unique(labels, return_inverse=True)
        if levels.size > 1:
            lines.append(_judge(subject, codes, name=str(name), model=model, seed=seed))
    if not lines:
        sentence = "No grouping with two levels or more was handed over."
        return Finding(_CHECK, "not_assessable", sentence, {"groupings": []})
    bound = plan.false_alarm / len(lines)
    for line in lines:
        line["suspicious"] = line["p_value"] < bound and line["auroc"] >= _MATTERS
    suspicious = [line for line in lines if line["suspicious"]]
    figures = plain({"groupings": lines})
    if suspicious:
        told = "; ".join(_say(line) for line in suspicious)
        sentence = (
            f"Where a patient's data come from predicts the outcome: {told}. Ask whether patients "
            "differ there, or how they were recorded."
        )
        return Finding(_CHECK, "warn", sentence, figures)
    best = max(lines, key=lambda line: float(line["auroc"]))
    sentence = (
        f"Where a patient's data come from says little about the outcome; most does {_say(best)}."
    )
    return Finding(_CHECK, "pass", sentence, figures)


def exact_p(level: Codes, event: NDArray[np.bool_], *, seed: int) -> float:
    """Test by chi-square whether levels have different shares of events.

    Exact for any size: the statistic is compared with that of random tables with the same
    margins.

    Parameters
    ----------
    level : ndarray of int of shape (n_patients,)
        The level of each patient.
    event : ndarray of bool of shape (n_patients,)
        Who has the event.
    seed : int
        Of the tables.

    Returns
    -------
    float
        At least 1 in 20,001.

    Examples
    --------
    >>> level, event = np.repeat([0, 1], 20), np.repeat([False, True], 20)
    >>> exact_p(level, event, seed=1) < 0.001
    True
    """
    sizes, events = np.bincount(level), np.bincount(level[event], minlength=level.max() + 1)
    total = int(events.sum())
    expected = sizes * total / sizes.sum()
    drawn = np.random.default_rng([seed, 3]).multivariate_hypergeometric(
        sizes, total, size=_DRAWS, method="marginals"
    )

    def statistic(counts: NDArray[np.int64]) -> Floats:
        # The other column of the table multiplies it by a constant.
        return np.asarray(((counts - expected) ** 2 / sizes).sum(axis=-1))

    as_far = int((statistic(drawn) >= statistic(events) - 1e-12).sum())
    return (1 + as_far) / (1 + _DRAWS)


def _judge(subject: Subject, codes: Codes, *, name: str, model: Run, seed: int) -> dict[str, Any]:
    rows = subject.rows
    _, first, patient = np.unique(rows.patient.astype(str), return_index=True, return_inverse=True)
    event = np.bincount(patient, rows.event) > 0
    level = codes[first]
    sizes = np.bincount(level, minlength=codes.max() + 1)
    shares = (np.bincount(level, event, sizes.size) / sizes)[sizes >= _FEWEST]
    return {
        "grouping": name,
        "levels": sizes.size,
        "p_value": exact_p(level, event, seed=seed),
        **describe_interval(_rates_of_levels(subject, codes)),
        "lowest_share": shares.min() if shares.size else np.nan,
        "highest_share": shares.max() if shares.size else np.nan,
        "model_within": describe_interval(model.auroc(within=codes)),
        "model_auroc": model.auroc().estimate,
    }


def _rates_of_levels(subject: Subject, codes: Codes) -> AurocInterval:
    """Predict by the share of events that a level has among the patients in training."""
    rows, score = subject.rows, []
    for split in subject.splits:
        weight, event = rows.weight[split.train], rows.event[split.train]
        level = codes[split.train]
        whole = np.bincount(level, weight, codes.max() + 1)
        events = np.bincount(level, weight * event, codes.max() + 1)
        # As if each level had one more patient, of the usual risk.
        share = (events + np.average(event, weights=weight)) / (whole + 1)
        score.append(share[codes[split.test]])
    place, cell = inside_folds(subject.splits)
    return comparable_auroc(
        rows.event[place],
        np.concatenate(score),
        cells=cell,
        groups=rows.patient[place],
        weight=rows.weight[place],
    )


def _say(line: dict[str, Any]) -> str:
    shares = ""
    if np.isfinite(line["lowest_share"]):
        shares = f", events in {line['lowest_share']:.0%} to {line['highest_share']:.0%}"
    return (
        f"{line['grouping']} (AUROC {line['auroc']:.2f} by itself{shares}, p = "
        f"{line['p_value']:.2g}; inside its levels the model reaches "
        f"{line['model_within']['auroc']:.2f} instead of {line['model_auroc']:.2f})"
    )

"""How much of the performance hangs on each modality."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from icans_risk.evaluation.audit.findings import (
    Finding,
    Verdict,
    describe_interval,
    is_above_chance,
    plain,
)
from icans_risk.evaluation.audit.plan import AuditPlan
from icans_risk.evaluation.audit.rows import Subject
from icans_risk.evaluation.audit.runs import Pipeline, Run

__all__ = ["judge_modalities", "modalities_of"]

_CHECK = "modalities"
_OTHER = "other"


def modalities_of(columns: Mapping[str, str], names: list[str]) -> dict[str, list[str]]:
    """List the columns of each modality, sorted by modality.

    Parameters
    ----------
    columns : mapping of str to str
        Modality by column.
    names : list of str
        All columns.

    Returns
    -------
    dict of str to list of str
        Columns without a modality are ``other``.

    Examples
    --------
    >>> modalities_of({"plasma.crp.last.early": "plasma"}, ["plasma.crp.last.early", "age"])
    {'other': ['age'], 'plasma': ['plasma.crp.last.early']}
    """
    of = {name: columns.get(name, _OTHER) for name in names}
    return {m: [n for n in names if of[n] == m] for m in sorted(set(of.values()))}


def judge_modalities(
    subject: Subject, pipeline: Pipeline, *, model: Run, plan: AuditPlan
) -> Finding:
    """Fit the pipeline without each modality, and with each alone.

    Parameters
    ----------
    subject : Subject
        The rows, with the modality of each column.
    pipeline : Pipeline
        What is fitted.
    model : Run
        The pipeline on all columns.
    plan : AuditPlan
        Where the lines are.

    Returns
    -------
    Finding
        ``warn`` where the loss of a modality that is measured for cause surely costs
        ``share_lost`` of the performance beyond chance.
    """
    vectors = subject.rows.vectors
    modalities = modalities_of(subject.tables.modality_of_column, [str(c) for c in vectors])
    judged = model.auroc()
    if len(modalities) < 2:
        sentence = "All columns are of one modality: none can be left out."
        return Finding(_CHECK, "not_assessable", sentence, {"modalities": []})
    lines: list[dict[str, Any]] = []
    for modality, columns in modalities.items():
        without = pipeline.run(subject, subject.rows.with_vectors(vectors.drop(columns=columns)))
        alone = pipeline.run(subject, subject.rows.with_vectors(vectors[columns]))
        lost = model.minus(
            without.risk, level=plan.level_of(len(modalities)), among=np.arange(model.risk.size)
        )
        lines.append(
            {
                "modality": modality,
                "columns": len(columns),
                "without": describe_interval(without.auroc()),
                "share_without": _share(without.auroc().estimate, judged.estimate),
                "alone": describe_interval(alone.auroc()),
                "share_alone": _share(alone.auroc().estimate, judged.estimate),
                "surely_lost": lost.low > 0,
                "for_cause": modality in subject.tables.for_cause,
            }
        )
    suspicious = [
        line["modality"]
        for line in lines
        if line["for_cause"]
        and line["surely_lost"]
        and 1 - line["share_without"] >= plan.share_lost
    ]
    figures = plain({"model_auroc": judged.estimate, "modalities": lines})
    if not is_above_chance(judged):
        return Finding(_CHECK, "not_assessable", _say(lines, judged.estimate, []), figures)
    verdict: Verdict = "warn" if suspicious else "pass"
    return Finding(_CHECK, verdict, _say(lines, judged.estimate, suspicious), figures)


def _share(auroc: float, model: float) -> float:
    return (auroc - 0.5) / (model - 0.5) if model > 0.5 else np.nan


def _say(lines: list[dict[str, Any]], model: float, suspicious: list[str]) -> str:
    told = "; ".join(
        f"{line['modality']} {line['without']['auroc']:.2f} ({line['alone']['auroc']:.2f})"
        for line in lines
    )
    seen = (
        f"With all columns the model reaches an AUROC of {model:.2f}. Without each modality (in "
        f"brackets: with it alone) it reaches: {told}."
    )
    if suspicious:
        return (
            f"{seen} Much hangs on {' and '.join(suspicious)}, which is measured or given when "
            "somebody suspects toxicity."
        )
    return f"{seen} It does not hang on anything that is done only when toxicity is suspected."

"""Whether the audit would see a leak: one is planted."""

import numpy as np

from icans_risk.evaluation.audit.findings import Finding, Verdict, describe_interval, plain
from icans_risk.evaluation.audit.plan import AuditPlan
from icans_risk.evaluation.audit.rows import Subject
from icans_risk.evaluation.audit.runs import Pipeline, Run
from icans_risk.evaluation.audit.scan import is_too_good, judge_one_more

__all__ = ["judge_planted_column"]

_NAME = "planted.future"
# The outcome, 0 and 1, plus so much normal noise: an AUROC of 0.998.
_NOISE = 0.25
# Trees cut a steady column into few steps, and lines see 50 others beside it.
_MAY_MISS = 0.05


def judge_planted_column(
    subject: Subject, pipeline: Pipeline, *, model: Run, plan: AuditPlan
) -> Finding:
    """Add a column made of the outcome and noise: pipeline and scan must find it.

    Parameters
    ----------
    subject : Subject
        The rows.
    pipeline : Pipeline
        What is fitted.
    model : Run
        The pipeline without the column.
    plan : AuditPlan
        Where the lines are.

    Returns
    -------
    Finding
        ``warn`` where one of them is blind to it: its other findings are then worth little.
    """
    rows = subject.rows
    generator = np.random.default_rng([pipeline.seed, 1])
    leak = rows.event + _NOISE * generator.standard_normal(rows.event.size)
    vectors = rows.vectors.assign(**{_NAME: leak.astype(np.float32)})
    run = pipeline.run(subject, rows.with_vectors(vectors))
    alone = judge_one_more(subject, leak, plan)
    found, judged = run.auroc(), model.auroc()
    by_scan = is_too_good(alone, plan)
    by_pipeline = found.estimate >= alone.estimate - _MAY_MISS
    seen = (
        "A column that gives the outcome away was planted as a test: the model's AUROC went from "
        f"{judged.estimate:.2f} to {found.estimate:.2f}, and the scan of single columns "
        f"{'named' if by_scan else 'did not name'} it."
    )
    meaning = (
        "A leak of this kind would be noticed."
        if by_scan and by_pipeline
        else "A leak of this kind could go unnoticed here, so that a clean audit says little."
    )
    figures = {
        **describe_interval(found),
        "model_auroc": judged.estimate,
        "found_by_pipeline": by_pipeline,
        "found_by_scan": by_scan,
    }
    verdict: Verdict = "pass" if by_scan and by_pipeline else "warn"
    return Finding("planted_column", verdict, f"{seen} {meaning}", plain(figures))

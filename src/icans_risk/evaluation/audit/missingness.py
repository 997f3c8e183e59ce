"""Whether who was tested, and how often, tells what the results should tell."""

import math

import numpy as np
import pandas as pd

from icans_risk.evaluation.audit.findings import (
    Finding,
    Verdict,
    describe_interval,
    is_above_chance,
    plain,
    say_interval,
)
from icans_risk.evaluation.audit.plan import AuditPlan
from icans_risk.evaluation.audit.rows import Subject
from icans_risk.evaluation.audit.runs import Pipeline, Run
from icans_risk.evaluation.delong import AurocInterval

__all__ = ["judge_missingness", "presence_table"]

_CHECK = "missingness_only"
# So much less often may an interval over folds be above chance by mistake, because it is too
# narrow: folds share training patients. Without signal AUROCs of 500 patients spread by 0.044
# where the interval says 0.034.
_FOLDS_SHARE_PATIENTS = 0.1


def presence_table(subject: Subject) -> pd.DataFrame:
    """Return what is known of patients without any result.

    Parameters
    ----------
    subject : Subject
        The rows.

    Returns
    -------
    DataFrame of shape (n_rows, n_different)
        ``presence.<column>``, 1 where a column of the vectors has a value, and
        ``count.<analyte>``; columns that do not vary or repeat another one left out.
    """
    presence = subject.rows.vectors.notna().add_prefix("presence.").astype(np.float32)
    counts = subject.tables.counts.add_prefix("count.").astype(np.float32)
    counts.index = presence.index
    both = pd.concat([presence, counts], axis=1)
    both = both.loc[:, both.nunique(dropna=False) > 1]
    return both.loc[:, ~both.T.duplicated()]


def judge_missingness(
    subject: Subject, pipeline: Pipeline, *, model: Run, plan: AuditPlan
) -> Finding:
    """Fit the pipeline to who was tested and how often, without any result.

    ``fail`` where the interval lies above 0.5 and the AUROC within ``near_model`` of the
    model's, unless most of it goes away among patients of one protocol, who are tested
    alike by rule; ``warn`` where it surely lies above 0.5 and does not go away. Intervals
    over folds are too narrow [1]_, so that surely is more than one of 95%.

    Parameters
    ----------
    subject : Subject
        The rows.
    pipeline : Pipeline
        What is fitted.
    model : Run
        The pipeline on the vectors.
    plan : AuditPlan
        Where the lines are.

    Returns
    -------
    Finding
        Not assessable where neither testing nor the model surely tells anything.

    References
    ----------
    .. [1] Bengio Y, Grandvalet Y. "No unbiased estimator of the variance of k-fold
       cross-validation." J Mach Learn Res 2004;5:1089-1105.
       https://jmlr.org/papers/v5/grandvalet04a.html
    """
    table = presence_table(subject)
    if table.shape[1] == 0:
        pipeline.skip(len(subject.splits))
        sentence = (
            "Every patient was measured alike: who was tested, and how often, cannot tell anything."
        )
        return Finding(_CHECK, "pass", sentence, {"columns": 0})
    run = pipeline.run(subject, subject.rows.with_vectors(table))
    whole, judged = run.auroc(), model.auroc()
    within = run.auroc(within=subject.protocol)
    verdict = _judge(run, subject, model=judged, plan=plan)
    figures = {
        "columns": table.shape[1],
        **describe_interval(whole),
        "within_protocol": describe_interval(within),
        "model_auroc": judged.estimate,
        "refused": run.refused,
    }
    return Finding(_CHECK, verdict, _say(verdict, whole, within, model=judged), plain(figures))


def _judge(run: Run, subject: Subject, *, model: AurocInterval, plan: AuditPlan) -> Verdict:
    whole, within = run.auroc(), run.auroc(within=subject.protocol)
    is_explained = within.estimate - 0.5 < (whole.estimate - 0.5) / 2
    is_assessable = is_above_chance(model)
    is_near = is_above_chance(whole) and whole.estimate >= model.estimate - plan.near_model
    if is_assessable and is_near and not is_explained:
        return "fail"
    surely = run.auroc(level=1 - (1 - plan.level) * _FOLDS_SHARE_PATIENTS)
    surely_within = run.auroc(within=subject.protocol, level=plan.level)
    if is_above_chance(surely_within) or (is_above_chance(surely) and not is_explained):
        return "warn"
    return "pass" if is_assessable else "not_assessable"


def _say(
    verdict: Verdict, whole: AurocInterval, within: AurocInterval, *, model: AurocInterval
) -> str:
    seen = (
        "A model that sees only which tests a patient had and how many, but no result, reaches "
        f"{say_interval(whole)}; the model itself {model.estimate:.2f}."
    )
    if math.isfinite(within.low):
        seen += (
            " Among patients of the same site and product, or what else decides by rule who is "
            f"tested, it reaches {within.estimate:.2f} ({within.low:.2f} to {within.high:.2f})."
        )
    meaning = {
        "fail": "Who was tested is nearly as good as the model: it may have learned the response "
        "to the toxicity, not its signs.",
        "warn": "Who was tested tells something of the outcome that no such rule explains.",
        "pass": "That is no sure sign that testing stands for the outcome.",
        "not_assessable": "The model itself may be no better than chance, so there is nothing to "
        "compare with.",
    }
    return f"{seen} {meaning[verdict]}"

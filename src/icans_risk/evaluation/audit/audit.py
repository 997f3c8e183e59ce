"""All that a sceptical reviewer asks about leakage, asked of one model."""

from collections.abc import Callable, Sequence

from icans_risk.evaluation.audit.duplicates import judge_duplicates
from icans_risk.evaluation.audit.findings import Audit, describe_interval, is_above_chance, rank
from icans_risk.evaluation.audit.groups import judge_groups
from icans_risk.evaluation.audit.missingness import judge_missingness
from icans_risk.evaluation.audit.modalities import judge_modalities, modalities_of
from icans_risk.evaluation.audit.permuted import judge_permutations
from icans_risk.evaluation.audit.plan import AuditPlan
from icans_risk.evaluation.audit.planted import judge_planted_column
from icans_risk.evaluation.audit.rows import AuditRows, AuditTables, Refit, prepare
from icans_risk.evaluation.audit.runs import Pipeline
from icans_risk.evaluation.audit.scan import judge_presence, judge_single_columns
from icans_risk.evaluation.audit.unit_blocks import judge_unit_blocks
from icans_risk.evaluation.resampling import Fold

__all__ = ["audit_model", "audit_steps"]


def audit_model(
    refit: Refit,
    rows: AuditRows,
    splits: Sequence[Fold],
    *,
    tables: AuditTables,
    plan: AuditPlan | None = None,
    seed: int,
    tick: Callable[[], None] | None = None,
    workers: int = 1,
) -> Audit:
    """Look for leakage in a model and its data.

    Parameters
    ----------
    refit : callable
        ``refit(rows)`` returns ``fit_predict(train_rows, test_rows, seed)``, the whole
        pipeline on the columns, outcomes, weights and patients of ``rows``, which are not
        those of the cohort: columns are added, left out or replaced by whether they are
        missing; outcomes are permuted. Nothing may be learnt outside ``fit_predict``. A
        NotReleasedError or NotEstimableError is a model that ranks nobody.
    rows : AuditRows
        The model's rows, in any order.
    splits : sequence of Fold
        Splits of these rows by patient.
    tables : AuditTables
        What else is known of the rows.
    plan : AuditPlan, optional
        How often to refit, and where the lines are.
    seed : int
        Of every fit and every draw.
    tick : callable, optional
        Called ``audit_steps`` times.
    workers : int
        Threads that fit; the audit is the same in any number.

    Returns
    -------
    Audit
        The same for the same rows in any order, if the pipeline is.

    Raises
    ------
    IcansRiskError
        If a table is not what it should be.
    """
    chosen = AuditPlan() if plan is None else plan
    subject = prepare(rows, splits, tables, repeats=chosen.repeats)
    pipeline = Pipeline(refit, seed, _silent if tick is None else tick, workers)
    model = pipeline.run(subject)
    findings = rank(
        [
            judge_missingness(subject, pipeline, model=model, plan=chosen),
            judge_presence(subject, chosen),
            judge_single_columns(subject, model=model, plan=chosen),
            judge_modalities(subject, pipeline, model=model, plan=chosen),
            judge_groups(subject, model=model, plan=chosen, seed=seed),
            judge_unit_blocks(subject, chosen),
            judge_duplicates(subject, pipeline, model=model),
            judge_planted_column(subject, pipeline, model=model, plan=chosen),
            judge_permutations(subject, pipeline, model=model, plan=chosen),
        ]
    )
    auroc = model.auroc()
    verdict = findings[0].verdict
    if verdict not in ("fail", "warn"):
        verdict = "pass" if is_above_chance(auroc) else "not_assessable"
    figures = {**describe_interval(auroc), "fits": model.fits, "refused": model.refused}
    return Audit(verdict, figures, findings)


def audit_steps(
    rows: AuditRows,
    splits: Sequence[Fold],
    *,
    tables: AuditTables,
    plan: AuditPlan | None = None,
) -> int:
    """Say how often ``audit_model`` will tick: the models that it fits at most.

    Parameters
    ----------
    rows, splits, tables, plan
        As for ``audit_model``.

    Returns
    -------
    int
        The folds, times the tables that the pipeline is run on.
    """
    chosen = AuditPlan() if plan is None else plan
    folds = len(prepare(rows, splits, tables, repeats=chosen.repeats).splits)
    names = [str(name) for name in rows.vectors]
    modalities = len(modalities_of(tables.modality_of_column, names))
    # The model; missingness, duplicates and the planted column; each modality left out and alone.
    runs = 1 + 3 + (2 * modalities if modalities > 1 else 0) + chosen.permutations
    return folds * runs


def _silent() -> None:
    pass

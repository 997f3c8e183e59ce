"""The model that is kept: fitted on everyone, with its rebuilds, or not let out."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from icans_risk.errors import NotReleasedError
from icans_risk.models.rebuilds import Rebuilds, fit_rebuilds
from icans_risk.models.released import ReleasedModel
from icans_risk.models.venn_abers import VennAbers, fit_venn_abers
from icans_risk.workflow.answering import Judge
from icans_risk.workflow.plans import Fit
from icans_risk.workflow.rows import ModelRows
from icans_risk.workflow.validation import Effort

__all__ = ["release_model"]


def release_model(
    judge: Judge,
    fit: Fit,
    rows: ModelRows,
    *,
    facts: Mapping[str, Any],
    effort: Effort,
    tick: Callable[[], None],
) -> ReleasedModel | None:
    """Rebuild a fitted model on bootstraps and put everything together that an answer needs.

    Parameters
    ----------
    judge : Judge
        Learns whom the model may judge; holds the study and its data.
    fit : Fit
        On all rows.
    rows : ModelRows
        All rows.
    facts : mapping
        Kept with the model, see ``released_facts``.
    effort : Effort
        Threads.
    tick : callable
        Called after each rebuild.

    Returns
    -------
    ReleasedModel or None
        None where no model may be let out.
    """
    if not fit.is_released:
        return None
    try:
        rebuilds = _rebuild(judge, fit, rows, effort=effort, tick=tick)
    except NotReleasedError:
        return None
    return ReleasedModel(
        model=fit.model,
        rebuilds=rebuilds,
        venn_abers=_venn_abers(fit, rows),
        applicability=judge.learn(fit, rows),
        facts=facts,
    )


def _rebuild(
    judge: Judge, fit: Fit, rows: ModelRows, *, effort: Effort, tick: Callable[[], None]
) -> Rebuilds | None:
    wanted = judge.study.models.rebuilds
    if not wanted:
        return None
    return fit_rebuilds(
        fit.model,
        judge.plan.table(rows),
        rows.event,
        sample_weight=rows.weight,
        groups=rows.patient,
        n_rebuilds=wanted,
        seed=judge.study.seed,
        workers=effort.workers,
        tick=tick,
    )


def _venn_abers(fit: Fit, rows: ModelRows) -> VennAbers | None:
    # The method knows no weights, and takes every row for another patient.
    is_plain = np.unique(rows.patient.astype(str)).size == len(rows.event)
    if not is_plain or np.ptp(rows.weight) > 0:
        return None
    held_out = fit.model.out_of_fold_margin_[:, 0]
    return fit_venn_abers(fit.model.calibration_.apply(held_out), rows.event)

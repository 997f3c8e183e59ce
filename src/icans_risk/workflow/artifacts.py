"""What the tracking store keeps of one landmark beside its metrics."""

from typing import Any

import pandas as pd

from icans_risk.report import (
    Rate,
    make_model_card,
    model_card_markdown,
    probast_table,
    tripod_table,
)
from icans_risk.report.study_plots import assessment_figures, stability_figures
from icans_risk.study import Study
from icans_risk.workflow.figures import draw_figures
from icans_risk.workflow.findings import LandmarkFindings
from icans_risk.workflow.held_out import describe_held_out
from icans_risk.workflow.reads import describe_reads, draw_reads

__all__ = ["list_documents", "list_figures", "list_tables", "list_texts"]


def list_documents(found: LandmarkFindings) -> dict[str, Any]:
    """Collect documents by their name: held-out risks, the model card as data."""
    return {
        f"held_out/{found.name}.json": describe_held_out(found.result),
        f"reporting/{found.name}/model_card.json": make_model_card(found.facts),
    }


def list_texts(found: LandmarkFindings) -> dict[str, str]:
    """Collect texts by their name: the model card to be read."""
    card = model_card_markdown(make_model_card(found.facts))
    return {f"reporting/{found.name}/model_card.md": card}


def list_tables(found: LandmarkFindings) -> dict[str, pd.DataFrame]:
    """Collect tables by their name: assessment, reporting, what the model reads, tuning."""
    reporting, assessment = f"reporting/{found.name}", f"assessment/{found.name}"
    judged, audit = found.scrutiny.assessment, found.scrutiny.audit
    tables = {
        f"{reporting}/tripod_ai.csv": pd.DataFrame(tripod_table(found.facts)),
        f"{reporting}/probast_ai.csv": pd.DataFrame(probast_table(found.facts)),
        **{f"{assessment}/{name}.csv": table for name, table in judged.tables().items()},
        **{f"explanation/{found.name}/{k}.csv": t for k, t in describe_reads(found.result).items()},
        **_tuning_tables(found),
    }
    if audit is not None:
        findings = pd.DataFrame(audit.to_dict()["findings"])
        tables[f"{assessment}/audit.csv"] = findings[["check", "verdict", "sentence"]]
    return tables


def list_figures(study: Study, found: LandmarkFindings) -> dict[str, Any]:
    """Draw figures by their name."""
    judged, stability = found.scrutiny.assessment, found.scrutiny.stability
    kind, rate = study.data_kind, Rate(n=judged.episodes, events=judged.events)
    drawn = draw_figures(study, found.result) | draw_reads(study, found.result)
    drawn |= assessment_figures(judged, data_kind=kind)
    if stability is not None:
        drawn |= stability_figures(stability, rate=rate, data_kind=kind)
    return {f"figures/{found.name}/{name}": figure for name, figure in drawn.items()}


def _tuning_tables(found: LandmarkFindings) -> dict[str, pd.DataFrame]:
    """List every trial of the tuning on everyone, and what each outer fold chose."""
    tuning, main = found.result.fit.tuning, found.result.main
    if tuning is None:
        return {}
    chosen = [
        {"repeat": split.repeat, "fold": split.fold, **fit.tuning.best_parameters}
        for split, fit in zip(main.splits, main.fits, strict=True)
        if fit.tuning is not None
    ]
    importance = pd.Series(tuning.importance, name="share", dtype="float64")
    folder = f"tuning/{found.name}"
    return {
        f"{folder}/trials.csv": tuning.trials,
        f"{folder}/outer_folds.csv": pd.DataFrame(chosen),
        f"{folder}/importance.csv": importance.rename_axis("setting").reset_index(),
    }

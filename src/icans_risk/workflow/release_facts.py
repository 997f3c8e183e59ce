"""What is kept with a released model: how to score by it, and what its pages say."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.evaluation import Interval
from icans_risk.models.released import ReleasedModel
from icans_risk.serving.contract import learn_contract
from icans_risk.workflow.answering import Judge, levels_among
from icans_risk.workflow.explaining import Explaining
from icans_risk.workflow.plain import plain
from icans_risk.workflow.plans import MAIN
from icans_risk.workflow.rows import ModelRows
from icans_risk.workflow.size import SizeFacts
from icans_risk.workflow.usual import keep_plausible, middle_halves
from icans_risk.workflow.validation import ModelResult

__all__ = ["released_facts", "with_reasons"]


def released_facts(
    judge: Judge,
    rows: ModelRows,
    models: Mapping[str, ModelResult],
    *,
    cohort: Cohort,
    size: SizeFacts,
) -> dict[str, Any]:
    """Collect what scoring needs to know of a model, and what a page says of it.

    Parameters
    ----------
    judge : Judge
        Holds the study, its data and the fitted specification.
    rows : ModelRows
        The rows that the model is fitted on.
    models : mapping of str to ModelResult
        How it and its comparators did on patients that they had not seen.
    cohort : Cohort
        What the data of the model look like is learnt from it.
    size : SizeFacts
        Whether the sample is large enough.

    Returns
    -------
    dict
        Plain JSON values. No row of a patient is among them; counts by product are, quartiles of
        at least 20 patients and medians of at least five.
    """
    study, data, specification = judge.study, judge.data, judge.specification
    endpoint = study.outcome.endpoints[0]
    trained = data.vectors.index.get_indexer(rows.vectors.index)
    episodes = data.episodes.iloc[trained]
    return {
        "study": study.study,
        "title": study.title,
        "study_hash": study.hash(),
        "cohort_hash": data.cohort_hash,
        "data_kind": study.data_kind,
        "profile": study.profile,
        "endpoint": {"grade": endpoint.grade, "at_least": endpoint.at_least},
        "endpoint_in_words": study.outcome.endpoint_in_words,
        "scale": study.outcome.scale,
        "landmark": f"{data.landmark_h:g}h",
        "landmark_h": data.landmark_h,
        "horizon_h": data.horizon_h,
        "end_of_observation": study.outcome.end_of_observation,
        "treatment_policy": study.treatment_policy,
        "presence": study.features.presence,
        # Declared before results were there: an evaluation elsewhere takes no others by itself.
        "thresholds": list(study.evaluation.thresholds),
        "features": json.loads(specification.to_json()),
        "levels": levels_among(episodes, specification.levels or ()),
        "data_contract": learn_contract(cohort, specification, data.landmark_h),
        "patients": int(np.unique(rows.patient.astype(str)).size),
        "events": int(rows.event.sum()),
        **_for_pages(judge, rows, models),
        "sample_size": size.verdict,
    }


def _for_pages(judge: Judge, rows: ModelRows, models: Mapping[str, ModelResult]) -> dict[str, Any]:
    """Collect what pages of new patients say beside their risk."""
    data, main = judge.data, models[MAIN]
    episodes = data.episodes.iloc[data.vectors.index.get_indexer(rows.vectors.index)]
    return {
        "model_label": main.plan.label,
        "base_rate": {"n": len(rows.event), "events": int(rows.event.sum())},
        "product_rates": _product_rates(episodes, rows),
        "performance": {name: _triple(found) for name, found in main.metrics.items()},
        "comparators": [
            {"label": model.plan.label, "auroc": _triple(model.metrics["auroc"])}
            for name, model in models.items()
            # The same risk for everyone ranks nobody.
            if name != MAIN and model.plan.columns
        ],
        "usual": {name: list(ends) for name, ends in middle_halves(data, rows).items()},
        "plausible": keep_plausible(main.plan.table(rows)),
    }


def with_reasons(released: ReleasedModel, explaining: Explaining) -> ReleasedModel:
    """Keep with a model which inputs may be named as what moved it, and which of them as one.

    Held-out patients have spoken for these; pages of new patients name no others.
    """
    reasons = {
        "together": [list(group) for group in explaining.together],
        "supported": list(explaining.supported),
    }
    return replace(released, facts={**released.facts, "reasons": reasons})


def _triple(interval: Interval) -> list[float | None]:
    return [plain(end) for end in (interval.estimate, interval.low, interval.high)]


def _product_rates(episodes: pd.DataFrame, rows: ModelRows) -> dict[str, dict[str, int]]:
    if "product" not in episodes:
        return {}
    event = pd.Series(rows.event, index=episodes["product"].to_numpy())
    return {
        str(name): {"n": len(group), "events": int(group.sum())}
        for name, group in event.groupby(level=0)
    }

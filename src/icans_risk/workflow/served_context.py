"""What pages of new patients say of the released model that judged them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import icans_risk
from icans_risk.report import Rate, RunContext
from icans_risk.serving import ServedModel
from icans_risk.workflow.reasons import REASONS
from icans_risk.workflow.run_context import (
    columns_in_words,
    cutting_treatments,
    describe_analytes,
    fixed_windows,
)
from icans_risk.workflow.words import POLICIES, PRESENCE_NOTES, RELEASED_NOTE, TREATMENTS

__all__ = ["describe_served"]

_NOT_KEPT = "Whether its cohort was large enough was not kept with this model."


def describe_served(served: ServedModel, *, landmarks_h: Sequence[float]) -> RunContext:
    """Say what all pages of a model's new patients have in common, from what was kept with it.

    Parameters
    ----------
    served : ServedModel
        The model; what was not kept with it reads as not estimable.
    landmarks_h : sequence of float
        Those of all models that are asked, in hours since infusion.
    """
    facts, specification = served.facts, served.specification
    everybody = facts.get("base_rate") or {"n": facts["patients"], "events": facts["events"]}
    return RunContext(
        study_title=str(facts["title"]),
        data_kind=facts["data_kind"],
        endpoint=str(facts["endpoint_in_words"]),
        landmark_h=served.landmark_h,
        horizon_h=served.horizon_h,
        model_name=str(facts.get("model_label", "Released model")),
        run_id=served.identity[:12],
        package_version=icans_risk.__version__,
        profile=str(facts["profile"]),
        training=Rate(n=facts["patients"], events=facts["events"]),
        cohort_rate=_rate(everybody),
        product_rates={n: _rate(rate) for n, rate in facts.get("product_rates", {}).items()},
        metrics={n: _triple(found) for n, found in facts.get("performance", {}).items()},
        comparators=[(c["label"], *_triple(c["auroc"])) for c in facts.get("comparators", ())],
        sample_size_verdict=str(facts.get("sample_size", _NOT_KEPT)),
        observation_policy=POLICIES.get(facts.get("end_of_observation", ""), ""),
        treatment_policy=TREATMENTS.get(specification.treatment_policy, ""),
        reasons=REASONS,
        analytes=describe_analytes(specification, _usual(facts)),
        columns=columns_in_words(specification),
        caveats=PRESENCE_NOTES[specification.presence],
        notes=[RELEASED_NOTE, *_recalibrated(facts)],
        cutting=cutting_treatments(specification.treatment_policy),
        landmarks_h=landmarks_h,
        windows=fixed_windows(specification, served.landmark_h),
        together=[tuple(group) for group in facts.get("reasons", {}).get("together", ())],
        estimates="released",
    )


def _usual(facts: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    return {str(name): (low, high) for name, (low, high) in facts.get("usual", {}).items()}


def _rate(counts: Mapping[str, int]) -> Rate:
    return Rate(n=counts["n"], events=counts["events"])


def _triple(found: Sequence[float | None]) -> tuple[float, float, float]:
    estimate, low, high = (math.nan if end is None else float(end) for end in found)
    return estimate, low, high


def _recalibrated(facts: Mapping[str, Any]) -> list[str]:
    steps = facts.get("recalibrations", ())
    if not steps:
        return []
    last = steps[-1]
    if last.get("method") == "transport":
        return [
            f"The model was moved to other patients by what is published: {last['sentence']} The "
            "figures of how well it does are from before that."
        ]
    return [
        f"The model was recalibrated on {last['patients']} patients of another site, "
        f"{last['events']} of them with the endpoint; the figures of how well it does are from "
        "before that."
    ]

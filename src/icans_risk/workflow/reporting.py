"""What a run says of itself: facts for TRIPOD+AI, PROBAST+AI and the model card."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pandas as pd

from icans_risk.report import Assessment, RunFacts
from icans_risk.report.cohort_facts import cohort_facts, merge_facts, missing_shares
from icans_risk.report.collect import collect_facts
from icans_risk.study import Study
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.plain import plain
from icans_risk.workflow.scrutiny import Scrutiny, fewest_shown

__all__ = ["describe_facts"]

_PLOTS = ["calibration curve with band", "decision curve", "risk distribution by outcome"]


def describe_facts(
    study: Study,
    summary: Mapping[str, Any],
    result: LandmarkResult,
    *,
    scrutiny: Scrutiny,
    files: Mapping[str, str],
) -> RunFacts:
    """Collect what a finished run knows of itself at one landmark.

    Parameters
    ----------
    study : Study
        What was done.
    summary : mapping
        Plain data of the whole run.
    result : LandmarkResult
        The models.
    scrutiny : Scrutiny
        How they were judged.
    files : mapping of str to str
        Stored files of the released model, with their SHA-256.
    """
    judged, fewest = scrutiny.assessment, fewest_shown(study)
    thresholds = list(study.evaluation.thresholds)
    return merge_facts(
        collect_facts(
            summary,
            landmark_h=result.data.landmark_h,
            study=study.model_dump(mode="json"),
            features=summary["features"],
        ),
        cohort_facts(result.data.episodes, fewest=fewest),
        {
            "missing": {"shares": missing_shares(result.rows.vectors)},
            "validation": _validation(study, scrutiny),
            "model": ({"thresholds": thresholds} if thresholds else {})
            | ({"files": dict(files)} if files else {}),
            "performance": _performance(judged),
            "software": {
                "python": platform.python_version(),
                "xgboost": version("xgboost"),
                "command": "icans-risk develop STUDY.yaml",
            },
        },
    )


def _validation(study: Study, scrutiny: Scrutiny) -> dict[str, Any]:
    stability, judged = scrutiny.stability, scrutiny.assessment
    found: dict[str, Any] = {"clusters": "none" if judged.internal_external.empty else "left_out"}
    if stability is not None and study.models.rebuilds:
        found["optimism_rebuilds"] = stability.rebuilds
    return found


def _performance(judged: Assessment) -> dict[str, Any]:
    found: dict[str, Any] = {"plots": _PLOTS, "subgroups": _subgroups(judged)}
    if len(judged.thresholds):
        row = judged.policies[
            (judged.policies["model"] == judged.main)
            & (judged.policies["policy"] == judged.policy)
            & (judged.policies["measure"] == "net_benefit")
        ]
        if len(row):
            found["net_benefit"] = _figure(row.iloc[0], "")
    between = judged.transport
    between = (
        between[(between["metric"] == "auroc") & between["mean"].notna()]
        if len(between)
        else between
    )
    if len(between):
        first = between.iloc[0]
        found["heterogeneity"] = {
            "by": str(first["by"]),
            "levels": int(first["used"]),
            "auroc": {n: plain(float(first[k])) for n, k in _MEAN.items()},
            "next": {"estimate": None, **{n: plain(float(first[k])) for n, k in _NEXT.items()}},
        }
    return found


_MEAN = {"estimate": "mean", "low": "low", "high": "high"}
_NEXT = {"low": "prediction_low", "high": "prediction_high"}


def _subgroups(judged: Assessment) -> list[dict[str, Any]]:
    return [
        {
            "by": str(row["column"]),
            "level": str(row["level"]),
            "patients": _count(row["patients"]),
            "events": _count(row["events"]),
            "auroc": _figure(row, "auroc") if pd.notna(row.get("auroc")) else None,
        }
        for _, row in judged.subgroups.iterrows()
    ]


def _figure(row: "pd.Series[Any]", name: str) -> dict[str, float | None]:
    keys = (name, f"{name}_low", f"{name}_high") if name else ("estimate", "low", "high")
    return {
        end: plain(float(row[key]))
        for end, key in zip(("estimate", "low", "high"), keys, strict=True)
    }


def _count(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)

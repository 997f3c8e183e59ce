"""What a study's grades say before any model: courses, risk sets, the flow."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.outcome import POLICIES, derive_outcomes, flow_table
from icans_risk.study import Study, load_study
from icans_risk.workflow.inputs import study_endpoints
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.reading import read_cohort

__all__ = ["report_outcomes"]

HOURS_PER_DAY = 24


def report_outcomes(
    study_file: Path | str,
    *,
    landmarks_h: Sequence[float] | None = None,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Account for every episode at every endpoint and landmark, under every policy.

    Parameters
    ----------
    study_file : path-like
        The study.
    landmarks_h : sequence of float, optional
        Instead of the study's, in hours since infusion.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: highest grades, first day at each endpoint, and the flow as rows.

    Raises
    ------
    StudyError, CohortError, GradingError
        If the study or its data are not as they have to be.
    """
    study = load_study(study_file)
    cohort, _ = read_cohort(study, progress=progress)
    progress.stage("following every episode", steps=None)
    chosen = tuple(study.outcome.landmarks_h if landmarks_h is None else landmarks_h)
    return {
        "study": study.study,
        "title": study.title,
        "data_kind": study.data_kind,
        "primary_policy": study.outcome.end_of_observation,
        "episodes": len(cohort.episodes),
        "patients": int(cohort.episodes["patient_id"].nunique()),
        "highest_grade": {
            name: _highest(cohort, name)
            for name in ("crs_grade", "icans_grade", "tian_grade")
            if cohort.grades[name].notna().any()
        },
        "first_day": {
            endpoint.name: _first_days(cohort, endpoint.grade, at_least=endpoint.at_least)
            for endpoint in study_endpoints(study)
        },
        "flow": _flow(study, cohort, chosen),
    }


def _highest(cohort: Cohort, name: str) -> dict[str, int]:
    highest = cohort.grades.groupby("episode_id")[name].max()
    highest = highest.reindex(cohort.episodes["episode_id"])
    counts = {f"{g:g}": int(n) for g, n in highest.value_counts().sort_index().items()}
    unknown = int(highest.isna().sum())
    return counts | ({"not recorded": unknown} if unknown else {})


def _first_days(cohort: Cohort, name: str, *, at_least: int) -> dict[str, int]:
    reached = cohort.grades[cohort.grades[name] >= at_least]
    first = reached.groupby("episode_id")["covers_from_h"].min() // HOURS_PER_DAY
    return {f"{day:g}": int(n) for day, n in first.value_counts().sort_index().items()}


def _flow(study: Study, cohort: Cohort, landmarks_h: Sequence[float]) -> list[dict[str, Any]]:
    tables = []
    for policy in POLICIES:
        outcomes = [
            derive_outcomes(
                cohort,
                landmarks_h,
                endpoint=endpoint,
                scale=study.outcome.scale,
                horizon_h=study.outcome.horizon_h,
                policy=policy,
            )
            for endpoint in study_endpoints(study)
        ]
        table = flow_table(pd.concat(outcomes))
        table.insert(0, "policy", policy)
        tables.append(table)
    joined = pd.concat(tables, ignore_index=True)
    # JSON has no NaN: a median of nothing is null.
    rows = joined.astype(object).where(joined.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]

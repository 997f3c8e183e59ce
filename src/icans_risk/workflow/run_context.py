"""What the pages of a run have in common, in the words of the report room."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

import icans_risk
from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import Cohort
from icans_risk.evaluation import Interval
from icans_risk.features import SCORES, FeatureSpecification, computable_share, describe_columns
from icans_risk.report import AnalyteText, Assessment, GroupFigures, Rate, RunContext, Window
from icans_risk.study import Study
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.reasons import REASONS
from icans_risk.workflow.usual import middle_halves
from icans_risk.workflow.words import POLICIES, POOLED_NOTE, PRESENCE_NOTES, TREATMENTS

__all__ = [
    "columns_in_words",
    "cutting_treatments",
    "describe_analytes",
    "describe_run",
    "fixed_windows",
]


def describe_run(
    study: Study,
    cohort: Cohort,
    result: LandmarkResult,
    *,
    specification: FeatureSpecification,
    run_id: str,
    assessment: Assessment | None = None,
) -> RunContext:
    """Say what all pages of a run have in common.

    Parameters
    ----------
    study, cohort : Study, Cohort
        What was developed, with whom.
    result : LandmarkResult
        Of one landmark.
    specification : FeatureSpecification
        Fitted.
    run_id : str
        Of the tracking store.
    assessment : Assessment, optional
        With figures of groups.
    """
    booster = result.main
    comparators = [
        (model.plan.label, *_triple(model.metrics["auroc"]))
        for name, model in result.models.items()
        # The same risk for everyone ranks nobody: its AUROC is 0.5 and says nothing.
        if name != booster.plan.name and model.plan.columns
    ]
    event = pd.Series(result.rows.event, index=result.rows.vectors.index.get_level_values(0))
    return RunContext(
        study_title=study.title,
        data_kind=study.data_kind,
        endpoint=study.outcome.endpoint_in_words,
        landmark_h=result.data.landmark_h,
        horizon_h=result.data.horizon_h,
        model_name=booster.plan.label,
        run_id=run_id[:8],
        package_version=icans_risk.__version__,
        profile=study.profile,
        training=_rate(event),
        cohort_rate=_rate(event),
        product_rates=_rates_by_product(cohort, event),
        metrics={name: _triple(interval) for name, interval in booster.metrics.items()},
        comparators=comparators,
        sample_size_verdict=result.size.verdict,
        observation_policy=POLICIES[study.outcome.end_of_observation],
        treatment_policy=TREATMENTS[study.treatment_policy],
        reasons=REASONS,
        analytes=describe_analytes(specification, middle_halves(result.data, result.rows)),
        columns=columns_in_words(specification, result.rows.vectors),
        caveats=PRESENCE_NOTES[study.features.presence],
        notes=[POOLED_NOTE],
        cutting=cutting_treatments(study.treatment_policy),
        landmarks_h=study.outcome.landmarks_h,
        windows=fixed_windows(specification, result.data.landmark_h),
        together=result.explaining.together,
        groups=[] if assessment is None else _groups(assessment),
    )


def _triple(interval: Interval) -> tuple[float, float, float]:
    return interval.estimate, interval.low, interval.high


def _rate(event: pd.Series) -> Rate:
    return Rate(n=len(event), events=int(event.sum()))


def _rates_by_product(cohort: Cohort, event: pd.Series) -> dict[str, Rate]:
    if "product" not in cohort.episodes:
        return {}
    product = cohort.episodes.set_index("episode_id")["product"].reindex(event.index)
    return {str(name): _rate(group) for name, group in event.groupby(product)}


def fixed_windows(specification: FeatureSpecification, landmark_h: float) -> list[Window]:
    """Give the windows whose ends are the same for every patient, up to the landmark."""
    start_of = {"infusion": 0.0, "landmark": landmark_h}
    found = []
    for window in specification.windows:
        at_h = start_of.get(window.anchor)
        if at_h is not None:
            start_h = None if window.start_h is None else at_h + window.start_h
            end_h = landmark_h if window.end_h is None else min(at_h + window.end_h, landmark_h)
            if start_h is None or start_h < end_h:
                found.append(Window(name=window.name, start_h=start_h, end_h=end_h))
    return found


def _groups(assessment: Assessment) -> list[GroupFigures]:
    table = assessment.subgroups
    if table.empty:
        return []
    return [
        GroupFigures(
            column=str(row["column"]),
            level=str(row["level"]),
            n=int(row["patients"]),
            events=int(row["events"]),
            observed_expected=_of(row, "observed_expected"),
            auroc=_of(row, "auroc"),
        )
        for row in table[table["status"] == "estimated"].to_dict("records")
        # Counts below the smallest cell are hidden.
        if not (pd.isna(row["patients"]) or pd.isna(row["events"]))
    ]


def _of(row: Mapping[Any, Any], name: str) -> tuple[float, float, float]:
    return float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"])


def describe_analytes(
    specification: FeatureSpecification, middle: Mapping[str, tuple[float, float]]
) -> dict[str, AnalyteText]:
    """Say what pages call each input, with what is usual of it."""
    catalogue = load_catalogue()
    measured = {
        name: AnalyteText(
            label=catalogue[name].label,
            unit=catalogue[name].unit,
            reference=catalogue[name].reference_range,
            turnaround_h=catalogue[name].turnaround_hours,
            middle=middle.get(name),
        )
        for name in specification.analytes
    }
    scores = {
        f"score.{choice.score}": AnalyteText(label=SCORES[choice.score].label)
        for choice in specification.scores
    }
    static = {
        f"static.{name}": AnalyteText(
            label=name.removesuffix("_years").replace("_", " ").capitalize(),
            unit="years" if name.endswith("_years") else "",
            middle=middle.get(f"static.{name}"),
        )
        for name in specification.static
    }
    return measured | scores | static


def cutting_treatments(policy: str) -> dict[str, AnalyteText]:
    """Name the treatments from whose first dose on values do not count, under a policy."""
    if policy != "censor":
        return {}
    return {
        name: AnalyteText(label=entry.label, unit=entry.unit)
        for name, entry in load_catalogue().items()
        if entry.alters_measurements
    }


def columns_in_words(
    specification: FeatureSpecification, trained: pd.DataFrame | None = None
) -> dict[str, str]:
    """Say what each column is, and for how many training rows it could be computed."""
    dictionary = describe_columns(specification)
    parts = dictionary[["label", "statistic_in_words", "window_in_words"]].copy()
    # What a statistic needs is for the dictionary; a page says what it is.
    parts["statistic_in_words"] = parts["statistic_in_words"].str.partition(";")[0]
    words = parts.apply(lambda row: ", ".join(part for part in row if part), axis=1)
    shares = [] if trained is None else computable_share(trained).to_dict("records")
    computable = {
        row[
            "column"
        ]: f"; it could be computed for {row['computable']} of {row['episodes']} patients"
        for row in shares
    }
    columns = dictionary["column"]
    return {name: w + computable.get(name, "") for name, w in zip(columns, words, strict=True)}

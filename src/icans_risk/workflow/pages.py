"""What the pages of a run say: a landmark's results in the words of the report room."""

import numpy as np
import pandas as pd
from scipy.special import expit

import icans_risk
from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import Cohort
from icans_risk.evaluation import Interval
from icans_risk.explanation import fold_by_analyte
from icans_risk.features import SCORES, FeatureSpecification, computable_share, describe_columns
from icans_risk.report import AnalyteText, EpisodeResult, Rate, RunContext
from icans_risk.study import Study
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.reasons import NOT_RELEASED, REASONS
from icans_risk.workflow.words import POLICIES, POOLED_NOTE, PRESENCE_NOTES, STATUS, TREATMENTS

__all__ = ["describe_episodes", "describe_run", "predict_episodes"]


def describe_run(
    study: Study,
    cohort: Cohort,
    result: LandmarkResult,
    *,
    specification: FeatureSpecification,
    run_id: str,
) -> RunContext:
    """Say what all pages of a run have in common."""
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
        analytes=_analytes(specification),
        columns=_column_words(describe_columns(specification), result),
        caveats=PRESENCE_NOTES[study.features.presence],
        notes=[POOLED_NOTE],
        cutting=_cutting(study),
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


def _analytes(specification: FeatureSpecification) -> dict[str, AnalyteText]:
    catalogue = load_catalogue()
    measured = {
        name: AnalyteText(label=catalogue[name].label, unit=catalogue[name].unit)
        for name in specification.analytes
    }
    scores = {
        f"score.{choice.score}": AnalyteText(label=SCORES[choice.score].label)
        for choice in specification.scores
    }
    static = {
        f"static.{name}": AnalyteText(label=name.replace("_", " ").capitalize())
        for name in specification.static
    }
    return measured | scores | static


def _cutting(study: Study) -> dict[str, AnalyteText]:
    if study.treatment_policy != "censor":
        return {}
    return {
        name: AnalyteText(label=entry.label, unit=entry.unit)
        for name, entry in load_catalogue().items()
        if entry.alters_measurements
    }


def _column_words(dictionary: pd.DataFrame, result: LandmarkResult) -> dict[str, str]:
    parts = dictionary[["label", "statistic_in_words", "window_in_words"]].copy()
    # What a statistic needs is for the dictionary; a page says what it is.
    parts["statistic_in_words"] = parts["statistic_in_words"].str.partition(";")[0]
    words = parts.apply(lambda row: ", ".join(part for part in row if part), axis=1)
    shares = computable_share(result.rows.vectors).to_dict("records")
    computable = {
        row[
            "column"
        ]: f"; it could be computed for {row['computable']} of {row['episodes']} patients"
        for row in shares
    }
    columns = dictionary["column"]
    return {name: w + computable.get(name, "") for name, w in zip(columns, words, strict=True)}


def predict_episodes(cohort: Cohort, result: LandmarkResult) -> pd.DataFrame:
    """Give every episode a held-out risk with its range, or the reason why there is none.

    Parameters
    ----------
    cohort : Cohort
        All episodes.
    result : LandmarkResult
        Held-out risks of those at risk.

    Returns
    -------
    DataFrame
        The predictions table, in the order of the cohort.
    """
    held_out, nothing = result.held_out, np.full(len(result.held_out.margin), np.nan)
    low, high = nothing, nothing
    if result.interval is not None:
        low, high = result.interval.low, result.interval.high
    risks = pd.DataFrame(
        {"risk": expit(held_out.margin), "risk_low": low, "risk_high": high}
    ).droplevel("landmark_h")
    status = _statuses(result)
    table = risks.reindex(status.index).where(status == "answered")
    table.insert(0, "landmark_h", result.data.landmark_h)
    table.insert(1, "status", status)
    table["model"] = result.main.plan.name
    return table.reset_index().reindex(cohort.episodes.index)


def _statuses(result: LandmarkResult) -> pd.Series:
    excluded = result.data.primary.set_index("episode_id")["excluded_because"]
    asked = result.answered["status"].droplevel("landmark_h")
    if result.released is None:
        asked = asked.mask(asked == "answered", NOT_RELEASED)
    status = excluded.map(STATUS).fillna(asked)
    # A vector without any event says nothing about this patient: no number is printed. A dose
    # after which nothing counts is no event of the vector.
    inputs = result.data.inputs
    is_read = (inputs["modality"] + "." + inputs["analyte"]).isin(result.data.analytes)
    empty = ~status.index.isin(inputs.loc[is_read, "episode_id"])
    return status.mask((status == "answered") & empty, "no_data_before_landmark")


def describe_episodes(cohort: Cohort, result: LandmarkResult) -> list[EpisodeResult]:
    """Put together what a run says about each episode of its cohort, in the cohort's order."""
    predictions = predict_episodes(cohort, result).to_dict("records")
    folded = fold_by_analyte(result.held_out.contributions).droplevel("landmark_h")
    inputs = dict(tuple(result.data.inputs.groupby("episode_id")))
    none = result.data.inputs.iloc[:0]
    vectors = result.data.vectors.droplevel("landmark_h")
    products = cohort.episodes.get("product", pd.Series(dtype="str"))
    known = _known_without_events(cohort, result)
    episodes = []
    for position, row in enumerate(predictions):
        episode_id, product = row["episode_id"], products.get(position)
        answered = row["status"] == "answered"
        parts = folded.loc[episode_id] if answered else pd.Series(dtype="float64")
        episodes.append(
            EpisodeResult(
                episode_id=episode_id,
                product=product,
                status=row["status"],
                inputs=inputs.get(episode_id, none),
                values={**vectors.loc[episode_id].to_dict(), **known[position]},
                contributions=_as_rows(parts.drop("base", errors="ignore")),
                risk=row["risk"],
                risk_low=row["risk_low"],
                risk_high=row["risk_high"],
                base_logit=float(parts.get("base", float("nan"))),
            )
        )
    return episodes


def _known_without_events(cohort: Cohort, result: LandmarkResult) -> list[dict[str, float | str]]:
    """List what each page shows of columns without events, by the name that they fold to."""
    columns = [str(column).split(".") for column in result.data.vectors.columns]
    static = dict.fromkeys(parts[1] for parts in columns if parts[0] == "static")
    scores = dict.fromkeys(parts[1] for parts in columns if parts[0] == "score")
    known = pd.DataFrame({f"static.{name}": cohort.episodes[name] for name in static})
    for name in scores:
        windows = [c for c in result.data.vectors.columns if str(c).startswith(f"score.{name}.")]
        # The last window that has the score: windows are listed in the order of time.
        latest = result.data.vectors[windows].ffill(axis=1).iloc[:, -1]
        known[f"score.{name}"] = latest.to_numpy()
    for column in (".".join(parts) for parts in columns if parts[2:3] == ["given"]):
        not_given = result.data.vectors[column].eq(0).map({True: "not given", False: None})
        known[column.removesuffix(".given.to_landmark")] = not_given.to_numpy()
    return [
        {str(name): value for name, value in row.items() if not pd.isna(value)}
        for row in known.to_dict("records")
    ]


def _as_rows(parts: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"analyte": list(parts.index), "contribution_logit": parts.to_numpy()})

"""Score episodes by released models: status, risk, range and reasons, one path for all.

Vectors are built by the code that built the training rows, who is at risk is decided as at the
fit, and whom the model may judge by what it learnt there. A model gives nothing but the risk of
its own endpoint under local practice; it is for research, and no advice.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.cohort import CONTRIBUTIONS, INPUTS, PREDICTIONS, CellError, Cohort, DataKind
from icans_risk.errors import ExplanationError, IcansRiskError, ModelError, NotEstimableError
from icans_risk.explanation import fold_by_analyte
from icans_risk.features import build_with_inputs
from icans_risk.models.abstention import ANSWERED
from icans_risk.outcome import derive_outcomes
from icans_risk.serving.circumstances import circumstances_at
from icans_risk.serving.request import MOST_EPISODES, Request, Tables
from icans_risk.serving.scored import Scored
from icans_risk.serving.served import ServedModel
from icans_risk.serving.shapes import explain_rows, find_missing, lengthen
from icans_risk.serving.statuses import NOT_AT_RISK, SENTENCES, UNREADABLE

__all__ = ["score"]

_NUMBERS = ("risk", "risk_low", "risk_high", "venn_abers_low", "venn_abers_high")
_PREDICTED = (
    *PREDICTIONS, "reasons", "reason", "venn_abers_low", "venn_abers_high", "trained_on",
    "known_until_h",
)  # fmt: skip
# What unusable cells can raise; nothing else is a patient's fault.
_CANNOT_READ = (ValueError, TypeError, ArithmeticError, LookupError)


def score(
    tables: Tables,
    models: Sequence[ServedModel],
    *,
    data_kind: DataKind,
    most_episodes: int = MOST_EPISODES,
) -> Scored:
    """Score every episode at the landmark of each model.

    An episode whose rows cannot be read has the status ``unreadable``, with the reason; the
    others are scored as if it were not there.

    Parameters
    ----------
    tables : Cohort or RawTables
        Episodes, events and grades, whether they were checked or not.
    models : sequence of ServedModel
        One or more, of different landmarks.
    data_kind : {"real", "synthetic"}
        Whether patients stand behind the rows: a model of synthetic patients says nothing
        about real ones.
    most_episodes : int
        More are refused.

    Returns
    -------
    Scored
        By episode as asked, landmark by landmark.

    Raises
    ------
    CohortError
        If a table lacks a column, or there are too many rows.
    ModelError
        If two models have one landmark.
    NotEstimableError
        If nothing is known of whom a model may judge.
    """
    _check_models(models)
    request = Request.of(tables, most_episodes=most_episodes)
    told, notes = [], request.notes
    for served in models:
        _check_static(request, served)
        told += _score_readable(request, served, is_real=data_kind == "real")
        if request.nameless:
            nobody = dict.fromkeys(request.nameless, "episodes.episode_id must be filled.")
            told.append(_unreadable(served, nobody))
    return Scored.joined(told, models=tuple(m.describe() for m in models), notes=notes)


def _check_models(models: Sequence[ServedModel]) -> None:
    landmarks = [served.landmark_h for served in models]
    if not models or len(set(landmarks)) < len(landmarks):
        raise ModelError(
            f"expected one model per landmark, got landmarks of {landmarks} hours. Score by one "
            "model of each landmark at a time."
        )
    for served in models:
        # Before the first patient: it is nobody's fault, and would be blamed on everybody.
        served.released.require_applicability()


def _check_static(request: Request, served: ServedModel) -> None:
    absent = [n for n in served.specification.static if n not in request.tables.episodes]
    if absent:
        raise ModelError(
            f"this model needs the columns {absent} of episodes, which are absent. Add them, left "
            "empty where they are not known."
        )


def _score_readable(request: Request, served: ServedModel, *, is_real: bool) -> list[Scored]:
    """Score all at once, without those whom an error names, or in halves where it names none."""
    ids = request.episode_ids
    if not ids:
        return []
    try:
        return [_score_cohort(request.cohort(), served, is_real=is_real)]
    except (ExplanationError, ModelError, NotEstimableError):
        # The model's own fault, which no patient is blamed for.
        raise
    except _CANNOT_READ as error:
        bad = _blame(request, error)
    if not bad:
        middle = len(ids) // 2
        halves = request.take(ids[:middle]), request.take(ids[middle:])
        return [p for half in halves for p in _score_readable(half, served, is_real=is_real)]
    rest = request.take([name for name in ids if name not in bad])
    parts = [_unreadable(served, bad), *_score_readable(rest, served, is_real=is_real)]
    return [Scored.joined(parts).in_order(ids)]


def _blame(request: Request, error: Exception) -> dict[str, str]:
    """Say why who cannot be read, or nothing where neither the error nor the number tells."""
    if isinstance(error, CellError) and (found := request.blame(error)):
        return {name: _in_words(reason) for name, reason in found.items()}
    # Errors of this package repeat no cell; what a library says might.
    said = str(error) if isinstance(error, IcansRiskError) else f"{type(error).__name__}."
    return {request.episode_ids[0]: _in_words(said)} if len(request.episode_ids) == 1 else {}


def _in_words(said: str) -> str:
    return f"{said} Positions count among this patient's own rows." if "position" in said else said


def _score_cohort(cohort: Cohort, served: ServedModel, *, is_real: bool) -> Scored:
    specification, landmark_h = served.specification, served.landmark_h
    outcomes = derive_outcomes(
        cohort,
        (landmark_h,),
        endpoint=served.endpoint,
        scale=served.facts["scale"],
        horizon_h=lambda _: served.horizon_h,
        # Who is at risk does not hang on what becomes of him.
        policy="complete_case",
    )
    vectors, inputs = build_with_inputs(cohort, specification, [landmark_h])
    vectors = vectors[served.columns]
    asked = outcomes["at_risk"].to_numpy()
    predictions = outcomes[["episode_id", "landmark_h"]].copy()
    predictions["status"] = outcomes["excluded_because"].map(NOT_AT_RISK)
    predictions["reasons"] = predictions["status"]
    predictions["known_until_h"] = _known_until(cohort)
    predictions[list(_NUMBERS)] = np.nan
    rows = vectors[asked]
    if asked.any():
        told = _answer(rows, cohort.episodes[asked], inputs, served=served, is_real=is_real)
        predictions.loc[asked, list(told.columns)] = told.to_numpy()
    answered = (predictions["status"] == ANSWERED).to_numpy()[asked]
    contributions = explain_rows(rows[answered], served)
    return Scored(
        predictions=_finish(predictions, served),
        contributions=lengthen(contributions, "column")[list(CONTRIBUTIONS)],
        folded=lengthen(fold_by_analyte(contributions), "analyte"),
        inputs=inputs[list(INPUTS)],
        missing=find_missing(vectors),
        vectors=vectors,
    )


def _known_until(cohort: Cohort) -> NDArray[np.float64]:
    """Return the last hour of which each episode's rows say anything."""
    ids = cohort.episodes["episode_id"]
    last = [
        ids.map(table.groupby("episode_id")[column].max())
        for table, column in ((cohort.events, "collected_h"), (cohort.grades, "assessed_h"))
    ]
    last.append(cohort.episodes["followed_until_h"])
    until: NDArray[np.float64] = np.fmax.reduce([h.to_numpy(dtype=np.float64) for h in last])
    return until


def _answer(
    rows: pd.DataFrame,
    episodes: pd.DataFrame,
    inputs: pd.DataFrame,
    *,
    served: ServedModel,
    is_real: bool,
) -> pd.DataFrame:
    circumstances = circumstances_at(
        episodes,
        inputs,
        landmark_h=served.landmark_h,
        analytes=served.specification.analytes,
        levels=served.facts["levels"],
        is_real=is_real,
        is_withdrawn=served.withdrawn is not None,
    )
    told = served.released.answer(rows, circumstances)
    told["reasons"] = [", ".join(codes) for codes in told["reasons"]]
    # A count of zero fills a vector without a single value in it.
    empty = (told["status"] == ANSWERED) & np.isnan(circumstances.hours_since_last_input)
    told.loc[empty, ["status", "reasons"]] = "no_data_before_landmark"
    told.loc[empty, list(_NUMBERS)] = np.nan
    return told


def _unreadable(served: ServedModel, reasons: Mapping[str, str]) -> Scored:
    """Say of some episodes, and only of them, that nothing can be said."""
    predictions = pd.DataFrame({"episode_id": list(reasons)}).assign(
        landmark_h=served.landmark_h,
        status=UNREADABLE,
        reasons=UNREADABLE,
        **dict.fromkeys((*_NUMBERS, "known_until_h"), np.nan),
    )
    told = _finish(predictions, served)
    told["reason"] = told["reason"] + " " + pd.Series(list(reasons.values()))
    nobody = pd.MultiIndex.from_arrays(
        [np.empty(0, dtype=object), np.empty(0)], names=["episode_id", "landmark_h"]
    )
    vectors = pd.DataFrame(columns=served.columns, index=nobody, dtype="float32")
    contributions = explain_rows(vectors, served)
    return Scored(
        predictions=told,
        contributions=lengthen(contributions, "column"),
        folded=lengthen(fold_by_analyte(contributions), "analyte"),
        inputs=pd.DataFrame(columns=list(INPUTS)),
        missing=find_missing(vectors),
        vectors=vectors,
    )


def _finish(predictions: pd.DataFrame, served: ServedModel) -> pd.DataFrame:
    told = predictions.assign(
        model=served.identity,
        reason=predictions["status"].map(SENTENCES).fillna(""),
        trained_on=served.facts["data_kind"],
    )
    return told.astype(dict.fromkeys(_NUMBERS, "float64"))[list(_PREDICTED)]

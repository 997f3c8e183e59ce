"""The page of one patient at one landmark, as a dict: limits first, then the number.

The dict holds finished words and the raw numbers behind the graphics; the template only
arranges them. A status other than ``answered`` leaves no number on the page at all, so
that an abstention cannot be read as a low risk.
"""

from typing import Any

from icans_risk.errors import IcansRiskError
from icans_risk.report.absent import describe_absent, describe_doubts
from icans_risk.report.basis import describe_basis, named_inputs
from icans_risk.report.cleaning import clean
from icans_risk.report.context import EpisodeResult, RunContext
from icans_risk.report.drivers import describe_drivers
from icans_risk.report.estimate import describe_course, describe_estimate, valid_until
from icans_risk.report.messages import Language
from icans_risk.report.performance import base_rates, describe_limits, describe_performance
from icans_risk.report.timeline import describe_drugs, describe_timeline
from icans_risk.report.words import ENGLISH, UnitSystem, Words

__all__ = ["patient_report", "run_facts"]

NOT_SAID = ("benefit", "advice", "discharge", "grade", "practice")


def patient_report(
    run: RunContext,
    episode: EpisodeResult,
    *,
    language: Language = "en",
    units: UnitSystem = "conventional",
) -> dict[str, Any]:
    """Turn one episode's result into everything that its page says.

    Parameters
    ----------
    run : RunContext
        What all pages of the run have in common.
    episode : EpisodeResult
        Prediction, contributions and inputs of one episode.
    language : {"en", "de"}
        Of the page; what a study says of itself stays in its own.
    units : {"conventional", "si"}
        Conventional are those that the values are in.

    Returns
    -------
    dict
        Text, numbers and None only (JSON can hold it); ``estimate``, ``drivers``, ``course``
        and ``base_rates`` are None unless answered, ``abstention`` is None if answered.

    Raises
    ------
    ExplanationError
        If base and contributions do not add up to the logit of the risk.
    LeakageError
        If an input became available after the landmark, or anything shown is from after it.
    IcansRiskError
        If the status is unknown, or risk and range are not in order within (0, 1).
    """
    words = Words(language, units)
    answered = episode.status == "answered"
    basis = describe_basis(run, episode, words)
    return {
        "language": language,
        "run": run_facts(run, words),
        "episode": clean(episode.episode_id),
        "product": _product(episode, words),
        "status": episode.status,
        "limits": describe_limits(run, words),
        "basis": basis,
        "base_rates": base_rates(run, episode.product, words) if answered else None,
        "estimate": describe_estimate(run, episode, words) if answered else None,
        "drivers": _drivers(run, episode, words) if answered else None,
        "course": describe_course(run, episode, words) if answered else None,
        "abstention": None if answered else _abstention(run, episode.status, words),
        "drugs": describe_drugs(run, episode, words),
        "timeline": describe_timeline(run, episode, words),
        "absent": describe_absent(run, episode, words, basis=basis),
        "doubts": describe_doubts(run, episode, words, basis=basis),
        "performance": describe_performance(run, episode, words),
        "not_said": [words(f"not_said.{line}") for line in NOT_SAID],
    }


def run_facts(run: RunContext, words: Words = ENGLISH) -> dict[str, Any]:
    """Collect what the header of every page of a run shows."""

    def short(time_h: float) -> str:
        return words("time.short", hours=words.hours(time_h), day=words.days_of(time_h))

    return {
        "study_title": clean(run.study_title),
        "synthetic": run.data_kind == "synthetic",
        "estimates": run.estimates,
        "endpoint": words.term(run.endpoint),
        "landmark": words.moment(run.landmark_h),
        "landmark_short": short(run.landmark_h),
        "horizon": words.moment(run.horizon_h),
        "horizon_short": short(run.horizon_h),
        "valid_until": valid_until(run, words),
        "model": words.term(run.model_name),
        "run_id": clean(run.run_id),
        "version": clean(run.package_version),
        "profile": clean(run.profile),
    }


def _product(episode: EpisodeResult, words: Words) -> str:
    return words("none.recorded") if episode.product is None else clean(episode.product)


def _drivers(run: RunContext, episode: EpisodeResult, words: Words) -> dict[str, Any]:
    named = ", ".join(clean(window.name) for window in run.windows)
    drivers = describe_drivers(run, episode, words, events=named_inputs(run, episode))
    trends = any(part["trend"] for row in drivers["rows"] for part in row["parts"])
    note = words("drivers.trend_note", windows=named) if trends else ""
    return drivers | {"trend_note": note}


def _abstention(run: RunContext, status: str, words: Words) -> dict[str, str]:
    if status not in run.reasons:
        raise IcansRiskError(
            f"status must be one of {['answered', *run.reasons]}, got {status!r}. Give the run a "
            "reason in plain words before a page can carry it."
        )
    return {"code": status, "reason": words.term(run.reasons[status])}

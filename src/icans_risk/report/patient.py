"""The page of one patient at one landmark, as a dict: limits first, then the number.

The dict holds finished words and the raw numbers behind the graphics; the template only
arranges them. A status other than ``answered`` leaves no number on the page at all, so
that an abstention cannot be read as a low risk.
"""

import math
from typing import Any

import pandas as pd

from icans_risk.errors import ExplanationError, IcansRiskError
from icans_risk.report.basis import describe_basis, grade_by_day, latest_in_words
from icans_risk.report.context import EpisodeResult, RunContext
from icans_risk.report.performance import base_rates, describe_limits, describe_performance
from icans_risk.report.wording import (
    NOT_ESTIMABLE,
    clean,
    days_of,
    hours,
    moment,
    number,
    of_100,
    per_hundred,
)

__all__ = ["patient_report", "run_facts"]

NAMED_EACH_WAY = 5
TOLERANCE = 1e-5

HELD_OUT = (
    "This is a held-out estimate: the average (on the logit scale) of calibrated models of the "
    "cross-validation, none of which saw this patient."
)
RANGE = (
    "The range is from the 5th to the 95th percentile of models that were rebuilt on other draws "
    "of the patients, none with this one, and is widened where needed to hold the estimate. It is "
    "model uncertainty only: it leaves out what a larger cohort would teach, and differences "
    "between hospitals."
)
NOT_SAID = (
    "It does not say whether any treatment would help this patient.",
    "It is not a recommendation to test, to treat or to withhold treatment.",
    "A low risk is not a reason for discharge, and monitoring stays as it is.",
    "It is not a grade and not a diagnosis: it says nothing about the patient's state now.",
    "The risk holds under local practice, including treatment given later.",
)
NO_TREATMENT = "Treatments given are not inputs of the model."
TREATMENT = (
    "Treatments given by the landmark are inputs of the model. That says nothing about what they "
    "did to this patient."
)


def patient_report(run: RunContext, episode: EpisodeResult) -> dict[str, Any]:
    """Turn one episode's result into everything that its page says.

    Parameters
    ----------
    run : RunContext
        What all pages of the run have in common.
    episode : EpisodeResult
        Prediction, contributions and inputs of one episode.

    Returns
    -------
    dict
        Text, numbers and None only (JSON can hold it); ``estimate``, ``drivers`` and
        ``base_rates`` are None unless answered, ``abstention`` is None if answered.

    Raises
    ------
    ExplanationError
        If base and contributions do not add up to the logit of the risk.
    LeakageError
        If an input became available after the landmark.
    IcansRiskError
        If the status is unknown, or risk and range are not in order within (0, 1).
    """
    answered = episode.status == "answered"
    basis = describe_basis(run, episode)
    return {
        "run": run_facts(run),
        "episode": clean(episode.episode_id),
        "product": "not recorded" if episode.product is None else clean(episode.product),
        "status": episode.status,
        "limits": describe_limits(run),
        "basis": basis,
        "grades": grade_by_day(run, episode),
        "base_rates": base_rates(run, episode.product) if answered else None,
        "estimate": _estimate(run, episode) if answered else None,
        "drivers": _drivers(run, episode, basis=basis) if answered else None,
        "abstention": None if answered else _abstention(run, episode.status),
        "performance": describe_performance(run),
        "not_said": _not_said(run),
    }


def _not_said(run: RunContext) -> list[str]:
    is_input = any(name.startswith("treatment.") for name in run.analytes)
    return [*NOT_SAID[:-1], f"{NOT_SAID[-1]} {TREATMENT if is_input else NO_TREATMENT}"]


def run_facts(run: RunContext) -> dict[str, Any]:
    """Collect what the header of every page of a run shows."""
    return {
        "study_title": clean(run.study_title),
        "synthetic": run.data_kind == "synthetic",
        "endpoint": clean(run.endpoint),
        "landmark": moment(run.landmark_h),
        "landmark_short": f"{hours(run.landmark_h)} ({days_of(run.landmark_h)})",
        "horizon": moment(run.horizon_h),
        "horizon_short": f"{hours(run.horizon_h)} ({days_of(run.horizon_h)})",
        "model": clean(run.model_name),
        "run_id": clean(run.run_id),
        "version": clean(run.package_version),
        "profile": clean(run.profile),
    }


def _abstention(run: RunContext, status: str) -> dict[str, str]:
    if status not in run.reasons:
        raise IcansRiskError(
            f"status must be one of {['answered', *run.reasons]}, got {status!r}. Give the run a "
            "reason in plain words before a page can carry it."
        )
    return {"code": status, "reason": run.reasons[status]}


def _estimate(run: RunContext, episode: EpisodeResult) -> dict[str, Any]:
    risk, low, high = episode.risk, episode.risk_low, episode.risk_high
    ranged = math.isfinite(low) and math.isfinite(high)
    _check_order(episode, ranged=ranged)
    horizon = f"{hours(run.horizon_h)} ({days_of(run.horizon_h)})"
    return {
        "risk": risk,
        "low": low if ranged else None,
        "high": high if ranged else None,
        "filled": per_hundred(risk),
        "headline": f"{_capital(_of_100_patients(risk))} patients like this",
        "question": f"reach {clean(run.endpoint)} by {horizon}",
        "range": f"{of_100(low)} to {of_100(high)} of 100" if ranged else NOT_ESTIMABLE,
        "exact": number(risk, 3),
        "exact_range": f"{number(low, 3)} to {number(high, 3)}" if ranged else NOT_ESTIMABLE,
        "held_out": f"{HELD_OUT} {RANGE}" if ranged else HELD_OUT,
    }


def _check_order(episode: EpisodeResult, *, ranged: bool) -> None:
    low, risk, high = episode.risk_low, episode.risk, episode.risk_high
    # The mean of equal repeats may differ from them in the last bit.
    ordered = 0 < low <= risk + 1e-9 and risk - 1e-9 <= high < 1 if ranged else 0 < risk < 1
    if not ordered:
        raise IcansRiskError(
            "An answered episode needs 0 < risk_low <= risk <= risk_high < 1, got "
            f"{low:g}, {risk:g}, {high:g}. Give it an abstention status instead."
        )


def _drivers(run: RunContext, episode: EpisodeResult, *, basis: dict[str, Any]) -> dict[str, Any]:
    folded = episode.contributions.set_index("analyte")["contribution_logit"].astype("float64")
    _check_sum(folded, episode=episode)
    ordered = folded.sort_values(ascending=False, kind="stable")
    up = ordered[ordered > 0].head(NAMED_EACH_WAY)
    down = ordered[ordered < 0].tail(NAMED_EACH_WAY)[::-1]
    named = pd.concat([up, down])
    rest = folded.drop(named.index)
    longest = max([abs(rest.sum()), *named.abs()], default=1.0) or 1.0
    rows = [
        _driver(clean(run.label(str(a))), value, latest=latest_in_words(basis, str(a)))
        for a, value in named.items()
    ]
    if len(rest):
        rows.append(_driver("All other inputs together", rest.sum(), latest=_count(len(rest))))
    base = episode.base_logit
    start = _of_100_patients(1 / (1 + math.exp(-base)))
    end = _of_100_patients(episode.risk)
    return {
        "rows": [row | {"share": row["logit"] / longest} for row in rows],
        "start": start,
        "end": end,
        "change": _change(_direction(float(folded.sum())), start=start, end=end),
        "every": [
            {"label": clean(run.label(str(a))), "logit": number(v, 3)} for a, v in ordered.items()
        ],
        "base_logit": number(base, 3),
        "sum_logit": number(float(folded.sum()), 3),
        "risk_logit": number(base + float(folded.sum()), 3),
        "risk": number(episode.risk, 3),
    }


def _count(inputs: int) -> str:
    return "1 input" if inputs == 1 else f"{inputs} inputs"


def _check_sum(folded: pd.Series, *, episode: EpisodeResult) -> None:
    total = episode.base_logit + float(folded.sum(skipna=False))
    expected = math.log(episode.risk / (1 - episode.risk))
    if not abs(total - expected) <= TOLERANCE:
        raise ExplanationError(
            f"Base and contributions must add up to the logit of the risk within {TOLERANCE:g}, "
            f"got {total:g} for {expected:g}. Explain the calibrated risk that is printed."
        )
    if folded.index.has_duplicates:
        raise ExplanationError(
            "Contributions must have one row per analyte, got "
            f"{int(folded.index.duplicated().sum())} repeated. Fold them first."
        )


def _driver(label: str, logit: float, *, latest: str) -> dict[str, Any]:
    effect = f"{_direction(logit)} the estimate"
    factor = number(math.exp(logit)) if abs(logit) < 5 else f"{math.exp(logit):.2g}"
    return {"label": label, "latest": latest, "logit": logit, "effect": effect, "odds": factor}


def _direction(logit: float) -> str:
    if abs(logit) < 0.005:
        return "hardly moves"
    return "raises" if logit > 0 else "lowers"


def _change(direction: str, *, start: str, end: str) -> str:
    if start == end:
        return "hardly move that and leave it at"
    return f"{direction.removesuffix('s')} that to"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of_100_patients(probability: float) -> str:
    about = "" if of_100(probability).startswith(("fewer", "more")) else "about "
    return f"{about}{of_100(probability)} of 100"

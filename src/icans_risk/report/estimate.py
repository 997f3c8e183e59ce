"""The estimate of one episode in words and counts, and how long it may be read."""

import math
from typing import Any

from icans_risk.errors import IcansRiskError
from icans_risk.report.cleaning import per_hundred
from icans_risk.report.context import EpisodeResult, RunContext
from icans_risk.report.words import Words

__all__ = ["describe_course", "describe_estimate", "end_of_validity", "valid_until"]

VALID_H = 24.0


def describe_estimate(run: RunContext, episode: EpisodeResult, words: Words) -> dict[str, Any]:
    """Say the risk as whole patients of a hundred, with its range.

    Raises
    ------
    IcansRiskError
        If risk and range are not in order within (0, 1).
    """
    risk, low, high = episode.risk, episode.risk_low, episode.risk_high
    ranged = math.isfinite(low) and math.isfinite(high)
    _check_order(episode, ranged=ranged)
    share = words.about_of_100(risk, opens=True)
    horizon = words(
        "time.short", hours=words.hours(run.horizon_h), day=words.days_of(run.horizon_h)
    )
    held_out, means = words(f"estimate.{run.estimates}"), words(f"estimate.range_{run.estimates}")
    return {
        "risk": risk,
        "low": low if ranged else None,
        "high": high if ranged else None,
        "filled": per_hundred(risk),
        "share": share,
        "headline": words("estimate.headline", share=share),
        "question": words("estimate.question", endpoint=words.term(run.endpoint), horizon=horizon),
        "range": _of_100(low, high, words),
        "exact": words.number(risk, 3),
        "exact_range": words.limits(low, high, digits=3),
        "held_out": f"{held_out} {means}" if ranged else held_out,
    }


def _of_100(low: float, high: float, words: Words) -> str:
    if not (math.isfinite(low) and math.isfinite(high)):
        return words.not_estimable
    return words("estimate.of_100", low=words.of_100(low), high=words.of_100(high))


def _check_order(episode: EpisodeResult, *, ranged: bool) -> None:
    low, risk, high = episode.risk_low, episode.risk, episode.risk_high
    # The mean of equal repeats may differ from them in the last bit.
    ordered = 0 < low <= risk + 1e-9 and risk - 1e-9 <= high < 1 if ranged else 0 < risk < 1
    if not ordered:
        raise IcansRiskError(
            "An answered episode needs 0 < risk_low <= risk <= risk_high < 1, got "
            f"{low:g}, {risk:g}, {high:g}. Give it an abstention status instead."
        )


def valid_until(run: RunContext, words: Words) -> str:
    """Say until when an estimate may be read: the next landmark, a day, or the horizon."""
    key, end_h = end_of_validity(run)
    moment = words("time.short", hours=words.hours(end_h), day=words.days_of(end_h))
    return words(key, moment=moment)


def end_of_validity(run: RunContext) -> tuple[str, float]:
    """Tell what ends the validity of an estimate (a message's key), and its hour."""
    later = [at for at in run.landmarks_h if at > run.landmark_h]
    ends = [("header.valid_day", run.landmark_h + VALID_H), ("header.valid_horizon", run.horizon_h)]
    if later:
        ends.insert(0, ("header.valid_landmark", min(later)))
    return min(ends, key=lambda end: end[1])


def describe_course(run: RunContext, episode: EpisodeResult, words: Words) -> dict[str, Any] | None:
    """Show the estimates at the landmarks up to this one; None where there is no other.

    Raises
    ------
    IcansRiskError
        If one is later than the landmark, or the last one is not the risk that is printed.
    """
    if episode.trajectory is None or len(episode.trajectory) < 2:
        return None
    points = episode.trajectory.sort_values("landmark_h").to_dict("records")
    last = points[-1]
    if last["landmark_h"] != run.landmark_h or not math.isclose(last["risk"], episode.risk):
        raise IcansRiskError(
            f"A trajectory must end at the page's landmark ({run.landmark_h:g} h) with its risk, "
            f"got one that ends at {last['landmark_h']:g} h. Hand over the landmarks up to it."
        )
    rows = [_point(point, words) for point in points]
    highest = max(row["high"] or row["risk"] or 0.0 for row in rows)
    top = next(t for t in (0.1, 0.25, 0.5, 1.0) if highest <= t)
    return {
        "rows": rows,
        "top": top,
        "caption": words("course.caption", top=round(100 * top)),
    }


def _point(point: dict[Any, Any], words: Words) -> dict[str, Any]:
    at_h, low, high = float(point["landmark_h"]), point["risk_low"], point["risk_high"]
    row = {"at_h": at_h, "landmark": words.at(at_h), "short": words.span(at_h)}
    if point["status"] != "answered":
        silent = {"risk": None, "low": None, "high": None, "range": ""}
        return row | silent | {"words": words("course.silent")}
    ranged = math.isfinite(low) and math.isfinite(high)
    return row | {
        "risk": float(point["risk"]),
        "low": float(low) if ranged else None,
        "high": float(high) if ranged else None,
        "words": words.about_of_100(point["risk"]),
        "range": _of_100(low, high, words),
    }

"""What moved the model: the inputs that pushed one estimate up and down, and their sum."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from icans_risk.errors import ExplanationError
from icans_risk.report.context import EpisodeResult, RunContext
from icans_risk.report.in_patient import describe_input
from icans_risk.report.words import Words

__all__ = ["describe_drivers"]

NAMED_EACH_WAY = 5
TOLERANCE = 1e-5
# The share of rebuilt models that must move the risk the same way for an input to be named.
STABLE = 0.9
# Smaller ones print as odds of 1.00.
_SMALLEST = 0.005


@dataclass(frozen=True)
class _Push:
    """One input, or several that are named together, and how far it moved the estimate."""

    analytes: tuple[str, ...]
    logits: tuple[float, ...]
    agreement: float | None

    @property
    def logit(self) -> float:
        """How far all of it moved the estimate."""
        return math.fsum(self.logits)


def describe_drivers(
    run: RunContext,
    episode: EpisodeResult,
    words: Words,
    *,
    events: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Name what moved the estimate most, at most five inputs each way, and give the sum.

    Named are inputs whose direction at least nine in ten rebuilt models share, where that was
    judged. Inputs that rise and fall together are one push.

    Parameters
    ----------
    run : RunContext
        What inputs are called, what is usual of them, which go together.
    episode : EpisodeResult
        Contributions and agreement.
    words : Words
        Language and units.
    events : sequence of dict
        The events that were used, by full name.

    Returns
    -------
    dict
        ``rows``, the sentences around them, and the exact sum.

    Raises
    ------
    ExplanationError
        If base and contributions do not add up to the logit of the risk.
    """
    folded = _folded(episode)
    pushes = sorted(_pushes(run, episode, folded), key=lambda push: -push.logit)
    named = _named(pushes)
    rest = [push for push in pushes if push not in named]
    rest_logit = math.fsum(push.logit for push in rest)
    longest = max([abs(rest_logit), *(abs(push.logit) for push in named)], default=1.0) or 1.0
    rows = [_row(run, episode, push, words=words, events=events) for push in named]
    if rest:
        rows.append(_rest(rest, rest_logit, words))
    start = words.about_of_100(1 / (1 + math.exp(-episode.base_logit)))
    end = words.about_of_100(episode.risk)
    total = math.fsum(folded.values())
    return {
        "rows": [row | {"share": row["logit"] / longest} for row in rows],
        "judged": _judged(episode, words),
        "start": start,
        "end": end,
        "sum": _sum(total, start, end, words=words),
        **_exact(run, episode, folded, words=words),
    }


def _folded(episode: EpisodeResult) -> dict[str, float]:
    table = episode.contributions
    names = [str(name) for name in table["analyte"]]
    folded = dict(zip(names, map(float, table["contribution_logit"]), strict=True))
    total = episode.base_logit + math.fsum(folded.values())
    expected = math.log(episode.risk / (1 - episode.risk))
    if len(folded) < len(names):
        raise ExplanationError(
            f"Contributions must have one row per analyte, got {len(names) - len(folded)} "
            "repeated. Fold them first."
        )
    if not abs(total - expected) <= TOLERANCE:
        raise ExplanationError(
            f"Base and contributions must add up to the logit of the risk within {TOLERANCE:g}, "
            f"got {total:g} for {expected:g}. Explain the calibrated risk that is printed."
        )
    return folded


def _pushes(run: RunContext, episode: EpisodeResult, folded: Mapping[str, float]) -> list[_Push]:
    """Put together what rises and falls together; what is not stable stands alone."""
    known = episode.agreement
    able = [name for name in folded if not known or known.get(name, 0.0) >= STABLE]
    groups = [tuple(name for name in group if name in able) for group in run.together]
    groups = [group for group in groups if len(group) > 1]
    grouped = {name for group in groups for name in group}
    groups += [(name,) for name in folded if name not in grouped]
    return [
        _Push(
            analytes=group,
            logits=tuple(folded[name] for name in group),
            agreement=min(known.get(name, 0.0) for name in group) if known else None,
        )
        for group in groups
    ]


def _named(pushes: Sequence[_Push]) -> list[_Push]:
    able = [
        push
        for push in pushes
        if abs(push.logit) >= _SMALLEST and (push.agreement is None or push.agreement >= STABLE)
    ]
    up = [push for push in able if push.logit > 0][:NAMED_EACH_WAY]
    down = [push for push in able if push.logit < 0][-NAMED_EACH_WAY:][::-1]
    return [*up, *down]


def _judged(episode: EpisodeResult, words: Words) -> str:
    if not episode.agreement:
        return words("drivers.not_judged")
    return words("drivers.judged", share=round(100 * STABLE))


def _row(
    run: RunContext,
    episode: EpisodeResult,
    push: _Push,
    *,
    words: Words,
    events: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    parts = [
        describe_input(run, episode, name, words=words, events=events, raises=logit > 0)
        for name, logit in zip(push.analytes, push.logits, strict=True)
    ]
    names = words.listed([part["label"] for part in parts])
    label = names if len(parts) == 1 else words("drivers.together", names=names)
    agreed = (
        "" if push.agreement is None else words("drivers.agreed", share=round(100 * push.agreement))
    )
    several = len(parts) > 1
    said = [
        {
            "lead": f"{part['label']}: " if several else "",
            "sentence": part["sentence"],
            "source": part["source"],
            "where": part["where"],
        }
        for part in parts
        if part["sentence"]
    ]
    return {
        "label": label,
        "parts": parts,
        "said": said,
        "agreed": agreed,
        **_effect(push.logit, words),
    }


def _rest(rest: Sequence[_Push], logit: float, words: Words) -> dict[str, Any]:
    inputs = sum(len(push.analytes) for push in rest)
    return {
        "label": words("drivers.rest"),
        "parts": [],
        "count": words.plural("drivers.count", inputs),
        "said": [],
        "agreed": "",
        **_effect(logit, words),
    }


def _effect(logit: float, words: Words) -> dict[str, Any]:
    small = abs(logit) < _SMALLEST
    key = "hardly" if small else "raises" if logit > 0 else "lowers"
    effect = words(f"drivers.{key}")
    factor = math.exp(logit)
    odds = words.number(factor) if abs(logit) < 5 else f"{factor:.2g}"
    return {
        "logit": logit,
        "effect": effect,
        "odds": odds,
        "words": words(f"drivers.words.{key}", odds=odds),
    }


def _sum(total: float, start: str, end: str, *, words: Words) -> str:
    if start == end or abs(total) < _SMALLEST:
        change = words("drivers.leave")
    else:
        change = words("drivers.raise_to" if total > 0 else "drivers.lower_to")
    return words("drivers.sum", start=start, change=change, end=end)


def _exact(
    run: RunContext, episode: EpisodeResult, folded: Mapping[str, float], *, words: Words
) -> dict[str, Any]:
    total = math.fsum(folded.values())
    ordered = sorted(folded.items(), key=lambda item: -item[1])
    return {
        "every": [
            {"label": words.term(run.label(name)), "logit": words.number(value, 3)}
            for name, value in ordered
        ],
        "base_logit": words.number(episode.base_logit, 3),
        "sum_logit": words.number(total, 3),
        "risk_logit": words.number(episode.base_logit + total, 3),
        "total": words("drivers.total", risk=words.number(episode.risk, 3)),
    }

"""What an estimate did not have, and what would make it wrong."""

from dataclasses import dataclass
from typing import Any

from icans_risk.report.context import EpisodeResult, RunContext
from icans_risk.report.estimate import end_of_validity
from icans_risk.report.words import Words

__all__ = ["describe_absent", "describe_doubts"]

# Routine and protocol measurements. Lumbar puncture, EEG and imaging are never ranked: who has
# them is chosen, and a rank would read as a reason to order one.
RANKED = ("plasma.", "clinical.")
NEVER_RANKED = ("csf.", "eeg.", "imaging.")
ROWS_SHOWN = 6
OLD_H = 24.0
FEW_PATIENTS = 30
WIDE = 0.25

Basis = dict[str, Any]


@dataclass(frozen=True)
class _Move:
    """What knowing an absent value could do, and is expected to."""

    low: float
    high: float
    reduction: float


def describe_absent(
    run: RunContext, episode: EpisodeResult, words: Words, *, basis: Basis
) -> dict[str, Any]:
    """List absent blood and bedside values by what knowing them is expected to tell.

    First those whose usual turnaround, counted from the landmark, ends while the page is
    valid; a result that comes later can change no estimate of this page.

    Returns
    -------
    dict
        ``rows`` and ``more``; ``unranked``, the rest in a sentence.
    """
    rows = [row for row in [*basis["rows"], *basis["more"]] if not row["measured"]]
    moves = _moves(episode) if episode.status == "answered" else {}
    ranked = [row["analyte"] for row in rows if row["analyte"].startswith(RANKED)]
    ranked.sort(key=lambda name: (_is_late(run, name), -_reduction(moves.get(name))))
    listed = [_absent(run, name, moves.get(name), words=words) for name in ranked]
    others = [row["label"] for row in rows if row["analyte"].startswith(NEVER_RANKED)]
    names = words.listed(sorted(others))
    return {
        "rows": listed[:ROWS_SHOWN],
        "more": listed[ROWS_SHOWN:],
        "computed": bool(moves),
        "unranked": words("absent.unranked", names=names) if others else "",
    }


def _moves(episode: EpisodeResult) -> dict[str, _Move]:
    if episode.moves is None:
        return {}
    columns = ["risk_low", "risk_high", "reduction"]
    known = episode.moves.dropna(subset=columns)
    values = known[columns].to_numpy(dtype=float).tolist()
    return {str(name): _Move(*row) for name, row in zip(known["analyte"], values, strict=True)}


def _reduction(move: _Move | None) -> float:
    return -1.0 if move is None else move.reduction


def _is_late(run: RunContext, analyte: str) -> bool:
    """Tell whether a result is usually not back while the page is valid."""
    known = run.text(analyte)
    hours = None if known is None else known.turnaround_h
    _, end_h = end_of_validity(run)
    return hours is not None and run.landmark_h + hours > end_h


def _absent(run: RunContext, analyte: str, move: _Move | None, *, words: Words) -> dict[str, Any]:
    known = run.text(analyte)
    hours = None if known is None else known.turnaround_h
    between, worth = words("absent.uncounted"), ""
    if move is not None:
        low, high = words.of_100(move.low), words.of_100(move.high)
        key = "absent.same" if low == high else "absent.between"
        between = words(key, low=low, high=high)
        small = move.reduction < 0.005
        share = words.figure(round(100 * move.reduction))
        worth = words("absent.hardly") if small else words("absent.less", share=share)
    at_once = words("absent.at_once") if hours == 0 else None
    return {
        "label": words.term(run.label(analyte)),
        "low": None if move is None else move.low,
        "high": None if move is None else move.high,
        "between": between,
        "worth": worth,
        "turnaround": at_once or ("" if hours is None else words.short_age(hours)),
        "late": words("absent.late") if _is_late(run, analyte) else "",
    }


def describe_doubts(
    run: RunContext, episode: EpisodeResult, words: Words, *, basis: Basis
) -> list[str]:
    """Say what would make the page wrong, first what is particular to this patient."""
    rows = [*basis["rows"], *basis["more"]]
    return [
        *_about_values(rows, words),
        *_about_model(run, episode, words),
        words("doubt.practice"),
        words("doubt.clock"),
        words("doubt.unit"),
    ]


def _about_values(rows: list[dict[str, Any]], words: Words) -> list[str]:
    said = []
    dated = [row for row in rows if row["age_h"] is not None]
    blood = [row for row in dated if row["analyte"].startswith(RANKED) and row["age_h"] > OLD_H]
    if blood:
        names = words.listed([row["label"] for row in blood])
        said.append(words.plural("doubt.old", len(blood), names=names))
    if any(row["after_treatment"] for row in dated):
        said.append(words("doubt.treated"))
    newest = min((row["age_h"] for row in dated), default=None)
    said.append(
        words("doubt.no_late") if newest is None else words("doubt.late", age=words.age(newest))
    )
    return said


def _about_model(run: RunContext, episode: EpisodeResult, words: Words) -> list[str]:
    said = []
    if episode.product is None:
        said.append(words("doubt.unknown"))
    elif episode.product not in run.product_rates:
        said.append(words("doubt.alone"))
    elif run.product_rates[episode.product].n < FEW_PATIENTS:
        rate = run.product_rates[episode.product]
        said.append(words("doubt.few", n=rate.n, events=rate.events))
    if episode.risk_high - episode.risk_low > WIDE:
        said.append(words("doubt.wide"))
    if run.metrics.get("calibration_slope", (1.0, 1.0, 1.0))[0] < 0.8:
        said.append(words("doubt.slope_low"))
    return said

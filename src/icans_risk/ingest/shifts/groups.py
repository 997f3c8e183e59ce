"""Sites and files whose values are in another unit than stated."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from icans_risk.ingest.shifts.evidence import (
    FEWEST_EPISODES,
    Candidate,
    Evidence,
    Hit,
    Series,
    judge,
    middles_by,
)

__all__ = ["could_be_reversed", "find_groups", "judge_jumps"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

# What it costs an episode to be called mis-stated, in spreads of the cohort: enough to prefer
# the stated units where both readings fit, too little to outweigh a shift of any candidate.
DISTRUST = 0.5
# No group costs more than this, in spreads: one group of another kind must not draw the
# centre of all others towards it.
FURTHEST = 5.0


class _Group(NamedTuple):
    code: int
    stated: int
    levels: Floats
    candidates: tuple[Candidate, ...]


def find_groups(series: Series, kind: Literal["site", "file"]) -> Iterator[Hit]:
    """Find the sites, or the files, whose values of the analyte are in another unit.

    All groups are judged at once: several may be wrong, even most of them.
    """
    member = series.site if kind == "site" else series.file
    groups = list(_groups(series, member))
    if len(groups) < 2:
        return
    chosen = _choose(groups)
    trusted = np.concatenate(
        [group.levels for group, candidate in zip(groups, chosen, strict=True) if not candidate]
        or [np.empty(0)]
    )
    for group, candidate in zip(groups, chosen, strict=True):
        rows = (member == group.code) & (series.stated == group.stated)
        for one in (candidate,) if candidate else group.candidates:
            evidence = judge(group.levels, trusted, one.shift) if candidate else None
            evidence = evidence or judge_jumps(series, rows, one, looked_at=len(groups))
            if evidence:
                yield Hit(kind, rows, one, evidence)
                break


def _groups(series: Series, member: Integers) -> Iterator[_Group]:
    """List the groups by stated unit that have enough episodes, with a level for each."""
    known = (member >= 0) & (series.stated >= 0)
    units = len(series.conversions)
    for pair in np.unique((member * units + series.stated)[known]).tolist():
        code, stated = divmod(pair, units)
        levels = series.medians((member == code) & (series.stated == stated))
        if levels.size >= FEWEST_EPISODES:
            others = tuple(one for unit, one in series.weighable if unit == stated)
            yield _Group(code, stated, levels, others)


def _choose(groups: list[_Group]) -> list[Candidate | None]:
    """Choose a reading for each group so that the groups agree best with each other."""
    most = max(len(group.candidates) for group in groups)
    places = np.full((len(groups), most + 1), np.inf)
    for k, group in enumerate(groups):
        shifts = [0.0, *(one.shift for one in group.candidates)]
        places[k, : len(shifts)] = np.median(group.levels) + np.array(shifts)
    spread = np.median([np.median(np.abs(g.levels - np.median(g.levels))) for g in groups])
    episodes = np.array([group.levels.size for group in groups])
    distrust = np.where(np.arange(most + 1) > 0, DISTRUST, 0.0)
    best, cheapest = np.zeros(len(groups), dtype=int), np.inf
    for centre in places[np.isfinite(places)]:
        cost = np.minimum(np.abs(places - centre) / max(1.4826 * spread, 1e-9), FURTHEST) + distrust
        total = float(episodes @ cost.min(axis=1))
        if total < cheapest - 1e-9:
            best, cheapest = cost.argmin(axis=1), total
    return [
        group.candidates[k - 1] if 0 < k <= len(group.candidates) else None
        for group, k in zip(groups, best, strict=True)
    ]


def judge_jumps(
    series: Series, block: Mask, candidate: Candidate, *, looked_at: int
) -> Evidence | None:
    """Judge a block by the steps that episodes take over its edges.

    A step is the change between neighbouring samples. Over the edge it is taken from outside
    to inside, whichever came first; the steps that stay on one side are taken with either
    sign in turn, because biology goes both ways.
    """
    earlier, later, step = series.steps
    inside = block[later]
    crosses = inside != block[earlier]
    over = np.flatnonzero(crosses)
    if over.size < FEWEST_EPISODES:
        return None
    if 2 * np.sum(block) > block.size and could_be_reversed(series, ~block, candidate):
        return None
    signed = np.where(inside[over], step[over], -step[over])
    stays = step[~crosses]
    stays[::2] *= -1
    return judge(
        middles_by(series.episode[later[over]], signed), stays, candidate.shift, looked_at=looked_at
    )


def could_be_reversed(series: Series, rows: Mask, candidate: Candidate) -> bool:
    """Say whether these rows could be wrong by the same shift the other way.

    Then either side could be the wrong one, and the smaller is to blame.
    """
    stated = set(np.unique(series.stated[rows]).tolist())
    shifts = [one.shift for unit, one in series.weighable if unit in stated]
    return bool(np.isclose(shifts, -candidate.shift).any())

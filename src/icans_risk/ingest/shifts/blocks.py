"""Stretches of a file, and single rows, whose values are in another unit than stated."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from icans_risk.ingest.shifts.evidence import (
    FEWEST_EPISODES,
    Candidate,
    Evidence,
    Hit,
    Series,
    judge,
)
from icans_risk.ingest.shifts.groups import could_be_reversed, judge_jumps

__all__ = ["FEWEST_ROWS", "find_blocks", "find_scattered"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

# Where the centre of values in the stated unit lies, in shifts from the median of all: at it
# while few rows are wrong, half a shift or a shift away where half or most are.
CENTRES = (0.0, 0.5, 1.0)
# Mean score, from -1 (all as stated) to 1, below which a stretch is not judged: values that
# are as near to one unit as to the other make long stretches and no evidence.
LOWEST = 0.25
# A sequence is searched again after each stretch found, so many times at most.
MOST_BLOCKS = 10
# A block whose times spread less than this share of all times is a moment of the course: only
# the steps over its edges count, because CAR T-cells truly differ a hundredfold between days.
MOMENT = 0.25
# A single row must come back to its neighbours within this share of the shift, on the log
# scale, on both sides: of a tenfold shift, to within a factor of 2.2. No row of 8000 clean
# patients does; at 0.4 one does.
BACK_WITHIN = 0.35
# Fewer rows than this are typing errors, not a unit.
FEWEST_ROWS = 3
# The same for a large cohort: biology's own jumps, where there are any, are rarer than this.
RAREST_SHARE = 1e-4


def find_blocks(series: Series) -> Iterator[Hit]:
    """Find stretches of a file, or of a site's rows in it, that are in another unit.

    Scores add up along the file: up where a row lies nearer to the candidate, down where it
    lies as stated. The stretch with the largest sum is judged, by its episodes against all
    others and by the steps that episodes take over its edges.
    """
    taken = np.zeros(series.level.size, dtype=bool)
    for stated, one in series.weighable:
        for member in _sequences(series, stated):
            for hit in _search(series, member & ~taken, one):
                taken |= hit.rows
                yield hit


def _sequences(series: Series, stated: int) -> Iterator[Mask]:
    """Mark the rows of each file, and of each site within a file of several."""
    said = series.stated == stated
    for file in np.unique(series.file[said]).tolist():
        in_file = said & (series.file == file)
        yield in_file
        sites = np.unique(series.site[in_file]).tolist()
        if len(sites) > 1:
            yield from (in_file & (series.site == site) for site in sites)


def _search(series: Series, member: Mask, one: Candidate) -> Iterator[Hit]:
    sequence = np.flatnonzero(member & np.isfinite(series.level))
    weight = _run_weights(series.episode[sequence])
    # The stretch is chosen as the best of as many as there are runs of episodes.
    runs = round(weight.sum())
    if runs < FEWEST_EPISODES:
        return
    free, tried = np.ones(sequence.size, dtype=bool), set()
    for level in (series.adjusted, series.centred):
        place = -level[sequence] / one.shift
        for centre in CENTRES:
            for _ in range(MOST_BLOCKS):
                score = np.clip(2 * (place + centre) - 1, -1, 1) * weight
                first, last = _best_stretch(score, free)
                stretch = slice(first, last + 1)
                if (first, last) in tried or score[stretch].sum() < LOWEST * weight[stretch].sum():
                    break
                tried.add((first, last))
                evidence = _judge_stretch(series, sequence[stretch], one, looked_at=runs)
                if evidence is None:
                    break
                free[stretch] = False
                # Censored rows between the first and the last belong to it.
                block = member.copy()
                block[: sequence[first]] = block[sequence[last] + 1 :] = False
                yield Hit("block", block, one, evidence)


def _run_weights(episode: Integers) -> Floats:
    """Weigh a row so that rows of one episode in a row count as one."""
    starts = np.flatnonzero(np.diff(episode, prepend=-1))
    lengths = np.diff(starts, append=episode.size)
    return np.repeat(1 / lengths, lengths)


def _best_stretch(score: Floats, free: Mask) -> tuple[int, int]:
    """Return the first and the last place of the stretch with the largest sum."""
    # What was found stands as a barrier that is lower than any sum of scores.
    total = np.cumsum(np.where(free, score, -2.0 * score.size))
    before = np.concatenate([[0.0], total[:-1]])
    last = int(np.argmax(total - np.minimum.accumulate(before)))
    return int(np.argmin(before[: last + 1])), last


def _judge_stretch(
    series: Series, stretch: Integers, candidate: Candidate, *, looked_at: int
) -> Evidence | None:
    block = np.zeros(series.level.size, dtype=bool)
    block[stretch] = True
    inside, outside = series.medians_apart(block)
    if inside.size < FEWEST_EPISODES:
        return None
    if outside.size < inside.size and could_be_reversed(series, ~block, candidate):
        return None
    evidence = None
    if not _is_moment(series, block):
        evidence = judge(inside, outside, candidate.shift, looked_at=looked_at)
    return evidence or judge_jumps(series, block, candidate, looked_at=looked_at)


def _is_moment(series: Series, block: Mask) -> bool:
    """Say whether a block holds one moment of all courses, as in a file in order of time."""
    inside, everywhere = (
        np.subtract(*np.percentile(hours, [75, 25]))
        for hours in (series.hours[block], series.hours)
    )
    return bool(inside < MOMENT * everywhere)


def find_scattered(series: Series) -> Iterator[Hit]:
    """Find single rows that leave their episode by a candidate's shift and come back.

    CRP can rise tenfold in a day; it does not fall tenfold and rise again.
    """
    earlier, later, step = series.steps
    came, went = np.full((2, series.level.size), np.nan)
    came[later], went[earlier] = step, step
    middle = np.flatnonzero(np.isfinite(came) & np.isfinite(went))
    there, back = came[middle], -went[middle]
    for stated, one in series.weighable:
        miss = np.maximum(np.abs(there + one.shift), np.abs(back + one.shift))
        is_off = (miss <= BACK_WITHIN * abs(one.shift)) & (series.stated[middle] == stated)
        episodes = np.unique(series.episode[middle[is_off]]).size
        fewest = max(FEWEST_ROWS, RAREST_SHARE * np.sum(series.stated == stated))
        if np.sum(is_off) >= fewest and episodes >= FEWEST_EPISODES:
            rows = np.zeros(series.level.size, dtype=bool)
            rows[middle[is_off]] = True
            ratio = float(np.exp(np.median(there[is_off])))
            outside = np.unique(series.episode).size - episodes
            yield Hit("scattered", rows, one, Evidence(ratio, episodes, outside))

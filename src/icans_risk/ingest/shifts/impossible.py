"""Values that cannot be true in the unit stated and are ordinary in another one."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from icans_risk.ingest.shifts.blocks import FEWEST_ROWS
from icans_risk.ingest.shifts.evidence import Candidate, Evidence, Hit, Kind, Series

__all__ = ["find_impossible"]

Mask = NDArray[np.bool_]

# Share of all values in a unit that lie outside the soft limits before the unit, not the
# patients, is doubted: a whole cohort in one wrong unit has no other values to stand out from.
MOSTLY_OUTSIDE = 0.8
# Share of a site's rows, or of the rows between the first and the last, that makes them a
# whole: a few of a feverless site's Fahrenheit values could be anything.
WHOLE = 0.9


def find_impossible(series: Series) -> Iterator[Hit]:
    """Find rows that cannot be true as stated and are ordinary in another unit.

    A temperature of 99 Cel; a handful of rows says enough, even of one episode. Where most
    values of a unit lie outside the soft limits, those count as well.
    """
    for stated in np.unique(series.stated[series.stated >= 0]).tolist():
        said = series.stated == stated
        bad = said & _is_doubtful(series, said)
        if np.sum(bad) < FEWEST_ROWS:
            continue
        fits = {one: bad & _is_ordinary(series, one) for one in series.candidates(stated)}
        one, rows = max(fits.items(), key=lambda pair: int(pair[1].sum()), default=(None, bad))
        # One number over and over is a code for a missing value, not a measurement.
        if one and rows.sum() >= FEWEST_ROWS and np.unique(series.value[rows]).size > 1:
            yield from _by_extent(series, rows, said, candidate=one)


def _is_doubtful(series: Series, said: Mask) -> Mask:
    low, high = series.entry.hard_limits
    impossible = (series.value < low) | (series.value > high)
    low, high = series.entry.soft_limits or series.entry.hard_limits
    outside = (series.value < low) | (series.value > high)
    return outside if np.mean(outside[said]) >= MOSTLY_OUTSIDE else impossible


def _is_ordinary(series: Series, candidate: Candidate) -> Mask:
    low, high = series.entry.soft_limits or series.entry.hard_limits
    true = (series.value + candidate.offset) * candidate.factor
    return np.asarray((true >= low) & (true <= high))


def _by_extent(series: Series, rows: Mask, said: Mask, *, candidate: Candidate) -> Iterator[Hit]:
    """Tell whole sites and whole files from stretches and from single rows."""
    rest = rows.copy()
    levels: tuple[tuple[Kind, NDArray[np.int64]], ...] = (
        ("site", series.site),
        ("file", series.file),
    )
    for kind, member in levels:
        for code in np.unique(member[rest & (member >= 0)]).tolist():
            here = said & (member == code)
            if np.mean(rows[here]) >= WHOLE:
                yield _hit(series, kind, here, candidate=candidate)
                rest &= ~here
    for code in np.unique(series.file[rest]).tolist():
        here = np.flatnonzero(rest & (series.file == code))
        between = said.copy()
        between[: here[0]] = between[here[-1] + 1 :] = False
        single = np.zeros_like(rest)
        single[here] = True
        is_block = here.size >= FEWEST_ROWS and np.mean(rest[between]) >= WHOLE
        yield _hit(series, "block" if is_block else "scattered", single, candidate=candidate)


def _hit(series: Series, kind: Kind, rows: Mask, *, candidate: Candidate) -> Hit:
    inside, outside = np.unique(series.episode[rows]), np.unique(series.episode[~rows])
    true = (np.median(series.value[rows]) + candidate.offset) * candidate.factor
    ratio = float(np.median(series.value[rows]) / true)
    return Hit(kind, rows, candidate, Evidence(ratio, inside.size, outside.size))

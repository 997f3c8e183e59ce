"""What tells values in another unit than stated from values of sicker patients.

The unit of evidence is an episode, because the values of one patient resemble each other.
An episode counts as shifted where its values lie nearer to where another unit would put
them than to where the rest of the cohort lies, and the rest says how often that happens by
biology alone.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binom

from icans_risk.catalogue import Analyte
from icans_risk.catalogue.entries import Conversion

__all__ = [
    "FEWEST_EPISODES",
    "NEAREST_FACTOR",
    "Candidate",
    "Evidence",
    "Hit",
    "Kind",
    "Series",
    "judge",
    "make_series",
    "middles_by",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Kind = Literal["site", "file", "block", "scattered", "declared"]

# Two units nearer than this (cmH2O and mmHg 1.36, FEU and DDU 2, pound and kilogram 2.2)
# cannot be told from sicker patients or another assay: a site with a threefold CRP is real.
NEAREST_FACTOR = 3.0
# The shift that is seen may miss the candidate's by this share of it, on the log scale: of a
# tenfold shift, 4.5- to 22-fold passes, which the medians of eight patients' CRP keep to.
# Threefold, a true difference, stays away.
SHIFT_MISSED = 0.35
# A stretch that was sought is the most shifted of many, so both are stricter for it: CAR T-cells
# that expand a hundredfold in a week pass the first, but not the second.
SHIFT_MISSED_SOUGHT = 0.3
CHANCE_SOUGHT = 1e-6
# So many of the block's episodes must be nearer to the candidate; the rest were few samples.
SHARE_SHIFTED = 0.75
# Fewer episodes than this inside or outside carry no comparison at all.
FEWEST_EPISODES = 3
# Chance that biology alone puts so many episodes there. Hundreds of groups, analytes and
# candidates are looked at in each cohort, and a false alarm stops a whole study; six of
# eight patients with CRP shifted tenfold come to 2e-6.
CHANCE = 1e-5
# Samples of one episode that lie further apart than this are no neighbours: CRP moves
# tenfold in two days when it has to.
NEIGHBOURS_H = 48.0
# The cohort's course over time is taken out in so many bins of equal size at most, each of
# so many rows at least, so that a file in order of time shows no false steps.
TIME_BINS = 24
ROWS_IN_BIN = 50


class Candidate(NamedTuple):
    """Another unit that values could be in: true = (value + offset) * factor."""

    unit: str
    factor: float
    offset: float

    @property
    def shift(self) -> float:
        """Return what the candidate adds to the logarithm of a value."""
        return float(np.log(self.factor))

    @property
    def can_be_weighed(self) -> bool:
        """Say whether it is a plain factor, and far enough from 1."""
        return self.offset == 0 and abs(self.shift) > np.log(NEAREST_FACTOR)


class Evidence(NamedTuple):
    """How far a block lies from the rest, and how much of the cohort says so.

    ``ratio`` is of medians, block to rest, or as stated to converted where the rows are
    impossible as stated; ``chance`` that biology alone does this, missing where single rows
    speak for themselves.
    """

    ratio: float
    episodes: int
    episodes_outside: int
    chance: float | None = None


@dataclass(frozen=True)
class Hit:
    """Rows of a series that look as if they were in the candidate's unit."""

    kind: Kind
    rows: Mask
    candidate: Candidate
    evidence: Evidence


@dataclass(frozen=True)
class Series:
    """All rows of one analyte in the order of their files.

    ``stated`` numbers the ``conversions``; ``site`` is -1 where it is not known; ``level`` is
    the logarithm of the value, missing where the value is censored or not positive.
    """

    entry: Analyte
    rows: pl.DataFrame
    conversions: tuple[Conversion, ...]
    stated: Integers
    file: Integers
    site: Integers
    episode: Integers
    value: Floats
    hours: Floats
    level: Floats

    def candidates(self, stated: int) -> tuple[Candidate, ...]:
        """List the other units that values stated in one unit could be in."""
        said = self.conversions[stated]
        # The first unit that is written for a conversion names it.
        names = {c: unit for unit, c in reversed([*self.entry.accepted_units.items()])}
        return tuple(
            Candidate(names[c], c.factor / said.factor, (c.offset - said.offset) * said.factor)
            for c in self.conversions
            if c != said
        )

    @cached_property
    def weighable(self) -> list[tuple[int, Candidate]]:
        """List the units that are stated, each with another one that could be told from it."""
        present = np.unique(self.stated[self.stated >= 0]).tolist()
        pairs = [(stated, one) for stated in present for one in self.candidates(stated)]
        return [(stated, one) for stated, one in pairs if one.can_be_weighed]

    @cached_property
    def centred(self) -> Floats:
        """Return the level less the median of all."""
        return self.level - np.median(self.level[np.isfinite(self.level)])

    @cached_property
    def adjusted(self) -> Floats:
        """Return the level less the cohort's course over time since infusion.

        The course is what levels do within episodes: a site in another unit cannot bend it.
        """
        finite = np.flatnonzero(np.isfinite(self.level))
        order = finite[np.argsort(self.hours[finite], kind="stable")]
        own = np.full(self.episode.max() + 1, np.nan)
        by_episode = order[np.lexsort((self.level[order], self.episode[order]))]
        episodes, medians = _middles(self.episode[by_episode], self.level[by_episode])
        own[episodes] = medians
        course = self.level - own[self.episode]
        bins = int(np.clip(finite.size // ROWS_IN_BIN, 1, TIME_BINS))
        # A tie must not be torn: the first sample's bin holds for all of that time.
        hours = self.hours[order]
        number = np.searchsorted(hours, hours, side="left") * bins // max(finite.size, 1)
        out = np.full_like(self.level, np.nan)
        for here in np.split(order, np.flatnonzero(np.diff(number)) + 1):
            out[here] = self.level[here] - (np.median(course[here]) if here.size else 0.0)
        return out - np.median(out[finite]) if finite.size else out

    @cached_property
    def steps(self) -> tuple[Integers, Integers, Floats]:
        """Return pairs of neighbouring samples of an episode, and the change of level."""
        finite = np.flatnonzero(np.isfinite(self.level))
        order = finite[np.lexsort((self.hours[finite], self.episode[finite]))]
        earlier, later = order[:-1], order[1:]
        near = self.episode[earlier] == self.episode[later]
        near &= self.hours[later] - self.hours[earlier] <= NEIGHBOURS_H
        earlier, later = earlier[near], later[near]
        return earlier, later, self.level[later] - self.level[earlier]

    @cached_property
    def _by_episode(self) -> Integers:
        # Any part of rows that are in order is in order: sorting once serves all medians.
        order = np.lexsort((self.adjusted, self.episode))
        return order[np.isfinite(self.adjusted[order])]

    @cached_property
    def _everyone(self) -> tuple[Integers, Floats]:
        order = self._by_episode
        return _middles(self.episode[order], self.adjusted[order])

    def medians(self, rows: Mask) -> Floats:
        """Return the median adjusted level of each episode that has some of these rows."""
        order = self._by_episode[rows[self._by_episode]]
        return _middles(self.episode[order], self.adjusted[order])[1]

    def medians_apart(self, block: Mask) -> tuple[Floats, Floats]:
        """Return the same for the rows of a block, and for all rows but those.

        Outside, only the block's own episodes are looked at anew: a search asks for many
        small blocks.
        """
        is_touched = np.zeros(self.episode.max() + 1, dtype=bool)
        is_touched[self.episode[block]] = True
        episodes, levels = self._everyone
        partly = self.medians(is_touched[self.episode] & ~block)
        return self.medians(block), np.concatenate([levels[~is_touched[episodes]], partly])


def middles_by(episode: Integers, level: Floats) -> Floats:
    """Return the median level of each episode.

    Examples
    --------
    >>> middles_by(np.array([7, 4, 7]), np.array([1.0, 5.0, 2.0]))
    array([5. , 1.5])
    """
    order = np.lexsort((level, episode))
    return _middles(episode[order], level[order])[1]


def _middles(episode: Integers, level: Floats) -> tuple[Integers, Floats]:
    first = np.flatnonzero(np.diff(episode, prepend=-1))
    count = np.diff(first, append=episode.size)
    return episode[first], (level[first + (count - 1) // 2] + level[first + count // 2]) / 2


def make_series(rows: pl.DataFrame, entry: Analyte) -> Series:
    """Turn the rows of one analyte, in the order of the files, into arrays."""
    conversions = tuple(dict.fromkeys(entry.accepted_units.values()))
    number = {u: conversions.index(c) for u, c in entry.accepted_units.items()}
    value = rows["value"].to_numpy()
    plain = (rows["censored"].fill_null("") == "").to_numpy() & (value > 0)
    level = np.full(value.size, np.nan)
    level[plain] = np.log(value[plain])
    stated = rows["unit_read"].replace_strict(number, default=-1, return_dtype=pl.Int64)
    return Series(
        entry=entry,
        rows=rows,
        conversions=conversions,
        stated=stated.fill_null(-1).to_numpy(),
        file=_codes(rows["file"]),
        site=_codes(rows["site"]),
        episode=_codes(rows["episode_id"]),
        value=value,
        hours=rows["collected_h"].to_numpy(),
        level=level,
    )


def _codes(names: pl.Series) -> Integers:
    codes = names.cast(pl.Categorical).to_physical().cast(pl.Int64)
    return codes.fill_null(-1).to_numpy()


def judge(inside: Floats, outside: Floats, shift: float, *, looked_at: int = 1) -> Evidence | None:
    """Weigh "as stated" against "in the candidate's unit", one number for each episode.

    Parameters
    ----------
    inside, outside : ndarray
        Levels of the episodes of the suspected block and of the others.
    shift : float
        What the candidate would add to the levels inside.
    looked_at : int
        Among how many places the block was sought.

    Returns
    -------
    Evidence or None
        None unless the block lies away from the rest by the candidate's shift, and by more
        than the spread of the rest explains.
    """
    if min(inside.size, outside.size) < FEWEST_EPISODES:
        return None
    centre = np.median(outside)
    # 0 where the rest lies, 1 where the candidate would have it come from.
    place, rest = (inside - centre) / -shift, (outside - centre) / -shift
    missed, most = (SHIFT_MISSED, CHANCE)
    if looked_at > 1:
        missed, most = (SHIFT_MISSED_SOUGHT, CHANCE_SOUGHT)
    if abs(np.median(place) - 1) > missed or np.mean(place > 0.5) < SHARE_SHIFTED:
        return None
    # A few episodes outside can be the odd ones themselves: both sides have to be unlikely.
    chance = looked_at * max(_chance(place > 0.5, rest > 0.5), _chance(rest < 0.5, place < 0.5))
    if chance > most:
        return None
    ratio = float(np.exp(np.median(inside) - centre))
    return Evidence(ratio, inside.size, outside.size, chance)


def _chance(is_there: Mask, is_there_by_biology: Mask) -> float:
    """Return the chance of so many episodes there, were they like the other side's."""
    share = (is_there_by_biology.sum() + 1) / (is_there_by_biology.size + 2)
    return float(binom.sf(is_there.sum() - 1, is_there.size, share))

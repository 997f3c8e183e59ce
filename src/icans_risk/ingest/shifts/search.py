"""Find values that are silently in another unit than their source says.

Sites, files, stretches of a file and single rows are sought in this order; what one search
found is out of the way of the next.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from icans_risk.catalogue import Analyte
from icans_risk.ingest.quality import ROWS_KEPT
from icans_risk.ingest.shifts.blocks import find_blocks, find_scattered
from icans_risk.ingest.shifts.evidence import NEAREST_FACTOR, Hit, Kind, Series, make_series
from icans_risk.ingest.shifts.groups import find_groups
from icans_risk.ingest.shifts.impossible import find_impossible
from icans_risk.ingest.shifts.widen import widen

__all__ = ["UnitShift", "find_unit_shifts", "join_stretches"]

Stretches = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class UnitShift:
    """Values of one analyte that look as if they were in another unit than stated.

    Attributes
    ----------
    analyte : str
        Full name in the catalogue.
    kind : {"site", "file", "block", "scattered", "declared"}
        How the rows lie; ``declared`` is a correction that the study file makes.
    site, file : str or None
        The site or the file that is concerned as a whole.
    stretches : tuple of (str, int, int)
        File, first and last row: of a site or a file all it has, else each stretch without
        an unaffected row of the analyte in it. At most ``ROWS_KEPT``, as for rows.
    rows : tuple of int
        Row numbers, in the order of the files.
    count : int
        How many rows there are.
    stated_unit, likely_unit : str
        What the source says, and what would bring the values in line with the others.
    alternatives : tuple of str
        Units too near to the likely one to be told from it.
    episodes, others : frozenset of str
        Episodes with an affected row, and those with rows of the analyte but no such row.
        For use inside only: never printed.
    factor : float
        Multiplies the values as stated; of a temperature, only the ratio of degrees.
    evidence : mapping of str to float
        Numbers for the report: ``ratio`` of medians, ``episodes``, ``episodes_outside`` and
        ``chance``, where the search yields one.
    """

    analyte: str
    kind: Kind
    site: str | None
    file: str | None
    stretches: Stretches
    rows: tuple[int, ...]
    count: int
    stated_unit: str
    likely_unit: str
    alternatives: tuple[str, ...] = ()
    episodes: frozenset[str] = field(default=frozenset(), repr=False)
    others: frozenset[str] = field(default=frozenset(), repr=False)
    factor: float = 1.0
    evidence: Mapping[str, float] = field(default_factory=dict)


def find_unit_shifts(rows: pl.DataFrame, catalogue: Mapping[str, Analyte]) -> list[UnitShift]:
    """Find values that look as if they were in another accepted unit than stated.

    Parameters
    ----------
    rows : DataFrame
        Usable rows: ``file``, ``row``, ``episode_id``, ``site``, ``analyte``, ``value`` (in
        the canonical unit, converted from what was stated), ``unit_read``, ``collected_h``,
        ``censored``. Values outside the hard limits must still be there.
    catalogue : mapping of str to Analyte
        The analytes by full name; those whose accepted units are all equal are left out.

    Returns
    -------
    list of UnitShift
        By analyte. Empty for clean data: a site with sicker patients is no shift.

    Notes
    -----
    Units within a factor of three of each other (cmH2O and mmHg, FEU and DDU, pound and
    kilogram) are never reported: no number of patients tells them from another assay or
    sicker patients. A whole cohort in one wrong unit is seen only where its values leave
    the catalogue's limits. Fewer than about eight patients of a site may pass unseen where
    an analyte varies as much as CRP does, and so may a unit that changes with the time since
    infusion; ``benchmarks/studies/unit_shifts.csv`` says how often.
    """
    mixed = [n for n, a in catalogue.items() if len(set(a.accepted_units.values())) > 1]
    # Analytes do not meet, and numpy sorts and counts them side by side. Each is copied when
    # its turn comes, so that memory holds few of them twice.
    with ThreadPoolExecutor(THREADS) as threads:
        found = threads.map(lambda name: list(_search(rows, catalogue[name])), sorted(mixed))
        return [shift for shifts in found for shift in shifts]


THREADS = 2
_SEARCHES: tuple[Callable[[Series], Iterable[Hit]], ...] = (
    lambda series: find_groups(series, "site"),
    lambda series: find_groups(series, "file"),
    find_blocks,
    find_impossible,
    find_scattered,
)


def _search(rows: pl.DataFrame, entry: Analyte) -> Iterator[UnitShift]:
    own = rows.filter(pl.col("analyte") == entry.full_name)
    if own.is_empty():
        return
    words = pl.col("file", "episode_id", "site", "unit_read", "censored").cast(pl.String)
    rows = own.with_columns(words).sort("file", "row").with_row_index("place")
    series = make_series(rows, entry)
    for search in _SEARCHES:
        hits = _distinct(widen(series, hit) for hit in search(series))
        yield from (_describe_hit(series, hit, rows["episode_id"]) for hit in hits)
        if hits:
            found = np.any([hit.rows for hit in hits], axis=0)
            series = make_series(series.rows.filter(~found), entry)


def _distinct(hits: Iterable[Hit]) -> list[Hit]:
    """Leave out hits that an earlier one covers: several stretches may be one site."""
    kept: list[Hit] = []
    for hit in hits:
        if not any(np.all(hit.rows <= other.rows) for other in kept):
            kept.append(hit)
    return kept


def _describe_hit(series: Series, hit: Hit, everybody: pl.Series) -> UnitShift:
    rows = series.rows.filter(hit.rows)
    stated = series.candidates(int(series.stated[hit.rows][0]))
    shift, far = hit.candidate.shift, np.log(NEAREST_FACTOR)
    near = (one for one in stated if one != hit.candidate and one.offset == hit.candidate.offset)
    episodes = frozenset(rows["episode_id"])
    is_whole = hit.kind in ("site", "file")
    place = np.zeros(rows.height) if is_whole else rows["place"].to_numpy()
    return UnitShift(
        analyte=series.entry.full_name,
        kind=hit.kind,
        site=rows["site"][0] if hit.kind == "site" else None,
        file=rows["file"][0] if hit.kind == "file" else None,
        stretches=join_stretches(rows, place),
        rows=tuple(rows["row"].head(ROWS_KEPT)),
        count=rows.height,
        stated_unit=rows["unit_read"].mode().sort()[0],
        likely_unit=hit.candidate.unit,
        alternatives=tuple(one.unit for one in near if abs(one.shift - shift) < far),
        episodes=episodes,
        others=frozenset(everybody) - episodes,
        factor=hit.candidate.factor,
        evidence={k: v for k, v in hit.evidence._asdict().items() if v is not None},
    )


def join_stretches(rows: pl.DataFrame, place: NDArray[np.generic]) -> Stretches:
    """Join rows of one file whose places follow one another, or are all the same."""
    breaks = np.diff(place.astype(np.int64), prepend=0) > 1
    parts = (
        rows.with_columns(part=pl.Series(breaks).cum_sum())
        .group_by("file", "part", maintain_order=True)
        .agg(first=pl.col("row").min(), last=pl.col("row").max())
    )
    return tuple(parts.select("file", "first", "last").head(ROWS_KEPT).iter_rows())

"""Say what a shift of units is, how to declare it, and whether it gives the outcome away."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import yaml
from scipy.stats import fisher_exact

from icans_risk.ingest.quality import ROWS_KEPT
from icans_risk.ingest.shifts.evidence import NEAREST_FACTOR
from icans_risk.ingest.shifts.search import UnitShift, join_stretches
from icans_risk.study.handling import UnitCorrection

__all__ = ["Separation", "declared_blocks", "describe", "separates_outcome"]

# Below it a block is called a stand-in for the outcome. Few blocks are ever tested, and an
# unneeded warning costs a look at a table.
P_SEPARATES = 0.01
# A line that declares more stretches than this is no help: the source is better mended.
STRETCHES_SHOWN = 5


@dataclass(frozen=True)
class Separation:
    """How often an episode is severe inside a block and outside it.

    Attributes
    ----------
    severe_inside, inside, severe_outside, outside : int
        Episodes.
    p : float
        Fisher's exact test, two-sided.
    """

    severe_inside: int
    inside: int
    severe_outside: int
    outside: int
    p: float

    @property
    def is_more(self) -> bool:
        """Say whether the block has the larger share of severe episodes."""
        return self.severe_inside * self.outside > self.severe_outside * self.inside

    def __str__(self) -> str:
        """Put it in one sentence, without an identifier."""
        return (
            f"These rows separate the outcome: {self.severe_inside} of {self.inside} episodes "
            f"with them are severe, {self.severe_outside} of {self.outside} without; "
            f"{'more' if self.is_more else 'fewer'} than by chance (p = {self.p:.1g}), "
            "so the unit alone can look like a predictor."
        )


def declared_blocks(rows: pl.DataFrame, corrections: Iterable[UnitCorrection]) -> list[UnitShift]:
    """Return the rows that each declared correction concerns.

    A block that was declared can still stand for the outcome, and that has to be said.

    Parameters
    ----------
    rows : DataFrame
        As for ``find_unit_shifts``; values are already in the declared unit.
    corrections : iterable of UnitCorrection
        Those of the study file.

    Returns
    -------
    list of UnitShift
        Of kind ``declared``, for the corrections that concern any row.
    """
    found = []
    for correction in corrections:
        analyte = rows.filter(pl.col("analyte") == correction.analyte)
        words = pl.col("file", "episode_id", "site").cast(pl.String)
        analyte = analyte.with_columns(words).sort("file", "row")
        concerned = analyte.filter(_concerned(correction))
        episodes = frozenset(concerned["episode_id"])
        if episodes:
            found.append(
                UnitShift(
                    analyte=correction.analyte,
                    kind="declared",
                    site=correction.site,
                    file=correction.file,
                    stretches=join_stretches(concerned, np.zeros(concerned.height)),
                    rows=tuple(concerned["row"].head(ROWS_KEPT)),
                    count=concerned.height,
                    stated_unit=correction.unit,
                    likely_unit=correction.unit,
                    episodes=episodes,
                    others=frozenset(analyte["episode_id"]) - episodes,
                )
            )
    return found


def _concerned(correction: UnitCorrection) -> pl.Expr:
    if correction.site is not None:
        return pl.col("site") == correction.site
    in_file = pl.col("file") == correction.file
    if correction.rows is None:
        return in_file
    return in_file & pl.col("row").is_between(*correction.rows)


def separates_outcome(shift: UnitShift, severe: pl.DataFrame) -> Separation | None:
    """Test whether the episodes of a block have another outcome than the others.

    Parameters
    ----------
    shift : UnitShift
        Found or declared.
    severe : DataFrame
        ``episode_id`` and ``severe``; episodes whose outcome is missing do not count, nor do
        those without the analyte.

    Returns
    -------
    Separation or None
        None where the difference may well be chance (p of 0.01 or more).
    """
    known = severe.filter(pl.col("severe").is_not_null())
    inside = known.filter(pl.col("episode_id").is_in(list(shift.episodes)))["severe"]
    outside = known.filter(pl.col("episode_id").is_in(list(shift.others)))["severe"]
    a, c = int(inside.sum()), int(outside.sum())
    p = float(fisher_exact(np.array([[a, len(inside) - a], [c, len(outside) - c]])).pvalue)
    return Separation(a, len(inside), c, len(outside), p) if p < P_SEPARATES else None


def describe(shift: UnitShift, separation: Separation | None) -> tuple[str, str]:
    """Say what was seen and how to declare it.

    Sites and files are named; values and identifiers are not.

    Returns
    -------
    tuple of str
        The message and the action.
    """
    seen = f"{_subject(shift)} {_claim(shift)}; {_extent(shift)}."
    message = f"{separation} {seen}" if separation else seen
    return message, _action(shift)


def _subject(shift: UnitShift) -> str:
    if shift.site is not None:
        return f"{shift.analyte} of site {shift.site!r}"
    if shift.file is not None:
        return f"{shift.analyte} of file {shift.file!r}"
    return f"{shift.analyte} of {'single rows' if shift.kind == 'scattered' else 'a block'}"


def _claim(shift: UnitShift) -> str:
    if shift.kind == "declared":
        return f"is declared to be in {shift.likely_unit}"
    units = f"stated {shift.stated_unit}, likely {' or '.join(_units(shift))}"
    times = max(shift.factor, 1 / shift.factor)
    if times > NEAREST_FACTOR:
        return f"looks {times:.3g} times too {'low' if shift.factor > 1 else 'high'}: {units}"
    return f"looks impossible as stated: {units}"


def _units(shift: UnitShift) -> tuple[str, ...]:
    return (shift.likely_unit, *shift.alternatives)


def _extent(shift: UnitShift) -> str:
    rows = "1 row" if shift.count == 1 else f"{shift.count} rows"
    number = len(shift.episodes)
    episodes = "1 episode" if number == 1 else f"{number} episodes"
    shown = shift.stretches[:STRETCHES_SHOWN]
    where = ", ".join(
        f"row {first} of {file}" if first == last else f"rows {first} to {last} of {file}"
        for file, first, last in shown
    )
    more = len(shift.stretches) - len(shown)
    return f"{rows} of {episodes}, {where}" + (f" and {more} more stretches" if more else "")


def _action(shift: UnitShift) -> str:
    if shift.kind == "declared":
        return "Ask whether the patients of these rows differ in more than the unit."
    places: list[dict[str, Any]] = [{"site": shift.site}]
    if shift.site is None:
        places = [{"file": shift.file}]
    if shift.site is None and shift.file is None:
        places = [
            {"file": file, "rows": [first, last]}
            for file, first, last in shift.stretches[:STRETCHES_SHOWN]
        ]
    entries = [
        {"analyte": shift.analyte, "unit": shift.likely_unit}
        | place
        | {"because": "say here how it is known"}
        for place in places
    ]
    declared = {"handling": {"unit_corrections": entries}}
    line = yaml.safe_dump(declared, default_flow_style=True, sort_keys=False, width=float("inf"))
    more = len(shift.stretches) - len(places) if shift.kind in ("block", "scattered") else 0
    rest = f" and {more} more entries like these" if more > 0 else ""
    return f"Ask the laboratory, then correct the source or declare it{rest}: {line.strip()}"

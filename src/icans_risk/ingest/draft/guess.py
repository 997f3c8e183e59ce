"""Guess what the tables of an export are: which holds what, in which columns, on which clock."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from icans_risk.cohort import EPISODES
from icans_risk.errors import CohortError
from icans_risk.ingest.draft.peek import Peek
from icans_risk.ingest.draft.synonyms import Match, column_meaning, header_clock, match_analyte

__all__ = ["GRADES", "TIMES", "ClockGuess", "Role", "TableGuess", "guess_tables"]

Role = Literal["infusions", "long", "wide", "grades"]

GRADES = ("icans_grade", "crs_grade", "tian_grade", "ice_total", "capd_total")
TIMES: Mapping[Role, tuple[str, ...]] = {
    "infusions": ("infused", "followed_until", "discharged", "died"),
    "long": ("collected", "available"),
    "wide": ("collected", "available"),
    "grades": ("assessed", "available"),
}
_OF_AN_INFUSION = frozenset({*TIMES["infusions"], "product", "target_antigen"})
_ISO = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$"
_ZONED = r"(Z|\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*[+-]\d{2}:?\d{2})$"
_BARE = r"^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$"
_NUMBER = r"^[+-]?\d+([.,]\d+)?$"
_DATA = re.compile(r"[<>]?\s*[+-]?\d[\d.,:/ -]*")
# Of the rows that tell something, this share must agree; the rest are faults of the export.
_MOST = 0.9


@dataclass(frozen=True)
class ClockGuess:
    """What the time columns of a table hold.

    Attributes
    ----------
    kind : str or None
        A clock of the study file; None where the data do not tell.
    is_zoned : bool
        Whether calendar times state their offset.
    is_iso : bool
        Whether calendar times are written year first.
    is_split : bool
        Whether the hour of the day stands in a column of its own.
    left_out : tuple of str
        Meanings of time columns that are on another clock.
    """

    kind: str | None = None
    is_zoned: bool = False
    is_iso: bool = True
    is_split: bool = False
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableGuess:
    """What one table, in one file or in several with the same header, most probably is.

    Attributes
    ----------
    peeks : tuple of Peek
        Its files.
    cells : DataFrame of String
        The first rows of all.
    role : str
        What it holds.
    columns : mapping of str to str
        Meanings and the headers that have them.
    clock : ClockGuess
        Of its time columns.
    analytes : mapping of str to Match
        Of a wide table: headers and what they mean.
    strange : tuple of str
        Of a wide table: headers of numbers that were not recognised.
    """

    peeks: tuple[Peek, ...]
    cells: pl.DataFrame
    role: Role
    columns: Mapping[str, str]
    clock: ClockGuess
    analytes: Mapping[str, Match]
    strange: tuple[str, ...]

    @property
    def key(self) -> str | None:
        """Meaning of the column by which its rows belong to somebody."""
        return next((name for name in ("episode", "patient") if name in self.columns), None)


def guess_tables(peeks: Sequence[Peek]) -> list[TableGuess]:
    """Guess what every table is; files with the same header are one table.

    Parameters
    ----------
    peeks : sequence of Peek
        The first rows of all files.

    Returns
    -------
    list of TableGuess
        In the order of the files, without the sheets of a workbook that hold something else.

    Raises
    ------
    CohortError
        If a table has no header, or a file has nothing that a study needs.
    """
    groups: dict[tuple[object, ...], list[Peek]] = {}
    for found in peeks:
        _check_header(found)
        same = (*found.cells.columns, found.encoding, found.delimiter, found.sheet)
        groups.setdefault(same, []).append(found)
    tables = [guess for group in groups.values() if (guess := _guess(tuple(group))) is not None]
    known = {found.file for table in tables for found in table.peeks}
    for found in peeks:
        if found.file not in known:
            raise CohortError(
                f"{found.file.name}: expected infusions (a patient with a product or the time of "
                "infusion), results (an analyte and a value, or a column for each analyte) or "
                "grades (a time and an ICANS grade), recognised none. Rename its columns, or "
                "write its part of the study file by hand."
            )
    return tables


def _check_header(found: Peek) -> None:
    # Where the header is missing, the first patient stands in its place.
    data = [name for name in found.cells.columns if _DATA.fullmatch(name)]
    if data:
        raise CohortError(
            f"{found.file.name}: expected names of columns in the first line, {len(data)} of "
            f"{found.cells.width} are numbers or dates. Add a header."
        )


def _guess(peeks: tuple[Peek, ...]) -> TableGuess | None:
    cells = pl.concat([found.cells for found in peeks])
    hours = [name for name in cells.columns if _share(cells[name].drop_nulls(), _BARE) > _MOST]
    columns = _meanings([name for name in cells.columns if name not in hours])
    others = [name for name in cells.columns if name not in columns.values()]
    if "analyte" not in columns:
        columns |= _analyte_column(cells, others)
    matches = {name: match_analyte(name) for name in others}
    analytes = {name: match for name, match in matches.items() if match is not None}
    role = _role(cells, columns, len(analytes))
    if role is None:
        return None
    columns = _for_role(columns, role)
    clocks = {
        name: _column_clock(peeks[0], cells[columns[name]].drop_nulls(), columns[name])
        for name in TIMES[role]
        if name in columns and cells[columns[name]].count()
    }
    clock = replace(_one_clock(clocks), is_split=bool(hours))
    columns = {name: header for name, header in columns.items() if name not in clock.left_out}
    # Headers are listed only where the table surely is one of measurements.
    strange = [n for n in others if n not in analytes and _is_numeric(cells[n])]
    return TableGuess(
        peeks, cells, role, columns, clock, analytes, tuple(strange) if role == "wide" else ()
    )


def _meanings(headers: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    # A column that is merely called "id" is the patient only where no other is.
    for header in sorted(headers, key=lambda name: name.casefold() == "id"):
        meaning = column_meaning(header)
        if meaning is not None:
            found.setdefault(meaning, header)
    return found


def _analyte_column(cells: pl.DataFrame, others: Sequence[str]) -> dict[str, str]:
    """Find a column of which most rows name an analyte."""
    for name in others:
        counts = cells[name].drop_nulls().value_counts()
        if 1 < counts.height < 1_000:
            known = [match_analyte(word) is not None for word in counts[name]]
            if counts["count"].filter(pl.Series(known)).sum() > 0.5 * cells.height:
                return {"analyte": name}
    return {}


def _role(cells: pl.DataFrame, columns: Mapping[str, str], analytes: int) -> Role | None:
    key = columns.get("episode", columns.get("patient"))
    if key is None:
        return None
    has_time = bool({"collected", "assessed"} & set(columns))
    graded = {"icans_grade", "tian_grade", "ice_total", "capd_total"} & set(columns)
    # Few patients are infused twice; a patient has many results and grades.
    of_infusions = bool(_OF_AN_INFUSION & set(columns)) and "value" not in columns
    if of_infusions and 2 * cells[key].n_unique() > cells.height:
        return "infusions"
    if {"analyte", "value"} <= set(columns) and has_time:
        return "long"
    if has_time and (graded or ("crs_grade" in columns and not analytes)):
        return "grades"
    return "wide" if has_time and analytes else None


def _for_role(columns: Mapping[str, str], role: Role) -> dict[str, str]:
    """Keep what belongs to the role, and let a plain "time" be the time of the role."""
    wanted = {"patient", "episode", *TIMES[role]}
    plain = columns.get("collected", columns.get("assessed"))
    if role == "infusions":
        wanted |= {name for name in EPISODES if not name.endswith(("_id", "_h"))}
        main = columns.get("infused", plain)
    else:
        main = columns.get(TIMES[role][0], plain)
    wanted |= {"long": {"analyte", "value", "unit", "assay", "specimen", "ordered_as"}}.get(
        role, {"scale", *GRADES} if role == "grades" else set()
    )
    kept = {name: header for name, header in columns.items() if name in wanted}
    return kept if main is None else {TIMES[role][0]: main} | kept


def _column_clock(found: Peek, texts: pl.Series, header: str) -> ClockGuess:
    if found.typed.get(header) is False:
        return ClockGuess("calendar", is_zoned=header in found.aware)
    if _share(texts, _ISO) > _MOST:
        return ClockGuess("calendar", is_zoned=_share(texts, _ZONED) > _MOST)
    if _is_numeric(texts):
        return ClockGuess(header_clock(header))
    return ClockGuess("calendar", is_iso=False)


def _one_clock(clocks: Mapping[str, ClockGuess]) -> ClockGuess:
    """Take the clock of the first time column; those on another one are left out."""
    if not clocks:
        return ClockGuess()
    main = next(iter(clocks.values()))
    odd = tuple(name for name, clock in clocks.items() if clock.kind != main.kind)
    zoned = all(clock.is_zoned for name, clock in clocks.items() if name not in odd)
    return ClockGuess(main.kind, zoned, main.is_iso, left_out=odd)


def _share(texts: pl.Series, pattern: str) -> float:
    """Say which share of the texts, of which none is empty, matches a pattern."""
    return int(texts.str.contains(pattern).sum()) / max(len(texts), 1)


def _is_numeric(texts: pl.Series) -> bool:
    return _share(texts.drop_nulls(), _NUMBER) > _MOST

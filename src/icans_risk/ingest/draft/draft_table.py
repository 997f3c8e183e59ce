"""Draft how one table is read: its files, clock, decimal sign and columns."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from icans_risk.ingest.draft.guess import TIMES, TableGuess
from icans_risk.ingest.draft.lines import FILL_IN, Lines, scalar
from icans_risk.ingest.draft.vocabulary import decimal_sign, identifiers_of, shared_words

__all__ = ["Context", "write_column", "write_file", "write_key"]


@dataclass(frozen=True)
class Context:
    """What all parts of a draft need to know.

    Attributes
    ----------
    tables : sequence of TableGuess
        All of them.
    folder : Path
        Where the study file will lie.
    lines : Lines
        The draft so far.
    """

    tables: Sequence[TableGuess]
    folder: Path
    lines: Lines = field(default_factory=Lines)

    @property
    def infusions(self) -> TableGuess | None:
        """The table that defines the episodes."""
        return next((table for table in self.tables if table.role == "infusions"), None)

    @property
    def identifiers(self) -> frozenset[str]:
        """Everything that identifies somebody, in small letters."""
        return identifiers_of(self.tables)


def write_file(context: Context, table: TableGuess) -> None:
    """Say where a table lies and how its text is read."""
    first, lines = table.peeks[0], context.lines
    names = [scalar(_relative(found.file, context.folder)) for found in table.peeks]
    lines.add(2, f"files: [{', '.join(names)}]")
    if first.sheet is not None:
        lines.add(2, f"sheet: {scalar(first.sheet)}", guess="")
    usual = "\t" if ".tsv" in first.file.name.lower() else ","
    if first.delimiter not in (None, usual):
        lines.add(2, f"delimiter: {scalar(first.delimiter or '')}", guess="")
    if first.encoding not in (None, "utf-8"):
        lines.add(2, f"encoding: {first.encoding}", guess="it is not UTF-8")
    _write_decimal(context, table)
    if any(name in table.columns for name in TIMES[table.role]):
        _write_clock(lines, table)


def _relative(file: Path, folder: Path) -> str:
    return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()


def _write_clock(lines: Lines, table: TableGuess) -> None:
    clock = table.clock
    if clock.kind is None:
        what = "hours, minutes or day_number since infusion? The header does not say"
        lines.add(2, f"clock: {FILL_IN}", todo=what)
    else:
        lines.add(2, f"clock: {clock.kind}", guess="")
    if not clock.is_iso:
        lines.remark(2, "dates are not written year first; export them as 2026-05-31 14:30")
    if clock.kind == "calendar" and not clock.is_zoned:
        what = "the zone of its clocks, as Europe/Berlin; no data can tell"
        lines.add(2, f"time_zone: {FILL_IN}", todo=what)
    if clock.is_split:
        lines.remark(2, "hours of the day stand apart; join date and hour as 2026-05-31 14:30")
    for name in clock.left_out:
        lines.remark(2, f"the column of {name} is on another clock than the rest and is left out")


def _write_decimal(context: Context, table: TableGuess) -> None:
    headers = [table.columns["value"]] if table.role == "long" else list(table.analytes)
    texts = [table.cells[n].drop_nulls() for n in headers if n not in table.peeks[0].typed]
    if not texts:
        return
    sign = decimal_sign(pl.concat([text.rename("text") for text in texts]))
    question = "point or comma? Its numbers could as well be grouped"
    if sign == "both":
        sign = _sign_of_each_site(context, table)
        question = "both signs occur; say which for each site, as {site_1: point, site_2: comma}"
    if sign is None:
        context.lines.add(2, f"decimal: {FILL_IN}", todo=question)
    elif sign != "point":
        context.lines.add(2, f"decimal: {sign}", guess="")


def _sign_of_each_site(context: Context, table: TableGuess) -> str | None:
    """Find the sign of each site by the patients whom it treats."""
    infusions = context.infusions
    if infusions is None or "site" not in infusions.columns or table.role != "long":
        return None
    shared = [n for n in ("episode", "patient") if n in infusions.columns and n in table.columns]
    if not shared:
        return None
    site, key = infusions.columns["site"], shared[0]
    patients = infusions.cells.select(key=infusions.columns[key], site=site).unique("key")
    results = table.cells.select(key=table.columns[key], text=table.columns["value"])
    rows = results.join(patients, on="key").drop_nulls()
    names = sorted(patients["site"].drop_nulls().unique())
    sign_of = {name: decimal_sign(rows.filter(site=name)["text"]) for name in names}
    unsure = set(sign_of.values()) - {"point", "comma"}
    if unsure or set(names) - set(shared_words(infusions, site, context.identifiers)):
        return None
    return "{" + ", ".join(f"{scalar(name)}: {sign}" for name, sign in sign_of.items()) + "}"


def write_column(context: Context, table: TableGuess, name: str) -> None:
    """Map a meaning to its column, if the table has one."""
    if name in table.columns:
        context.lines.add(2, f"{name}: {scalar(table.columns[name])}", guess="")


def write_key(context: Context, table: TableGuess) -> None:
    """Map the column by which rows belong to episodes: the one that the infusions have."""
    known = {"patient", "episode"} if context.infusions is None else context.infusions.columns
    shared = [name for name in ("episode", "patient") if name in known and name in table.columns]
    if shared:
        write_column(context, table, shared[0])
        return
    context.lines.add(
        2, f"patient: {FILL_IN}", todo="no column has the identifiers of the table of infusions"
    )

"""Draft what the words and columns of a table of results mean."""

from collections.abc import Collection, Mapping

from icans_risk.catalogue import Conversion, load_catalogue
from icans_risk.cohort import ORDERED_AS
from icans_risk.ingest.draft.draft_table import Context, write_column, write_file, write_key
from icans_risk.ingest.draft.guess import GRADES, TableGuess
from icans_risk.ingest.draft.lines import FILL_IN, Lines, scalar
from icans_risk.ingest.draft.synonyms import Match, is_fluid, nearest_analytes
from icans_risk.ingest.draft.vocabulary import Words

__all__ = ["write_grades", "write_long", "write_wide"]


def write_long(context: Context, table: TableGuess, words: Words) -> None:
    """Draft a table with one row per result."""
    lines = context.lines
    lines.add(1, "- layout: long")
    write_file(context, table)
    write_key(context, table)
    for name in ("collected", "available", "analyte", "value", "unit", "assay", "specimen"):
        write_column(context, table, name)
    _write_order(context, table)
    if "specimen" in table.columns and is_fluid(table.cells[table.columns["specimen"]].unique()):
        lines.remark(2, "some rows are of cerebrospinal fluid; give these analytes their own words")
    if words.analytes and all(word == m.analyte for word, m in words.analytes.items()):
        lines.add(2, "# Its words are the catalogue's own names.")
    else:
        lines.add(2, "analytes:")
        needs_unit = words.without_unit if "unit" in table.columns else set(words.analytes)
        _write_choices(lines, words.analytes, needs_unit)
    lines.add(2, "others: refuse")
    _write_strange(lines, words.strange, words.hidden)


def _write_strange(lines: Lines, strange: Collection[str], hidden: int) -> None:
    if strange:
        lines.remark(
            2, f"words that mean nothing here: {len(strange)}; map them above or set others: ignore"
        )
        for word in strange:
            near = ", ".join(nearest_analytes(word))
            lines.add(2, f"#   {scalar(word)}" + (f"  (nearest: {near})" if near else ""))
    if hidden:
        lines.remark(2, f"words not shown, for want of patients: {hidden}; map or ignore them too")


def _write_order(context: Context, table: TableGuess) -> None:
    lines = context.lines
    if "ordered_as" not in table.columns:
        lines.add(2, "ordered_as: unknown", guess="protocol, if a schedule asked for the tests")
        return
    found = set(table.cells[table.columns["ordered_as"]].drop_nulls().unique())
    words = ", ".join(f"{word}: {word}" for word in ORDERED_AS if word in found)
    column = scalar(table.columns["ordered_as"])
    todo = "" if found <= set(ORDERED_AS) else f"say which words mean {', '.join(ORDERED_AS)}"
    mapping = f"ordered_as: {{column: {column}, words: {{{words}}}}}"
    lines.add(2, mapping, guess=None if todo else "", todo=todo)


def _write_choices(lines: Lines, choices: Mapping[str, Match], needs_unit: Collection[str]) -> None:
    catalogue = load_catalogue()
    for word, match in choices.items():
        name, units = match.analyte, catalogue[match.analyte].accepted_units
        if word not in needs_unit:
            lines.add(3, f"{scalar(word)}: {name}", guess="")
            continue
        # Where all ways to write the unit are one unit, there is nothing to choose.
        only = next(iter(units)) if set(units.values()) == {Conversion(factor=1)} else None
        unit = match.unit or only
        todo = "" if unit else "its unit: " + " or ".join(units)
        entry = f"{{analyte: {name}, unit: {scalar(unit or FILL_IN)}}}"
        lines.add(3, f"{scalar(word)}: {entry}", guess=None if todo else "", todo=todo)


def write_wide(context: Context, table: TableGuess) -> None:
    """Draft a table with one column per analyte."""
    lines = context.lines
    lines.add(1, "- layout: wide")
    write_file(context, table)
    write_key(context, table)
    time = "collected" if table.role == "wide" else "assessed"
    lines.add(2, f"collected: {scalar(table.columns[time])}", guess="")
    write_column(context, table, "available")
    lines.add(2, "ordered_as: unknown", guess="protocol, if a schedule asked for the tests")
    lines.add(2, "columns:")
    _write_choices(lines, table.analytes, set(table.analytes))
    if table.strange:
        lines.remark(2, "these columns of numbers mean nothing here and are left out")
        for header in table.strange:
            near = ", ".join(nearest_analytes(header))
            lines.add(2, f"#   {scalar(header)}" + (f"  (nearest: {near})" if near else ""))


def write_grades(context: Context, table: TableGuess) -> None:
    """Draft a table with one row per assessment."""
    lines = context.lines
    first = len(lines.text)
    write_file(context, table)
    lines.text[first] = lines.text[first].replace("    ", "  - ", 1)
    write_key(context, table)
    for name in ("assessed", "available"):
        write_column(context, table, name)
    if "scale" in table.columns:
        lines.add(2, f"scale: {{column: {scalar(table.columns['scale'])}}}", guess="")
    else:
        what = "ASTCT, CARTOX or CTCAE: on which scale were these graded?"
        lines.add(2, f"scale: {FILL_IN}", todo=what)
    lines.add(2, "grades:")
    for name in GRADES:
        if name in table.columns and table.cells[table.columns[name]].count():
            lines.add(3, f"{name}: {scalar(table.columns[name])}", guess="")

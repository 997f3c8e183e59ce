"""Draft the ``data`` block of a study file from what the tables of an export look like."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from icans_risk.cohort import EPISODES, SCALES
from icans_risk.ingest.draft.draft_table import Context, write_column, write_file
from icans_risk.ingest.draft.draft_words import write_grades, write_long, write_wide
from icans_risk.ingest.draft.guess import TIMES, TableGuess, guess_tables
from icans_risk.ingest.draft.lines import FILL_IN, Lines, scalar
from icans_risk.ingest.draft.peek import peek
from icans_risk.ingest.draft.synonyms import word_meaning
from icans_risk.ingest.draft.vocabulary import Words, long_words

__all__ = ["DataDraft", "draft_data"]


@dataclass(frozen=True)
class DataDraft:
    """The ``data`` block, and what a study can be made of.

    Attributes
    ----------
    lines : Lines
        The block.
    tables : tuple of TableGuess
        What each table is.
    analytes : frozenset of str
        Full names of what was found.
    scale : str or None
        Scale of the grades, where one column says one.
    """

    lines: Lines
    tables: tuple[TableGuess, ...]
    analytes: frozenset[str]
    scale: str | None

    def has(self, role: str, column: str) -> bool:
        """Tell whether a table of this role has a column of this meaning."""
        return any(table.role == role and column in table.columns for table in self.tables)


def draft_data(files: Sequence[Path], *, folder: Path) -> DataDraft:
    """Look at the first rows of tables and draft how they are read.

    No cell is repeated but words for analytes, units and sites that are known, or that
    several patients share.

    Parameters
    ----------
    files : sequence of Path
        CSV, TSV, XLSX or Parquet.
    folder : Path
        Where the study file will lie.

    Returns
    -------
    DataDraft
        Guesses are marked ``# guess``, what no data can tell is marked ``# TODO``.

    Raises
    ------
    CohortError
        If a file cannot be read or is nothing that a study needs.
    """
    context = Context(guess_tables([table for file in files for table in peek(file)]), folder)
    of_role = {
        role: [table for table in context.tables if table.role == role]
        for role in ("long", "wide", "grades")
    }
    words = [long_words(table, context.identifiers) for table in of_role["long"]]
    # A table of grades can hold measurements as well.
    wide = of_role["wide"] + [table for table in of_role["grades"] if table.analytes]
    context.lines.add(0, "data:")
    _write_infusions(context)
    if words or wide:
        context.lines.add(1, "results:")
    for table, found in zip(of_role["long"], words, strict=True):
        write_long(context, table, found)
    for table in wide:
        write_wide(context, table)
    _write_grades(context, of_role["grades"])
    _write_handling(context.lines, [*of_role["long"], *wide], words)
    matches = [*(m for w in words for m in w.analytes.values())]
    matches += [match for table in wide for match in table.analytes.values()]
    analytes = frozenset(match.analyte for match in matches)
    return DataDraft(context.lines, tuple(context.tables), analytes, _scale_of(of_role["grades"]))


def _write_infusions(context: Context) -> None:
    lines, table = context.lines, context.infusions
    lines.add(1, "# One row per infusion: it defines the episodes.")
    lines.add(1, "infusions:")
    if table is None:
        what = "no table has one row per infusion; name yours, and its column of patients"
        lines.add(2, f"files: [{FILL_IN}]", todo=what)
        lines.add(2, f"patient: {FILL_IN}", todo="its column of patients")
        if len(context.tables) == 1 and context.tables[0].clock.kind == "day_number":
            lines.remark(
                2, "if the daily table below is the whole cohort, write data.daily instead"
            )
    else:
        write_file(context, table)
        for name in ("patient", "episode"):
            write_column(context, table, name)
        if "episode" not in table.columns and _is_repeated(table, "patient"):
            lines.remark(2, "some patients stand here twice; name the column of episodes")
        if "patient" not in table.columns:
            lines.add(2, f"patient: {FILL_IN}", todo="the column of patients")
    _write_infused(context, table)
    if table is not None:
        for name in TIMES["infusions"][1:]:
            write_column(context, table, name)
        _write_episodes(lines, table)


def _is_repeated(table: TableGuess, name: str) -> bool:
    return name in table.columns and bool(table.cells[table.columns[name]].is_duplicated().any())


def _write_infused(context: Context, table: TableGuess | None) -> None:
    if table is None or "infused" not in table.columns:
        if any(other.clock.kind == "calendar" for other in context.tables):
            what = "the column with the time of infusion: other times are calendar times"
            context.lines.add(2, f"infused: {FILL_IN}", todo=what)
        return
    write_column(context, table, "infused")
    texts = table.cells[table.columns["infused"]].drop_nulls()
    if table.clock.kind == "calendar" and not texts.str.contains(r"\d:\d\d").any():
        what = 'usual local hour of infusions, as "11:00": the table has dates only'
        context.lines.add(2, f"infused_at: {FILL_IN}", todo=what)


def _write_episodes(lines: Lines, table: TableGuess) -> None:
    """Map further columns; only words that are known anyway are repeated."""
    columns = [name for name in EPISODES if name in table.columns]
    if columns:
        lines.add(1, "episodes:")
    for name in columns:
        found = table.cells[table.columns[name]].drop_nulls().unique().sort()
        meant = {word: word_meaning(word, column=name) for word in found}
        changed = {word: own for word, own in meant.items() if own is not None and own != word}
        words = ", ".join(f"{scalar(word)}: {own}" for word, own in changed.items())
        entry = f"column: {scalar(table.columns[name])}" + (f", words: {{{words}}}" * bool(words))
        lines.add(2, f"{name}: {{{entry}}}", guess="")
        known = {own for own in meant.values() if own is not None}
        strange = sum(own is None for own in meant.values())
        if known and strange:
            lines.remark(2, f"words of {name} that are not known: {strange}; they stay as they are")
        allowed = EPISODES[name].values
        if allowed and set(found) - set(changed) - set(allowed):
            lines.remark(2, f"say in words which word of {name} means {' or '.join(allowed)}")


def _write_grades(context: Context, tables: Sequence[TableGuess]) -> None:
    if tables:
        context.lines.add(1, "grades:")
    else:
        context.lines.remark(1, "no table has ICANS grades; without them there is no outcome")
    for table in tables:
        write_grades(context, table)


def _write_handling(lines: Lines, tables: Sequence[TableGuess], words: Sequence[Words]) -> None:
    lines.add(1, "handling:")
    lines.add(2, "quarantine_at_most: 0.02  # share of rows that may be unusable")
    if any(_lacks_times(table) for table in tables):
        what = "a result without a time of its own is known after the usual turnaround"
        lines.add(2, "availability: {policy: catalogue_turnaround}", guess=what)
    units = {text: unit for found in words for text, unit in found.units.items()}
    if units:
        lines.add(2, "units:  # as the source writes them, and what they mean")
    for text, unit in sorted(units.items()):
        lines.add(3, f"{scalar(text)}: {scalar(unit)}", guess="")
    strange = sorted({scalar(text) for found in words for text in found.strange_units})
    if strange:
        lines.remark(2, f"units that do not fit their analyte: {', '.join(strange)}")
    hidden = sum(found.hidden_units for found in words)
    if hidden:
        lines.remark(2, f"further units that do not fit, not shown: {hidden}")


def _lacks_times(table: TableGuess) -> bool:
    available = table.columns.get("available")
    return available is None or table.cells[available].null_count() > 0


def _scale_of(tables: Sequence[TableGuess]) -> str | None:
    columns = [table.cells[table.columns["scale"]] for table in tables if "scale" in table.columns]
    found = {word for column in columns for word in column.drop_nulls().unique()}
    return found.pop() if len(found) == 1 and found <= set(SCALES) else None

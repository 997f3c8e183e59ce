"""What a table of results needs as a whole: units, limits, versions, platforms, a budget."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from icans_risk.catalogue import load_catalogue
from icans_risk.errors import CohortError
from icans_risk.ingest.frames import usable
from icans_risk.ingest.pipeline import WORDS, Collected
from icans_risk.ingest.presence import SMALL
from icans_risk.ingest.quality import ROWS_KEPT, QualityReport, Severity
from icans_risk.ingest.shifts.outcome import declared_blocks, describe, separates_outcome
from icans_risk.ingest.shifts.search import find_unit_shifts
from icans_risk.ingest.stages.assays import assay_problems, choose_assays
from icans_risk.ingest.stages.limits import check_limits
from icans_risk.ingest.stages.units import refuse_unitless, refuse_unmet_corrections
from icans_risk.ingest.stages.versions import resolve_versions
from icans_risk.study.handling import Handling

__all__ = ["check_budget", "check_platforms", "check_units", "finish_groups", "note_finished"]

SHIFT_COLUMNS = (
    "file", "row", "episode_id", "site", "analyte", "value", "unit_read", "collected_h", "censored",
)  # fmt: skip

# What is worth a word about rows that were not set aside.
FINISHED: Mapping[str, tuple[Severity, pl.Expr, str, str]] = {
    "missing_result": (
        "note", usable() & pl.col("missing").is_not_null(),
        "A row has no result, or a word that stands for none.", "Left out.",
    ),
    "duplicate_result": (
        "note", pl.col("duplicate"),
        "A result stands more than once, or was reported again unchanged.", "Used once.",
    ),
    "superseded_result": (
        "warning", pl.col("superseded"),
        "Two different results of one sample became available together.",
        "The one that handling.same_sample names was used.",
    ),
    "corrected_result": (
        "note", usable() & (pl.col("version") > 0),
        "A result was corrected later.",
        "Both versions are kept: at a landmark the one counts that was known by then.",
    ),
    "unusual_value": (
        "warning", usable() & pl.col("unusual"),
        "A value lies outside the catalogue's soft limits.", "Used. Look at them.",
    ),
}  # fmt: skip


def check_units(
    collected: Collected, handling: Handling, *, severe: pl.DataFrame, quality: QualityReport
) -> None:
    """Look for columns without units and for values silently in another unit.

    Parameters
    ----------
    collected : Collected
        All rows.
    handling : Handling
        Declared corrections of units.
    severe : DataFrame
        ``episode_id`` and ``severe``: who reached the endpoint. A block of units that
        separates the outcome is said first on every page, whether mended or not.
    quality : QualityReport
        Receives errors and headlines.
    """
    catalogue = load_catalogue()
    try:
        refuse_unitless(collected.select("file", "analyte", "unit_read", "reason"), catalogue)
        refuse_unmet_corrections(collected.select("file", "row", "site", "analyte"), handling)
    except CohortError as error:
        quality.refuse(error)
    rows = _usable(collected, SHIFT_COLUMNS)
    shifts = find_unit_shifts(rows, catalogue)
    for shift in [*shifts, *declared_blocks(rows, handling.unit_corrections)]:
        separation = separates_outcome(shift, severe)
        message, action = describe(shift, separation)
        if separation is not None:
            quality.headlines.append(message)
        if shift.kind == "declared":
            continue
        quality.add(
            "mixed_units", "error", shift.rows, count=shift.count,
            where=(", ".join(sorted({file for file, _, _ in shift.stretches})), "", shift.analyte),
            message=message, action=action,
        )  # fmt: skip


def check_platforms(collected: Collected, handling: Handling, *, quality: QualityReport) -> None:
    """Add an error for each analyte whose platforms would be pooled without a word."""
    rows = _usable(collected, ("file", "row", "episode_id", "analyte", "assay"))
    rows = rows.with_columns(pl.col("file", "analyte", "assay").cast(pl.String))
    people = rows.group_by("assay").agg(episodes=pl.col("episode_id").n_unique())
    rare = set(people.filter((pl.col("assay") != "") & (pl.col("episodes") < SMALL))["assay"])
    for problem in assay_problems(rows, handling, load_catalogue(), rare=rare):
        quality.add(
            "mixed_platforms", "error", problem.rows, count=problem.count,
            where=(problem.file, "", problem.analyte),
            message=problem.message, action=problem.action,
        )  # fmt: skip


def check_budget(collected: Collected, handling: Handling, *, quality: QualityReport) -> None:
    """Add an error if more rows were set aside than the study allows."""
    if quality.errors:
        # What made the errors set rows aside as well: it has been said.
        return
    bad, total = len(collected.quarantine.rows), quality.counts.get("rows_read", 0)
    share = bad / total if total else 0.0
    if share > handling.quarantine_at_most:
        quality.add(
            "too_much_quarantined", "error", (), count=bad,
            where=(", ".join(_words(collected.quarantine.rows["file"])), "", ""),
            message=(
                f"{bad:,} of {total:,} rows ({share:.1%}) were set aside, more than the "
                f"{handling.quarantine_at_most:.1%} that handling.quarantine_at_most allows."
            ),
            action="Mend the causes of what was set aside, or raise the share on purpose.",
        )  # fmt: skip


def finish_groups(collected: Collected, handling: Handling) -> Iterator[pl.DataFrame]:
    """Take each group of episodes through limits, versions and platforms.

    Yields
    ------
    DataFrame
        All rows of a group, words coded: usable ones with ``version``, ``duplicate``,
        ``superseded`` and ``unusual``, the others as they were. The group is released from
        ``collected``.
    """
    catalogue = load_catalogue()
    for number, parts in enumerate(collected.groups):
        collected.groups[number] = []
        rows = pl.concat(parts).with_columns(pl.col(name).cast(pl.String) for name in WORDS)
        is_result = usable() & pl.col("missing").is_null()
        rest = rows.filter(~is_result)
        rows = check_limits(rows.filter(is_result), catalogue)
        done = pl.concat([_resolve(rows, handling), rest], how="diagonal")
        yield done.with_columns(pl.col(name).cast(pl.Categorical) for name in WORDS)


def note_finished(groups: Sequence[pl.DataFrame], quality: QualityReport) -> None:
    """Say how many rows were repeated, corrected, unusual, or without a result.

    Parameters
    ----------
    groups : sequence of DataFrame
        From ``finish_groups``.
    quality : QualityReport
        Receives the findings.
    """
    for code, (severity, is_so, message, action) in FINISHED.items():
        rows = pl.concat(rows.filter(is_so).select("file", "row", "column") for rows in groups)
        columns = _words(rows["column"])
        quality.add(
            code, severity, rows["row"].head(ROWS_KEPT), count=len(rows),
            # Of a wide table every column may be concerned: the table of analytes tells them.
            where=(", ".join(_words(rows["file"])), "", columns[0] if len(columns) == 1 else ""),
            message=message, action=action,
        )  # fmt: skip


def _words(cells: pl.Series) -> list[str]:
    return sorted(cells.cast(pl.String).unique())


def _resolve(rows: pl.DataFrame, handling: Handling) -> pl.DataFrame:
    possible = rows.filter(usable())
    resolved = resolve_versions(possible, handling)
    chosen = choose_assays(resolved, handling, load_catalogue())
    return pl.concat([chosen, rows.filter(~usable())], how="diagonal")


def _usable(collected: Collected, columns: tuple[str, ...]) -> pl.DataFrame:
    wanted = tuple(dict.fromkeys((*columns, "reason", "missing")))
    rows = collected.select(*wanted).filter(usable() & pl.col("missing").is_null())
    return rows.select(columns)

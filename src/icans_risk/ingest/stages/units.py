"""Every value in the canonical unit of its analyte, by the unit that is stated for it."""

from collections.abc import Mapping

import polars as pl

from icans_risk.catalogue import Analyte, Conversion
from icans_risk.errors import CohortError
from icans_risk.ingest.files.raw_table import show_rows
from icans_risk.ingest.frames import usable
from icans_risk.ingest.stages.unit_text import read_unit
from icans_risk.study.handling import Handling, UnitCorrection

__all__ = ["convert_units", "refuse_unitless", "refuse_unmet_corrections"]

_PAIR = ("analyte", "stated", "is_corrected")
_CONVERSIONS = pl.Schema(
    {
        "analyte": pl.String,
        "stated": pl.String,
        "is_corrected": pl.Boolean,
        "unit_read": pl.String,
        "factor": pl.Float64,
        "offset": pl.Float64,
        "problem": pl.String,
    }
)


def convert_units(
    frame: pl.DataFrame, handling: Handling, catalogue: Mapping[str, Analyte]
) -> pl.DataFrame:
    """Convert every value to the canonical unit of its analyte.

    A unit is never guessed from the size of a value. A value without a unit is taken as
    canonical only where all units of its analyte are the same.

    Parameters
    ----------
    frame : DataFrame
        Results with ``value``; it may be one chunk of a file.
    handling : Handling
        Its ``units`` and ``unit_corrections``, which override what is written.
    catalogue : mapping of str to Analyte
        What each analyte accepts.

    Returns
    -------
    DataFrame
        With ``value`` converted and ``unit_read``, the accepted unit it was in. ``reason``
        is set where there is no unit, or an unknown one.

    Raises
    ------
    CohortError
        If a correction names a unit that its analyte does not accept, or two corrections
        name the same row.

    See Also
    --------
    refuse_unitless, refuse_unmet_corrections : What only all chunks together can show.
    """
    has_value = usable() & pl.col("value").is_not_null()
    correction = _corrections(frame, handling, catalogue)
    written = pl.when(pl.col("unit").str.strip_chars() != "").then("unit")
    frame = frame.with_columns(
        is_corrected=has_value & correction.is_not_null(),
        stated=pl.when(has_value).then(pl.coalesce(correction, written)),
    )
    pairs = frame.filter(has_value).select(_PAIR).unique()
    read = [
        (*pair, *_read(*pair, words=handling.units, catalogue=catalogue))
        for pair in pairs.iter_rows()
    ]
    conversions = pl.DataFrame(read, schema=_CONVERSIONS, orient="row")
    frame = frame.join(conversions, on=_PAIR, how="left", nulls_equal=True, maintain_order="left")
    converted = (pl.col("value") + pl.col("offset")) * pl.col("factor")
    return frame.with_columns(
        value=pl.when(has_value).then(converted).otherwise("value"),
        unit_read=pl.when(has_value).then("unit_read"),
        reason=pl.when(has_value).then("problem").otherwise("reason"),
    ).drop("is_corrected", "stated", "factor", "offset", "problem")


def refuse_unitless(rows: pl.DataFrame, catalogue: Mapping[str, Analyte]) -> None:
    """Refuse a file that states no unit for any value of an analyte that needs one.

    Parameters
    ----------
    rows : DataFrame
        ``file``, ``analyte``, ``unit_read`` and ``reason`` of all rows after
        ``convert_units``, from all chunks.
    catalogue : mapping of str to Analyte
        What each analyte accepts.

    Raises
    ------
    CohortError
        If there is such a file.
    """
    without = pl.col("reason") == "no_unit"
    with_unit = pl.col("unit_read").is_not_null() | (pl.col("reason") == "unknown_unit")
    counts = rows.group_by("file", "analyte", maintain_order=True).agg(
        without=without.sum(), with_unit=with_unit.sum()
    )
    bad = counts.filter((pl.col("without") > 0) & (pl.col("with_unit") == 0))
    if bad.height:
        file, analyte, count, _ = bad.row(0)
        more = f" {bad.height - 1} more analytes are without units." if bad.height > 1 else ""
        raise CohortError(
            f"{file}: expected a unit for {analyte}, one of "
            f"{list(catalogue[analyte].accepted_units)}; none of its {count} values states one. "
            f"Name the column of units, or the analyte's unit in the study file.{more}"
        )


def refuse_unmet_corrections(rows: pl.DataFrame, handling: Handling) -> None:
    """Refuse a correction of units that meets no row.

    Parameters
    ----------
    rows : DataFrame
        ``file``, ``row``, ``site`` and ``analyte`` of all rows, from all chunks.
    handling : Handling
        Its ``unit_corrections``.

    Raises
    ------
    CohortError
        If there is such a correction.
    """
    for number, correction in enumerate(handling.unit_corrections, start=1):
        if not rows.select(_is_named(correction).any()).item():
            raise CohortError(
                f"handling.unit_corrections, entry {number} ({correction.analyte}): expected rows "
                "of its site or file, found none. Correct the entry, or remove it."
            )


def _read(
    analyte: str,
    stated: str | None,
    is_corrected: bool,
    *,
    words: Mapping[str, str],
    catalogue: Mapping[str, Analyte],
) -> tuple[str | None, float | None, float | None, str | None]:
    """Return the accepted unit, its factor and offset, and what is wrong."""
    entry = catalogue[analyte]
    if stated is None:
        is_plain = set(entry.accepted_units.values()) == {Conversion(factor=1)}
        unit, problem = (entry.unit if is_plain else None), "no_unit"
    else:
        # A correction names a unit itself, not a word of the site.
        unit, problem = read_unit(stated, entry, {} if is_corrected else words), "unknown_unit"
    if unit is None:
        return None, None, None, problem
    conversion = entry.accepted_units[unit]
    return unit, conversion.factor, conversion.offset, None


def _corrections(
    frame: pl.DataFrame, handling: Handling, catalogue: Mapping[str, Analyte]
) -> pl.Expr:
    """Name the unit that a correction states for a row, null for most."""
    if not handling.unit_corrections:
        return pl.lit(None, pl.String)
    for correction in handling.unit_corrections:
        entry = catalogue[correction.analyte]
        if read_unit(correction.unit, entry, {}) is None:
            raise CohortError(
                f"handling.unit_corrections: expected one of {list(entry.accepted_units)} for "
                f"{correction.analyte}, got {correction.unit!r}. Correct the study file."
            )
    named = [_is_named(correction) for correction in handling.unit_corrections]
    twice = frame.filter(pl.sum_horizontal(named) > 1)
    if twice.height:
        raise CohortError(
            f"{twice['file'].first()!s}: expected at most one of handling.unit_corrections for a "
            f"row, {twice.height} ({show_rows(twice['row'].to_list())}) are named by several. "
            "Make their places exclude each other."
        )
    fixes = zip(named, handling.unit_corrections, strict=True)
    return pl.coalesce(pl.when(rows).then(pl.lit(fix.unit)) for rows, fix in fixes)


def _is_named(correction: UnitCorrection) -> pl.Expr:
    if correction.site is not None:
        place = pl.col("site") == correction.site
    else:
        place = pl.col("file") == correction.file
    if correction.rows is not None:
        place &= pl.col("row").is_between(*correction.rows)
    return ((pl.col("analyte") == correction.analyte) & place).fill_null(False)

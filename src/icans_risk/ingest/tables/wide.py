"""Tables with one row per time and one column per analyte."""

from collections.abc import Iterator

import polars as pl

from icans_risk.ingest.files.opening import open_table
from icans_risk.ingest.frames import CHUNK_ROWS, RAW
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.tables.measured import key_column, shared, shared_columns
from icans_risk.study.tables import AnalyteChoice, WideTable

__all__ = ["read_wide"]


def read_wide(source: WideTable, quality: QualityReport) -> Iterator[pl.DataFrame]:
    """Read a table with one row per time and one column per analyte.

    Parameters
    ----------
    source : WideTable
        Where it is and what its columns mean.
    quality : QualityReport
        ``counts["rows_read"]`` grows by the rows of the table, not by its results.

    Yields
    ------
    DataFrame
        Raw results, column by column; an empty cell is no result.

    Raises
    ------
    CohortError
        If a file cannot be read as declared.
    """
    chunks = open_table(
        source,
        columns=shared_columns(source),
        results=list(source.columns),
        identifiers=[key_column(source)],
    )
    rows_at_once = max(1, CHUNK_ROWS // len(source.columns))
    for chunk in chunks:
        quality.counts["rows_read"] = quality.counts.get("rows_read", 0) + len(chunk)
        for part in chunk.iter_slices(rows_at_once):
            columns = [_results(part, n, c, source=source) for n, c in source.columns.items()]
            yield pl.concat(columns)


def _results(
    part: pl.DataFrame, column: str, choice: AnalyteChoice, *, source: WideTable
) -> pl.DataFrame:
    text, number = pl.col(f"{column}.text"), pl.col(f"{column}.number")
    filled = part.filter(text.is_not_null() | number.is_not_null())
    return filled.select(
        "file",
        "row",
        column=pl.lit(column),
        analyte=pl.lit(choice.analyte),
        text=text,
        number=number,
        unit=pl.lit(choice.unit, pl.String),
        assay=pl.lit(choice.assay or ""),
        **shared(source),
    ).select(RAW.names())

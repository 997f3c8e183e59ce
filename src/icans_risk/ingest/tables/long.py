"""Tables with one row per result."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from icans_risk.catalogue import load_catalogue
from icans_risk.ingest.files.opening import open_table
from icans_risk.ingest.frames import RAW
from icans_risk.ingest.quality import ROWS_KEPT, QualityReport
from icans_risk.ingest.tables.measured import key_column, shared, shared_columns
from icans_risk.study.tables import LongTable

__all__ = ["read_long"]


def read_long(source: LongTable, quality: QualityReport) -> Iterator[pl.DataFrame]:
    """Read a table with one row per result.

    Parameters
    ----------
    source : LongTable
        Where it is and what its columns mean.
    quality : QualityReport
        ``counts["rows_read"]`` grows by the rows of the table. Rows whose word for the
        analyte is not listed become one finding for each file, after its last chunk: a note
        or, where the study refuses such words, an error.

    Yields
    ------
    DataFrame
        Raw results; a row without a result is kept, with neither text nor number.

    Raises
    ------
    CohortError
        If a file cannot be read as declared.
    """
    named = (source.unit, source.assay, source.specimen)
    chunks = open_table(
        source,
        columns=[*shared_columns(source), source.analyte, *(n for n in named if n is not None)],
        results=[source.value],
        identifiers=[key_column(source), source.analyte],
    )
    meanings, unlisted = _meanings(source), _Unlisted()
    for chunk in chunks:
        quality.counts["rows_read"] = quality.counts.get("rows_read", 0) + len(chunk)
        joined = chunk.join(
            meanings, left_on=source.analyte, right_on="_word", how="left", maintain_order="left"
        )
        is_listed = joined["_analyte"].is_not_null()
        unlisted.take(joined.filter(~is_listed), source.analyte)
        yield joined.filter(is_listed).select(**_raw(source)).select(RAW.names())
    unlisted.note(source, quality)


def _meanings(source: LongTable) -> pl.DataFrame:
    if not source.analytes:
        names = list(load_catalogue())
        return pl.DataFrame({"_word": names, "_analyte": names}).with_columns(
            _unit=pl.lit(None, pl.String), _assay=pl.lit(None, pl.String)
        )
    rows = [
        (word.strip(), choice.analyte, choice.unit, choice.assay)
        for word, choice in source.analytes.items()
    ]
    schema = dict.fromkeys(("_word", "_analyte", "_unit", "_assay"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _raw(source: LongTable) -> dict[str, pl.Expr]:
    platform = pl.coalesce(_words(source.assay), "_assay")
    return {
        "file": pl.col("file"),
        "row": pl.col("row"),
        "column": pl.lit(source.value),
        "analyte": pl.col("_analyte"),
        "text": pl.col(f"{source.value}.text"),
        "number": pl.col(f"{source.value}.number"),
        "unit": pl.coalesce(_words(source.unit), "_unit"),
        # Plasma, serum and CSF of one analyte are different measurements.
        "assay": pl.concat_str(
            platform, _words(source.specimen), separator=", ", ignore_nulls=True
        ),
        **shared(source),
    }


def _words(column: str | None) -> pl.Expr:
    return pl.lit(None, pl.String) if column is None else pl.col(column).cast(pl.String)


@dataclass
class _Unlisted:
    """Rows whose word for the analyte the study file does not list, by file."""

    counts: dict[str, int] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)
    words: dict[str, set[str | None]] = field(default_factory=dict)

    def take(self, frame: pl.DataFrame, column: str) -> None:
        if frame.is_empty():
            return
        file = str(frame["file"][0])
        self.counts[file] = self.counts.get(file, 0) + len(frame)
        rows = self.rows.setdefault(file, [])
        rows += frame["row"].head(ROWS_KEPT - len(rows)).to_list()
        self.words.setdefault(file, set()).update(frame[column].unique().to_list())

    def note(self, source: LongTable, quality: QualityReport) -> None:
        """Count them. The words themselves may be free text and are not repeated."""
        refused = source.others == "refuse"
        for file, count in self.counts.items():
            distinct = len(self.words[file])
            quality.add(
                "unmapped_words",
                "error" if refused else "note",
                self.rows[file],
                count=count,
                where=(file, source.sheet or "", source.analyte),
                message=f"{distinct:,} different words name an analyte that is not listed.",
                action="List them under 'analytes', or set others: ignore."
                if refused
                else "Left out.",
            )

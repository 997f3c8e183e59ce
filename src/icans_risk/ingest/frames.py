"""The one frame that every reader of results hands on, and how rows of it are set aside.

Readers of long and wide tables, of MEDS and of OMOP each make *raw results*: one row per
result, words as they stand in the source, nothing interpreted. The stages after them add
columns and set ``reason`` on rows that cannot be used; a row that has a reason is left alone
by every later stage, and ends in quarantine.
"""

import polars as pl

__all__ = ["CLOCKS", "RAW", "set_aside", "usable"]

# Rows that one chunk of a large file holds; memory is a small multiple of it.
CHUNK_ROWS = 1_000_000

RAW = pl.Schema(
    {
        "file": pl.String,  # name of the file, without its folder
        "row": pl.Int64,  # as a spreadsheet shows it: the header is row 1
        "column": pl.String,  # where the result stands
        "key": pl.String,  # patient or episode, blanks removed
        "analyte": pl.String,  # full name in the catalogue
        "text": pl.String,  # the result where the source holds text
        "number": pl.Float64,  # the result where the source holds numbers
        "unit": pl.String,  # as written; null where nothing is written
        "collected": pl.String,  # as written; Float64 or Datetime where the source is typed
        "available": pl.String,  # the same; null where nothing is written
        "ordered_as": pl.String,  # one of cohort.ORDERED_AS
        "assay": pl.String,  # platform and specimen as written; "" where unknown
    }
)

# The same frame after times were read: both clocks in hours since infusion.
CLOCKS = ("collected_h", "available_h")


def usable() -> pl.Expr:
    """Say which rows have no reason to be set aside."""
    return pl.col("reason").is_null()


def set_aside(frame: pl.DataFrame, bad: pl.Expr, *, reason: str) -> pl.DataFrame:
    """Give bad rows a reason, unless they have one already.

    Examples
    --------
    >>> rows = pl.DataFrame({"value": [1.0, -5.0]}).with_columns(reason=pl.lit(None, pl.String))
    >>> set_aside(rows, pl.col("value") < 0, reason="impossible_value")["reason"].to_list()
    [None, 'impossible_value']
    """
    mark = pl.when(usable() & bad.fill_null(False)).then(pl.lit(reason)).otherwise("reason")
    return frame.with_columns(reason=mark)

"""What long and wide tables of results share: who, when, and why a test was ordered."""

import polars as pl

from icans_risk.study.tables import LongTable, OrderedAsColumn, WideTable

__all__ = ["key_column", "shared", "shared_columns"]

Measured = LongTable | WideTable


def key_column(source: Measured) -> str:
    """Name the column of the patient or the episode."""
    return str(source.patient if source.episode is None else source.episode)


def shared_columns(source: Measured) -> list[str]:
    """List the columns that every table of results has."""
    why = source.ordered_as.column if isinstance(source.ordered_as, OrderedAsColumn) else None
    named = (key_column(source), source.collected, source.available, why)
    return [name for name in named if name is not None]


def shared(source: Measured) -> dict[str, pl.Expr]:
    """Make the columns of raw results that do not depend on the analyte."""
    available = pl.lit(None, pl.String) if source.available is None else pl.col(source.available)
    return {
        "key": pl.col(key_column(source)),
        "collected": pl.col(source.collected),
        "available": available,
        "ordered_as": _ordered_as(source),
    }


def _ordered_as(source: Measured) -> pl.Expr:
    why = source.ordered_as
    if not isinstance(why, OrderedAsColumn):
        return pl.lit(why)
    words = pl.col(why.column).cast(pl.String)
    return words.replace_strict(why.words, default="unknown", return_dtype=pl.String)

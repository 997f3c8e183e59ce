"""Cells of any kind of file become text, numbers or times, and blanks become nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from icans_risk.errors import CohortError

__all__ = [
    "EXACT_BELOW",
    "Wanted",
    "as_objects",
    "by_type",
    "drop_empty",
    "refuse_rounded",
    "tidy",
]

# Spreadsheets keep fifteen digits of a number; a longer identifier has lost the others.
EXACT_BELOW = 10**15


@dataclass(frozen=True)
class Wanted:
    """Which columns to read.

    Attributes
    ----------
    columns : tuple of str
        Read as they are.
    results : tuple of str
        Read into two columns each, ``NAME.text`` and ``NAME.number``.
    identifiers : tuple of str
        Those of ``columns`` that name something: text, whatever the file's type says.
    """

    columns: tuple[str, ...]
    results: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every column of the file that is needed, once."""
        return tuple(dict.fromkeys((*self.columns, *self.results)))


def by_type(frame: pl.DataFrame, wanted: Wanted, *, where: str) -> pl.DataFrame:
    """Turn typed columns into what the stages read: text, Float64 or Datetime.

    Parameters
    ----------
    frame : DataFrame
        ``row`` and the columns as the file types them.
    wanted : Wanted
        What they are for.
    where : str
        The file, for errors.

    Returns
    -------
    DataFrame
        ``row``, the columns, and two columns for each result.

    Raises
    ------
    CohortError
        If a column holds lists, structures or bytes, or an identifier has lost digits.
    """
    schema = frame.schema
    _refuse_nested(schema, wanted, where=where)
    columns = [
        _identifier(frame, name, where=where)
        if name in wanted.identifiers
        else _column(name, schema[name])
        for name in wanted.columns
    ]
    results = [part for name in wanted.results for part in _result(name, schema[name])]
    return frame.select("row", *columns, *results)


def as_objects(frame: pl.DataFrame, wanted: Wanted, *, where: str) -> pl.DataFrame:
    """Turn typed columns into those whose cells are plain Python objects; whole numbers stay.

    Raises
    ------
    CohortError
        As in ``by_type``.
    """
    schema = frame.schema
    _refuse_nested(schema, wanted, where=where)
    columns = [
        _identifier(frame, name, where=where)
        if name in wanted.identifiers
        else _object(name, schema[name])
        for name in wanted.columns
    ]
    return frame.select("row", *columns)


def refuse_rounded(count: int, *, where: str, column: str) -> None:
    """Raise if so many identifiers are numbers with more digits than the file can hold."""
    if count:
        raise CohortError(
            f"{where}, column {column!r}: expected identifiers as text, {count} are numbers so "
            "large that the file has lost their last digits. Export the column as text."
        )


def _refuse_nested(schema: pl.Schema, wanted: Wanted, *, where: str) -> None:
    for name in wanted.names:
        if not _is_plain(schema[name]):
            raise CohortError(
                f"{where}, column {name!r}: expected text, numbers or times, found "
                f"{schema[name]}. Export it as one of them."
            )


def _identifier(frame: pl.DataFrame, name: str, *, where: str) -> pl.Expr:
    kind, column = frame.schema[name], pl.col(name)
    if kind.is_decimal():
        return column.cast(pl.String).str.replace(r"\.0+$", "")
    if not kind.is_float():
        return _text(name, kind)
    number = column.fill_nan(None)
    lost = frame.select(number.abs() >= EXACT_BELOW)[name].sum()
    refuse_rounded(int(lost or 0), where=where, column=name)
    digits = number.cast(pl.Int64, strict=False).cast(pl.String)
    return pl.when(number == number.floor()).then(digits).otherwise(number.cast(pl.String))


def _object(name: str, kind: pl.DataType) -> pl.Expr:
    if isinstance(kind, pl.Categorical | pl.Enum):
        return pl.col(name).cast(pl.String)
    if kind.is_decimal() or kind.is_float():
        return _column(name, kind)
    return pl.col(name)


def _is_plain(kind: pl.DataType) -> bool:
    words = (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Null)
    times = (pl.Datetime, pl.Date, pl.Time)
    return kind.is_numeric() or isinstance(kind, (*words, *times))


def _column(name: str, kind: pl.DataType) -> pl.Expr:
    if kind.is_numeric():
        return pl.col(name).cast(pl.Float64).fill_nan(None)
    return pl.col(name) if isinstance(kind, pl.Datetime) else _text(name, kind)


def _result(name: str, kind: pl.DataType) -> Iterator[pl.Expr]:
    text, number = pl.lit(None, pl.String), pl.lit(None, pl.Float64)
    if kind.is_numeric():
        number = pl.col(name).cast(pl.Float64).fill_nan(None)
    else:
        text = _text(name, kind)
    yield text.alias(f"{name}.text")
    yield number.alias(f"{name}.number")


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    if isinstance(kind, pl.Datetime):
        offset = "" if kind.time_zone is None else "%:z"
        return pl.col(name).dt.to_string(f"%Y-%m-%dT%H:%M:%S%.f{offset}")
    return pl.col(name).cast(pl.String)


def tidy(frame: pl.DataFrame, *, words: Sequence[str], keep: Sequence[str]) -> pl.DataFrame:
    """Strip text cells; an empty one is nothing, and so is one of ``words`` but in ``keep``."""
    cells = []
    for name in frame.select(pl.col(pl.String)).columns:
        cell = pl.col(name).str.strip_chars()
        nothing = ["", *words] if name not in keep else [""]
        cells.append(pl.when(~cell.is_in(nothing)).then(cell).alias(name))
    return frame.with_columns(cells)


def drop_empty(frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out rows that hold nothing but their number."""
    return frame.filter(pl.any_horizontal(pl.exclude("row").is_not_null()))

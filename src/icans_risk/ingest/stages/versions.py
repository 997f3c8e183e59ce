"""Which rows report the same sample: copies, corrected results, contradictions."""

from typing import Literal

import polars as pl

from icans_risk.ingest.frames import set_aside, usable
from icans_risk.study.handling import Handling

__all__ = ["resolve_versions"]

_SAMPLE = ("episode_id", "analyte", "assay", "collected_h")
_RESULT = ("value", "censored")
_TEXTS = ("episode_id", "analyte", "assay", "censored", "file", "column")
_VERDICTS = pl.Enum(["used", "duplicate", "superseded", "conflict"])


def resolve_versions(rows: pl.DataFrame, handling: Handling) -> pl.DataFrame:
    """Order the results of each sample into versions by when they became available.

    A sample is an episode, an analyte, an assay and a time of collection. A result that
    differs from the one before it and came later is a corrected result, a version of its
    own; one that repeats the result before it is a duplicate. Two different results that
    came together contradict each other, and ``handling.same_sample`` decides; two samples
    of one day, where a table knows only the day, are no different. Neither the order of
    the rows nor rows that were set aside bear on the answer.

    Parameters
    ----------
    rows : DataFrame
        Results with both clocks in hours, and where each stood in its source.
    handling : Handling
        Its ``same_sample``: of contradicting results the ``"first"`` or ``"last"`` by file
        and row is used, or with ``"refuse"`` none.

    Returns
    -------
    DataFrame
        The rows in their order. ``version`` counts from 0 and is null where a row is not
        used: it is a ``duplicate``, ``superseded`` by a row that contradicts it, or has a
        ``reason``, of which ``conflicting_results`` is set here.

    Examples
    --------
    >>> rows = pl.DataFrame({
    ...     "file": "crp.csv", "row": [2, 3, 4], "column": "value", "episode_id": "a",
    ...     "analyte": "plasma.crp", "assay": "", "collected_h": 8.0,
    ...     "available_h": [10.0, 10.0, 12.0], "value": [5.0, 5.0, 50.0], "censored": "",
    ...     "reason": pl.Series([None] * 3, dtype=pl.String),
    ... })
    >>> resolve_versions(rows, Handling()).select("value", "version", "duplicate").rows()
    [(5.0, 0.0, False), (5.0, None, True), (50.0, 1.0, False)]
    """
    places = pl.DataFrame({"place": pl.int_range(rows.height, eager=True, dtype=pl.UInt32)})
    verdicts = _judge(_repeated(rows), handling.same_sample)
    found = places.join(verdicts, on="place", how="left", maintain_order="left")
    # Without a verdict a row, unless set aside, is its sample's only one.
    marked = rows.with_columns(
        found["version"].fill_null(0.0), verdict=found["verdict"].fill_null("used")
    )
    marked = set_aside(marked, pl.col("verdict") == "conflict", reason="conflicting_results")
    return marked.with_columns(
        version=pl.when(usable() & (pl.col("verdict") == "used")).then("version"),
        duplicate=pl.col("verdict") == "duplicate",
        superseded=pl.col("verdict") == "superseded",
    ).drop("verdict")


def _repeated(rows: pl.DataFrame) -> pl.DataFrame:
    """Sort the usable rows of samples that have several, by availability and source."""
    # Numbers that sort as the texts do: texts themselves take ten times as long.
    coded = rows.select(
        *(
            pl.col(name).cast(pl.Enum(rows[name].drop_nulls().unique().sort())).to_physical()
            for name in _TEXTS
        ),
        *("row", "collected_h", "available_h", "value"),
        place=pl.int_range(pl.len(), dtype=pl.UInt32),
        is_usable=usable(),
    )
    several = coded.filter("is_usable").filter(pl.struct(_SAMPLE).is_duplicated())
    ordered = several.sort(*_SAMPLE, "available_h", "file", "row", "column")
    return ordered.select(
        *("place", *_RESULT),
        sample=pl.struct(_SAMPLE).rle_id(),
        report=pl.struct(*_SAMPLE, "available_h").rle_id(),
    )


def _judge(reports: pl.DataFrame, same_sample: Literal["refuse", "first", "last"]) -> pl.DataFrame:
    """Give each row its version, or say why it has none."""
    chosen = pl.col(_RESULT).last() if same_sample == "last" else pl.col(_RESULT).first()
    reports = reports.with_columns(chosen.over("report").name.prefix("chosen_"))
    agrees = pl.all_horizontal(pl.col(name) == pl.col(f"chosen_{name}") for name in _RESULT)
    is_settled = agrees.all().over("report") if same_sample == "refuse" else agrees
    reports = reports.with_columns(is_settled=is_settled)
    # The settled rows of a report agree, so that a copy, like a later report of the same
    # result, equals the row before it.
    settled = reports.filter("is_settled").with_columns(is_new=_is_new("sample", *_RESULT))
    number = pl.int_range(pl.len())
    count = number - pl.when(_is_new("sample")).then(number).forward_fill()
    parts = [
        settled.filter("is_new").select("place", verdict=pl.lit("used"), version=count),
        settled.filter(~pl.col("is_new")).select(
            "place", verdict=pl.lit("duplicate"), version=None
        ),
        reports.filter(~pl.col("is_settled")).select(
            "place",
            verdict=pl.lit("conflict" if same_sample == "refuse" else "superseded"),
            version=None,
        ),
    ]
    return pl.concat([part.cast({"verdict": _VERDICTS, "version": pl.Float64}) for part in parts])


def _is_new(*names: str) -> pl.Expr:
    differs = pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in names)
    return differs.fill_null(True)

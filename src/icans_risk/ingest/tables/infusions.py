"""The table of infusions: who is in the cohort, when each was infused, what is known of them."""

from collections.abc import Mapping

import pandas as pd
import polars as pl

from icans_risk.cohort import EPISODES
from icans_risk.errors import CohortError
from icans_risk.ingest.files.opening import read_small
from icans_risk.ingest.files.raw_table import RawTable, parse_numbers, show_rows
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.tables.episodes import fill_by_prefix
from icans_risk.ingest.tables.time_columns import hours_since, moments_of
from icans_risk.study.tables import Decimal, EpisodeColumn, Infusions

__all__ = ["INFUSION", "order_infusions", "read_infusions", "with_constants"]

# What the later stages know of an infusion, beside the columns of the episodes table.
INFUSION = ("patient_id", "episode_id", "infused", "reason", "position", "next_infusion_h")
TIMES = {"followed_until": "followed_until_h", "discharged": "discharged_h", "died": "died_h"}
# Dates end here, so that no cohort, model or report can hold one.
DATE_LIKE = r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}"
ANY_NUMBER = (-float("inf"), float("inf"))
SET_ASIDE = "The episode and its results were set aside. Correct the row."


def read_infusions(
    source: Infusions, columns: Mapping[str, EpisodeColumn], quality: QualityReport
) -> pl.DataFrame:
    """Read the table of infusions.

    Parameters
    ----------
    source : Infusions
        Where it is and what its columns mean.
    columns : mapping of str to EpisodeColumn
        Further columns of the episodes and where each comes from.
    quality : QualityReport
        Receives what was noticed.

    Returns
    -------
    DataFrame
        One row per infusion, in the order of the file: ``INFUSION``, where ``infused`` is UTC
        or null, ``reason`` says why an infusion cannot be used, and the columns of the
        episodes table that are known. ``row`` is its row in the file.

    Raises
    ------
    CohortError
        If the table is not as described, an episode stands twice, or a patient has several
        rows and no column tells the episodes apart.
    """
    table = read_small(
        source,
        columns=_wanted(source, columns),
        identifiers=[c for c in (source.patient, source.episode) if c is not None],
    )
    frame = _keys(table, source)
    table, frame = _drop_repeats(table, frame, quality)
    frame["infused"] = _infused(table, source)
    frame["reason"] = None
    if source.infused is not None:
        _set_aside_undated(frame, quality, where=table.at(source.infused))
    for role, name in TIMES.items():
        if (column := getattr(source, role)) is not None:
            frame[name] = hours_since(table, column, source, infused=frame["infused"])
            _set_aside_impossible(name, frame, quality, where=table.at(column))
    for name, choice in columns.items():
        frame[name] = _fill(
            name, choice, table, patient=frame["patient_id"], decimal=source.decimal
        )
        _set_aside_impossible(name, frame, quality, where=table.at(choice.column or ""))
    if "era" not in columns and source.infused is not None:
        frame["era"] = _year(frame["infused"], source.time_zone)
    quality.counts |= {"infusions_read": len(frame)}
    frame.insert(0, "row", frame.index)
    known = pl.from_pandas(frame, include_index=False)
    return order_infusions(known.with_columns(pl.col("infused").dt.replace_time_zone("UTC")))


def order_infusions(frame: pl.DataFrame) -> pl.DataFrame:
    """Add to each infusion its number and the time until the next one of the same patient.

    Parameters
    ----------
    frame : DataFrame
        ``patient_id``, ``episode_id``, ``infused`` and ``reason``.

    Returns
    -------
    DataFrame
        With ``position`` and ``next_infusion_h`` (null for the last of a patient).
    """
    infused = pl.col("infused").cast(pl.Datetime("us", "UTC"))
    following = pl.col("infused").shift(-1).over("patient_id", order_by="infused")
    return (
        frame.with_columns(infused, pl.col("reason").cast(pl.String))
        .with_row_index("position")
        .with_columns(next_infused=following)
        .with_columns(
            next_infusion_h=(pl.col("next_infused") - pl.col("infused")).dt.total_seconds() / 3600
        )
        .drop("next_infused")
    )


def with_constants(infusions: pl.DataFrame, columns: Mapping[str, EpisodeColumn]) -> pl.DataFrame:
    """Add columns of the episodes that a study gives as one value for all.

    Raises
    ------
    CohortError
        If a column is to come from a table: an archive has none of infusions.
    """
    sourced = sorted(name for name, choice in columns.items() if choice.value is None)
    if sourced:
        raise CohortError(
            f"episodes: an archive has no table of infusions, got columns for {sourced}. Give a "
            "value for all, or use a table ('infusions') instead of the archive."
        )
    values = {name: pl.lit(choice.value) for name, choice in columns.items()}
    return infusions.with_columns(**values)


def _wanted(source: Infusions, columns: Mapping[str, EpisodeColumn]) -> list[str]:
    roles = ("patient", "episode", "infused", *TIMES)
    named = [getattr(source, role) for role in roles]
    extra = [choice.column for choice in columns.values()]
    return list(dict.fromkeys(name for name in (*named, *extra) if name is not None))


def _keys(table: RawTable, source: Infusions) -> pd.DataFrame:
    patient = _identifiers(table, source.patient)
    episode = patient if source.episode is None else _identifiers(table, source.episode)
    return pd.DataFrame({"patient_id": patient, "episode_id": episode})


def _identifiers(table: RawTable, column: str) -> pd.Series:
    cells = table.cells[column]
    remedy = "Fill in the identifier, or remove the rows."
    table.refuse(column, cells.index[cells.isna()], expected="an identifier", remedy=remedy)
    return cells.map(str).astype("str")


def _drop_repeats(
    table: RawTable, frame: pd.DataFrame, quality: QualityReport
) -> tuple[RawTable, pd.DataFrame]:
    cells = table.cells.astype("object")
    repeated = cells.map(str).duplicated()
    quality.add(
        "repeated_infusion", "note", cells.index[repeated], where=table.at(""),
        message="An infusion stands more than once, with the same cells.",
        action="Used once.",
    )  # fmt: skip
    frame, kept = frame[~repeated], RawTable(table.file, table.sheet, table.cells[~repeated])
    twice = frame.index[frame["episode_id"].duplicated(keep=False)]
    if len(twice):
        raise CohortError(
            f"{table.file}: expected one row per infusion, {len(twice)} rows share an identifier "
            f"with another ({show_rows(list(twice))}). Name the column that tells a patient's "
            "infusions apart ('infusions.episode'), or remove the rows."
        )
    return kept, frame.copy()


def _infused(table: RawTable, source: Infusions) -> pd.Series:
    if source.infused is None:
        return pd.Series(pd.NaT, index=table.cells.index, dtype="datetime64[us]")
    moments = moments_of(table, source.infused, source, at=source.infused_at, tolerates_gap=True)
    undated = moments.index[moments["is_date_only"]]
    table.refuse(
        source.infused,
        undated,
        expected="the time of the infusion as well as its date",
        remedy="Export the time, or state the usual hour of the day in 'infusions.infused_at'.",
    )
    return moments["moment"]


def _fill(
    name: str, choice: EpisodeColumn, table: RawTable, *, patient: pd.Series, decimal: Decimal
) -> pd.Series:
    if choice.id_prefix is not None:
        return fill_by_prefix(name, choice.id_prefix, patient, table=table)
    if choice.column is None:
        return pd.Series([choice.value] * len(patient), index=patient.index)
    cells = table.cells[choice.column]
    if choice.words:
        # A word that is not listed stays: the static features report unknown levels.
        cells = cells.map(lambda cell: choice.words.get(str(cell), cell), na_action="ignore")
        table = RawTable(table.file, table.sheet, table.cells.assign(**{choice.column: cells}))
    spec = EPISODES.get(name)
    kind = spec.kind if spec is not None else _kind(cells, decimal)
    if kind == "number":
        return parse_numbers(
            table, choice.column, limits=ANY_NUMBER, expected="numbers", decimal=decimal
        )
    if kind == "flag":
        return _flags(table, choice.column, cells)
    texts = cells.map(str, na_action="ignore")
    table.refuse(
        choice.column,
        texts.index[texts.str.match(DATE_LIKE).fillna(False).astype(bool)],
        expected="no calendar date: a cohort knows only hours since infusion",
        remedy="Name it as a time of the infusion, or leave it out; 'era' holds the year.",
    )
    return texts.astype("str")


def _kind(cells: pd.Series, decimal: Decimal) -> str:
    written = cells.map(lambda cell: str(cell).replace(",", "."), na_action="ignore")
    numbers = pd.to_numeric(written if decimal == "comma" else cells, errors="coerce")
    return "number" if cells.notna().any() and (numbers.notna() | cells.isna()).all() else "text"


def _flags(table: RawTable, column: str, cells: pd.Series) -> pd.Series:
    words = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
    flags = cells.map(lambda cell: words.get(str(cell).lower()))
    table.refuse(
        column,
        cells.index[flags.isna()],
        expected="true or false (or 1 and 0) in every row",
        remedy="Translate the words under 'words'.",
    )
    return flags.astype("bool")


def _set_aside_undated(
    frame: pd.DataFrame, quality: QualityReport, *, where: tuple[str, str, str]
) -> None:
    undated = frame["infused"].isna()
    frame.loc[undated, "reason"] = "no_infusion_time"
    quality.add(
        "no_infusion_time", "warning", frame.index[undated], where=where,
        message="An infusion has no time, or none that can be read.", action=SET_ASIDE,
    )  # fmt: skip


def _set_aside_impossible(
    name: str, frame: pd.DataFrame, quality: QualityReport, *, where: tuple[str, str, str]
) -> None:
    spec = EPISODES.get(name)
    if spec is None or spec.limits is None:
        return
    low, high = spec.limits
    outside = ((frame[name] < low) | (frame[name] > high)) & frame["reason"].isna()
    frame.loc[outside, "reason"] = "impossible_episode"
    quality.add(
        "impossible_episode", "warning", frame.index[outside], where=where,
        message="A value of the episode cannot be true.", action=SET_ASIDE,
    )  # fmt: skip


def _year(infused: pd.Series, time_zone: str | None) -> pd.Series:
    local = infused.dt.tz_localize("UTC").dt.tz_convert(time_zone or "UTC")
    year: pd.Series = local.dt.strftime("%Y").astype("str").where(infused.notna(), None)
    return year

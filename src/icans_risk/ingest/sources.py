"""A study's sources, read from end to end."""

from collections.abc import Callable, Iterator

import pandas as pd
import polars as pl

from icans_risk.cohort import GRADES
from icans_risk.errors import CohortError
from icans_risk.ingest.archives.archive import Archive
from icans_risk.ingest.archives.meds import read_meds
from icans_risk.ingest.archives.omop import read_omop
from icans_risk.ingest.assemble import Ingested
from icans_risk.ingest.finish import (
    check_budget,
    check_platforms,
    check_units,
    finish_groups,
    note_finished,
)
from icans_risk.ingest.frames import usable
from icans_risk.ingest.match import Habits
from icans_risk.ingest.pipeline import Stream, collect
from icans_risk.ingest.pseudonyms import read_key
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.tables.grades import read_grades
from icans_risk.ingest.tables.infusions import order_infusions, read_infusions, with_constants
from icans_risk.ingest.tables.long import read_long
from icans_risk.ingest.tables.wide import read_wide
from icans_risk.study.data import Data
from icans_risk.study.tables import LongTable, WideTable

__all__ = ["ingest", "read_patients"]


def ingest(
    data: Data,
    *,
    endpoint: tuple[str, int] = ("icans_grade", 3),
    on_rows: Callable[[int], None] = lambda _: None,
) -> Ingested:
    """Read the infusions, results and grades of a study.

    Parameters
    ----------
    data : Data
        With ``infusions``, ``meds`` or ``omop``.
    endpoint : tuple of str and int
        The grade and the cut that divide the episodes where the report compares them.
    on_rows : callable
        Told how many rows each chunk had.

    Returns
    -------
    Ingested
        Its ``quality`` lists every error that stands between it and a cohort.

    Raises
    ------
    CohortError
        If the infusions cannot be read: without them nothing else can be.
    """
    quality, handling = QualityReport(), data.handling
    key = None if handling.pseudonym_key is None else read_key(handling.pseudonym_key)
    archive = _archive(data, quality)
    infusions = _infusions(data, archive, quality)
    grades = _grades(data, infusions, quality)
    streams = _streams(data, archive, infusions, quality=quality)
    collected = collect(streams, infusions, handling, quality=quality, on_rows=on_rows)
    severe = _severe(grades, endpoint)
    reached = pl.DataFrame(
        {"episode_id": severe.index.to_list(), "severe": severe.to_list()},
        schema={"episode_id": pl.String, "severe": pl.Boolean},
    )
    check_units(collected, handling, severe=reached, quality=quality)
    check_platforms(collected, handling, quality=quality)
    groups = tuple(finish_groups(collected, handling))
    for group in groups:
        collected.quarantine.take_finished(group)
    collected.quarantine.note(quality)
    note_finished(groups, quality)
    check_budget(collected, handling, quality=quality)
    _note_silent(infusions, groups, quality, where=_where(data))
    _note_never_graded(infusions, grades, quality, where=_where(data))
    return Ingested(infusions, grades, groups, collected.quarantine, quality, severe, key)


def read_patients(data: Data) -> list[tuple[str, str]]:
    """List patient and episode of every infusion, as the source names them."""
    quality = QualityReport()
    infusions = _infusions(data, _archive(data, quality), quality)
    return list(infusions.select("patient_id", "episode_id").iter_rows())


def _archive(data: Data, quality: QualityReport) -> Archive | None:
    if data.meds is not None:
        return read_meds(data.meds, quality)
    return None if data.omop is None else read_omop(data.omop, quality)


def _infusions(data: Data, archive: Archive | None, quality: QualityReport) -> pl.DataFrame:
    if archive is not None:
        known = with_constants(archive.infusions, data.episodes)
        # An archive follows a person for years; how long anyone looked for ICANS, only grades say.
        return order_infusions(
            known.drop("followed_until_h", strict=False) if data.grades else known
        )
    if data.infusions is None:
        raise CohortError("expected infusions, meds or omop under data, found none. Add one.")
    return read_infusions(data.infusions, data.episodes, quality)


def _grades(data: Data, infusions: pl.DataFrame, quality: QualityReport) -> pd.DataFrame:
    tables = [pd.DataFrame(columns=list(GRADES))]
    for source in data.grades:
        try:
            tables.append(read_grades(source, infusions, quality))
        except CohortError as error:
            quality.refuse(error)
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else tables[0]


def _streams(
    data: Data, archive: Archive | None, infusions: pl.DataFrame, *, quality: QualityReport
) -> Iterator[Stream]:
    if archive is not None:
        yield Stream(Habits("patient_id", "calendar", archive.time_zone), archive.results)
    for source in data.results:
        if source.clock == "calendar" and infusions["infused"].null_count() == len(infusions):
            undated = (
                f"{source.files[0].name}: has calendar times, and the infusions have none. Name "
                "the column of the infusion's time ('infusions.infused')."
            )
            quality.refuse(CohortError(undated))
            continue
        yield Stream(_habits(source), _read(source, quality))


def _habits(source: LongTable | WideTable) -> Habits:
    return Habits(
        "patient_id" if source.episode is None else "episode_id",
        source.clock,
        source.time_zone,
        source.decimal,
    )


def _read(source: LongTable | WideTable, quality: QualityReport) -> Iterator[pl.DataFrame]:
    if isinstance(source, LongTable):
        return read_long(source, quality)
    return read_wide(source, quality)


def _severe(grades: pd.DataFrame, endpoint: tuple[str, int]) -> pd.Series:
    """Say whether each episode reached the endpoint; who was never graded is left out."""
    name, cut = endpoint
    graded = grades[grades[name].notna()]
    severe: pd.Series = (graded[name] >= cut).groupby(graded["episode_id"].astype("str")).any()
    return severe


def _where(data: Data) -> tuple[str, str, str]:
    """Locate the identifiers of the infusions; an archive has no table of them."""
    table = data.infusions
    if table is None:
        return "", "", ""
    return table.files[0].name, table.sheet or "", table.episode or table.patient


def _note_silent(
    infusions: pl.DataFrame,
    groups: tuple[pl.DataFrame, ...],
    quality: QualityReport,
    *,
    where: tuple[str, str, str],
) -> None:
    known = infusions.filter(usable())
    kept = [rows.filter(usable() & pl.col("missing").is_null())["position"] for rows in groups]
    heard = pl.concat(kept).unique()
    silent = known.filter(~pl.col("position").is_in(heard.implode()))
    quality.add(
        "no_results", "warning", silent["row"] if "row" in silent.columns else (),
        count=len(silent), where=where,
        message="An episode has no usable result at all.",
        action="Kept, with nothing measured. Check that the export is complete.",
    )  # fmt: skip


def _note_never_graded(
    infusions: pl.DataFrame,
    grades: pd.DataFrame,
    quality: QualityReport,
    *,
    where: tuple[str, str, str],
) -> None:
    if "followed_until_h" not in infusions.columns or grades.empty:
        return
    graded = list(grades["episode_id"].unique())
    followed = infusions.filter(usable() & (pl.col("followed_until_h") > 0))
    never = followed.filter(~pl.col("episode_id").is_in(graded))
    quality.add(
        "never_graded", "warning", never["row"] if "row" in never.columns else (),
        count=len(never), where=where,
        message="An episode is said to be followed, and nobody graded it.",
        action="Counts as free of the endpoint while followed. If grades are just missing, leave "
        "its end of follow-up empty.",
    )  # fmt: skip

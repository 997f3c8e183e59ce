"""Tables of toxicity assessments become grades, and usable CRS grades become events."""

import numpy as np
import pandas as pd
import polars as pl

from icans_risk.errors import CohortError
from icans_risk.ingest.files.opening import read_small
from icans_risk.ingest.files.raw_table import RawTable
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.tables.grade_cells import CRS_EVENT, GRADE_LIMITS, parse_grades, parse_scales
from icans_risk.ingest.tables.time_columns import HOURS_PER_DAY, hours_since, moments_of
from icans_risk.study.tables import GradeTable

__all__ = ["CRS_EVENT", "crs_events", "read_grades"]


def read_grades(
    source: GradeTable, infusions: pl.DataFrame, quality: QualityReport
) -> pd.DataFrame:
    """Read a table of toxicity assessments.

    The outcome is never mended and never set aside: what cannot be true is an error. Only
    assessments of nobody in the cohort are left out, and counted.

    Parameters
    ----------
    source : GradeTable
        Where it is and what its columns mean.
    infusions : DataFrame
        From ``read_infusions``.
    quality : QualityReport
        Receives what was noticed.

    Returns
    -------
    DataFrame
        The grades table of a cohort.

    Raises
    ------
    CohortError
        If a cell is no grade or no time, ICANS is graded before the infusion, or a patient
        has several infusions and the table names patients only.
    """
    key = source.episode if source.episode is not None else source.patient
    columns = [str(key), source.assessed, *source.grades.values()]
    columns += [c for c in (source.available, _scale_column(source)) if c is not None]
    table = read_small(source, columns=list(dict.fromkeys(columns)), identifiers=[str(key)])
    quality.counts["grade_rows_read"] = quality.counts.get("grade_rows_read", 0) + len(table.cells)
    episodes = _episodes(table, source, infusions)
    table, episodes = _keep_known(table, episodes, quality, key=str(key))
    frame = pd.DataFrame({"episode_id": episodes["episode_id"]})
    frame["covers_from_h"], frame["assessed_h"] = _clocks(table, source, episodes["infused"])
    frame["available_h"] = _available(
        table, source, episodes["infused"], assessed=frame["assessed_h"]
    )
    frame["scale"] = parse_scales(table, source.scale, rows=frame.index)
    for grade in GRADE_LIMITS:
        column = source.grades.get(grade)  # type: ignore[call-overload]
        frame[grade] = (
            np.nan
            if column is None
            else parse_grades(
                table, column, grade=grade, half=source.half_grades, decimal=source.decimal
            )
        )
    frame["deciding_domain"] = None
    _refuse_before_infusion(table, source, frame)
    graded = frame[list(GRADE_LIMITS)].notna().any(axis=1)
    quality.add(
        "empty_assessment", "note", frame.index[~graded], where=table.at(""),
        message="An assessment holds no grade and no score.", action="Left out.",
    )  # fmt: skip
    return _drop_repeats(frame[graded], table, quality).reset_index(drop=True)


def crs_events(grades: pd.DataFrame) -> pd.DataFrame:
    """Return CRS grades as events: a predictor like any other, since features never read grades.

    Parameters
    ----------
    grades : DataFrame
        The grades table.

    Returns
    -------
    DataFrame
        Rows of the events table.
    """
    modality, _, analyte = CRS_EVENT.partition(".")
    graded = grades[grades["crs_grade"].notna()]
    events = pd.DataFrame(
        {
            "episode_id": graded["episode_id"],
            "modality": modality,
            "analyte": analyte,
            "collected_h": graded["assessed_h"],
            "available_h": graded["available_h"],
            "value": graded["crs_grade"],
            "censored": "",
            "ordered_as": "unknown",
            "assay": "",
            "version": 0.0,
        }
    )
    return events.reset_index(drop=True)


def _scale_column(source: GradeTable) -> str | None:
    return None if isinstance(source.scale, str) else source.scale.column


def _episodes(table: RawTable, source: GradeTable, infusions: pl.DataFrame) -> pd.DataFrame:
    by = "episode_id" if source.episode is not None else "patient_id"
    key = source.episode if source.episode is not None else source.patient
    known = infusions.filter(pl.col("reason").is_null())
    if known[by].is_duplicated().any():
        raise CohortError(
            f"{table.file}: expected one infusion per patient, "
            f"{known.filter(pl.col(by).is_duplicated())[by].n_unique()} patients have several, and "
            "an assessment must say to which it belongs. Name the column of the episode."
        )
    names = table.cells[key].map(str, na_action="ignore")
    naive = pl.col("infused").dt.replace_time_zone(None)
    found = known.select("episode_id", naive).to_pandas()
    found.index = pd.Index(known[by].to_list())
    return found.reindex(names.to_numpy()).set_index(table.cells.index)


def _keep_known(
    table: RawTable, episodes: pd.DataFrame, quality: QualityReport, *, key: str
) -> tuple[RawTable, pd.DataFrame]:
    known = episodes["episode_id"].notna()
    quality.add(
        "grades_of_nobody", "warning", episodes.index[~known], where=table.at(key),
        message="An assessment belongs to no usable infusion.",
        action="Left out. Add the infusion, or leave the rows out of the export.",
    )  # fmt: skip
    return RawTable(table.file, table.sheet, table.cells[known]), episodes[known]


def _clocks(table: RawTable, source: GradeTable, infused: pd.Series) -> tuple[pd.Series, pd.Series]:
    if (empty := table.cells.index[table.cells[source.assessed].isna()]).size:
        remedy = "Fill in the time, or remove the rows."
        table.refuse(source.assessed, empty, expected="a time in every row", remedy=remedy)
    end = hours_since(table, source.assessed, source, infused=infused)
    if source.clock == "day_number":
        return end - HOURS_PER_DAY, end
    if source.clock != "calendar":
        return end, end
    moments = moments_of(table, source.assessed, source)
    # A grade of a date covers the local day, which is not always 24 hours long.
    midnight = pd.to_datetime(moments["local_date"]).dt.tz_localize(
        source.time_zone or "UTC", ambiguous=True, nonexistent="shift_forward"
    )
    start = (midnight.dt.tz_convert(None) - infused).dt.total_seconds() / 3600
    return start.where(moments["is_date_only"], end), end


def _available(
    table: RawTable, source: GradeTable, infused: pd.Series, *, assessed: pd.Series
) -> pd.Series:
    if source.available is None:
        return assessed
    available = hours_since(table, source.available, source, infused=infused)
    table.refuse(
        source.available,
        available.index[available < assessed],
        expected="no grade available before it was assessed",
        remedy="Correct the times.",
    )
    return available.fillna(assessed)


def _refuse_before_infusion(table: RawTable, source: GradeTable, frame: pd.DataFrame) -> None:
    column = source.grades.get("icans_grade")
    if column is not None:
        table.refuse(
            column,
            frame.index[(frame["assessed_h"] <= 0) & (frame["icans_grade"] > 0)],
            expected="no ICANS before the infusion",
            remedy="Correct the time or the grade: what was there before is not ICANS.",
        )


def _drop_repeats(frame: pd.DataFrame, table: RawTable, quality: QualityReport) -> pd.DataFrame:
    repeated = frame.duplicated()
    quality.add(
        "repeated_assessment", "note", frame.index[repeated], where=table.at(""),
        message="An assessment stands more than once, with the same grades.", action="Used once.",
    )  # fmt: skip
    return frame[~repeated]

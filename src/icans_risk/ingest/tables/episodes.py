"""Who was infused, how long they were followed, and what was missed while following them."""

from collections.abc import Mapping
from typing import Literal

import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.errors import CohortError
from icans_risk.ingest.files.raw_table import RawTable, read_workbook, show_rows
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.tables.daily import DailyReading
from icans_risk.ingest.tables.time_columns import HOURS_PER_DAY
from icans_risk.study.daily import DailyTable, Roster
from icans_risk.study.tables import EpisodeColumn

__all__ = ["build_episodes", "fill_by_prefix"]

Discharged = Literal["after_last_graded_day", "not_recorded"]


def build_episodes(
    layout: DailyTable,
    reading: DailyReading,
    quality: QualityReport,
    *,
    columns: Mapping[str, EpisodeColumn],
    discharged: Discharged,
    roster: Roster | None = None,
) -> Cohort:
    """Form the cohort of a daily table: one infusion per patient.

    Parameters
    ----------
    layout, reading : DailyTable, DailyReading
        The table and what was read from it.
    quality : QualityReport
        Receives what was noticed.
    columns : mapping of str to EpisodeColumn
        Episode columns and where each comes from.
    discharged : {"after_last_graded_day", "not_recorded"}
        Whether grades stop because the patient went home.
    roster : Roster, optional
        Every patient of it must have a row in the daily table, and the other way round.

    Returns
    -------
    Cohort
        Episodes in the order of their first row.

    Raises
    ------
    CohortError
        If the roster and the table name different patients, or a column is not the
        same throughout a patient.
    """
    if roster is not None:
        _compare_with_roster(reading, roster)
    patients = reading.days["patient_id"].drop_duplicates()
    episodes = pd.DataFrame({"episode_id": patients.to_numpy(), "patient_id": patients.to_numpy()})
    last_day = reading.days[reading.days["icans_grade"].notna()].groupby("patient_id")["day"].max()
    followed = (episodes["patient_id"].map(last_day) + 1) * HOURS_PER_DAY
    # Never graded means never observed: followed until the infusion and no further.
    episodes["followed_until_h"] = followed.fillna(0.0)
    if discharged == "after_last_graded_day":
        table_ends = (reading.days["day"].max() + 1) * HOURS_PER_DAY
        episodes["discharged_h"] = followed.where(followed < table_ends)
    for name, source in columns.items():
        episodes[name] = _episode_column(name, source, reading)
    _note_missing(reading, layout, quality)
    return Cohort(
        episodes=episodes,
        events=reading.events.rename(columns={"patient_id": "episode_id"}),
        grades=reading.grades.rename(columns={"patient_id": "episode_id"}),
    )


def _compare_with_roster(reading: DailyReading, roster: Roster) -> None:
    names = read_workbook(roster.file, sheet=roster.sheet, columns=[roster.patient])
    listed = names.cells[roster.patient].map(str).str.strip()
    seen = reading.days["patient_id"]
    _refuse_absent(names, listed[~listed.isin(seen)], missing_in=reading.table)
    _refuse_absent(reading.table, seen[~seen.isin(listed)], missing_in=names)


def _refuse_absent(table: RawTable, absent: pd.Series, *, missing_in: RawTable) -> None:
    if len(absent):
        raise CohortError(
            f"{table.file}, sheet {table.sheet!r}: expected every patient in "
            f"{missing_in.file!r} as well, {absent.nunique()} have no row there "
            f"({show_rows(list(absent.index))} here). Complete {missing_in.file!r} or "
            "correct the identifiers."
        )


def _episode_column(name: str, source: EpisodeColumn, reading: DailyReading) -> pd.Series:
    ids = reading.days["patient_id"].drop_duplicates()
    if source.id_prefix is not None:
        found = fill_by_prefix(name, source.id_prefix, ids, table=reading.table)
        return found.reset_index(drop=True)
    if source.column is not None:
        return _constant_cells(source.column, reading)
    return pd.Series([source.value] * len(ids))


def fill_by_prefix(
    name: str, prefixes: Mapping[str, str], ids: pd.Series, *, table: RawTable
) -> pd.Series:
    """Find what the beginning of each identifier stands for; ``ids`` is indexed by row."""
    # The longest prefix wins, so that one may begin like another.
    ranked = sorted(prefixes, key=len, reverse=True)
    found = ids.map(lambda i: next((prefixes[p] for p in ranked if i.startswith(p)), None))
    unknown = found.isna()
    if unknown.any():
        raise CohortError(
            f"{table.file}: expected identifiers to begin with a prefix that gives {name!r}, "
            f"{unknown.sum()} do not ({show_rows(list(ids.index[unknown]))}). Add the prefix to "
            "the study file."
        )
    return found


def _constant_cells(column: str, reading: DailyReading) -> pd.Series:
    cells = reading.table.cells.loc[reading.days.index, column]
    by_patient = cells.groupby(reading.days["patient_id"], sort=False)
    varying = by_patient.transform("nunique") > 1
    reading.table.refuse(
        column,
        cells.index[varying],
        expected="the same cell in all rows of a patient",
        remedy="Correct the rows that differ.",
    )
    constant: pd.Series = by_patient.first()
    return constant.reset_index(drop=True)


def _note_missing(reading: DailyReading, layout: DailyTable, quality: QualityReport) -> None:
    days, where = reading.days, reading.table.at(layout.grades["icans_grade"])
    missing = days["icans_grade"].isna()
    graded = days["day"].where(~missing)
    last = graded.groupby(days["patient_id"]).transform("max")
    first = graded.groupby(days["patient_id"]).transform("min")
    after, before = missing & (days["day"] > last), missing & (days["day"] < first)
    parts = {
        "missing_after_last_grade": (after, "note", "after a patient's last graded day"),
        "missing_before_first_grade": (before, "warning", "before a patient's first graded day"),
        "missing_between_grades": (missing & ~after & ~before, "warning", "between graded days"),
    }
    for code, (rows, severity, when) in parts.items():
        quality.add(
            code, "note" if severity == "note" else "warning", days.index[rows], where=where,
            message=f"ICANS grades are absent {when}.",
            action="Taken as not observed, never as grade 0.",
        )  # fmt: skip
    _note_other_columns(reading, layout, quality)
    quality.counts |= {
        "graded_days": int((~missing).sum()),
        "days_without_icans_grade": int(missing.sum()),
    }


def _note_other_columns(reading: DailyReading, layout: DailyTable, quality: QualityReport) -> None:
    days = reading.days
    observed = days["icans_grade"].notna()
    named = {name: source.column for name, source in layout.events.items()}
    if "crs_grade" in layout.grades:
        named["crs_grade"] = layout.grades["crs_grade"]
    for name, column in named.items():
        quality.add(
            "absent_on_graded_day", "note", days.index[observed & days[name].isna()],
            where=reading.table.at(column),
            message="The cell is empty on a day that has an ICANS grade.",
            action="Taken as not recorded.",
        )  # fmt: skip
        quality.add(
            "recorded_without_icans_grade", "note", days.index[~observed & days[name].notna()],
            where=reading.table.at(column),
            message="The cell is filled on a day that has no ICANS grade.",
            action="Used; the day stays without an ICANS grade.",
        )  # fmt: skip

"""The infusions of an OMOP archive and what it knows of the persons."""

import polars as pl

from icans_risk.errors import CohortError
from icans_risk.ingest.archives.archive import completed_years, hours_after, number_episodes
from icans_risk.ingest.archives.omop_tables import OmopTables
from icans_risk.ingest.frames import set_aside
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.stages.moments import read_moments
from icans_risk.study.archives import OmopFolder, OmopIndex

__all__ = ["moment_text", "read_episodes"]

# The columns of an index table: its concept, and the beginning of the names of its times.
INDEX_COLUMNS = {
    "drug_exposure": ("drug_concept_id", "drug_exposure_start"),
    "procedure_occurrence": ("procedure_concept_id", "procedure"),
    "visit_occurrence": ("visit_concept_id", "visit_start"),
}
SEXES = {"8507": "male", "8532": "female"}
KNOWN = (
    "patient_id", "episode_id", "infused", "reason", "era", "age_years", "sex", "died_h",
    "followed_until_h",
)  # fmt: skip
_MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?(Z|\+00(:?00)?)?$"


def read_episodes(tables: OmopTables, source: OmopFolder, quality: QualityReport) -> pl.DataFrame:
    """Find the infusions, or what stands for them, and what is known of each person.

    Parameters
    ----------
    tables : OmopTables
        The archive.
    source : OmopFolder
        Which rows are infusions.
    quality : QualityReport
        Receives what was noticed; a surrogate stands first on every page.

    Returns
    -------
    DataFrame
        As ``Archive.infusions``. Age is in completed years; a person of whom only the year
        of birth is known was born on 1 July.

    Raises
    ------
    CohortError
        If no row marks an infusion, or an infusion has no hour.
    """
    found = _index_rows(tables, source, quality)
    file = tables.file(source.index.table)
    episodes = number_episodes(found, quality, where=(file, "", ""))
    persons = _persons(tables, quality)
    episodes = episodes.join(persons, on="patient_id", how="left", maintain_order="left")
    episodes = _add_death(episodes, tables, source)
    episodes = _add_follow_up(episodes, tables, source)
    episodes = episodes.with_columns(
        reason=pl.lit(None, pl.String),
        era=pl.col("local_date").dt.year().cast(pl.String),
        age_years=completed_years("born", "local_date"),
    )
    episodes = set_aside(episodes, pl.col("died_h") < 0, reason="impossible_episode")
    quality.add(
        "impossible_episode", "warning", (),
        count=episodes["reason"].count(), where=(file, "", ""),
        message="A person died before the infusion.",
        action="The episode and its results were set aside. Correct the row.",
    )  # fmt: skip
    quality.counts |= {"infusions_read": len(episodes)}
    return episodes.select(KNOWN)


def moment_text(stem: str) -> pl.Expr:
    """Choose the time of a row: date and time, or the date where no hour is known.

    The data model writes midnight where the hour is not known, so midnight is no hour:
    taken as one, a result would be known up to a day too early.
    """
    at, date = pl.col(f"{stem}_datetime"), pl.col(f"{stem}_date")
    has_hour = at.is_not_null() & ~at.str.contains(_MIDNIGHT)
    return pl.when(has_hour).then(at).otherwise(pl.coalesce(date, at).str.slice(0, 10))


def _index_rows(tables: OmopTables, source: OmopFolder, quality: QualityReport) -> pl.DataFrame:
    index = source.index
    concept, stem = INDEX_COLUMNS[index.table]
    file = tables.file(index.table)
    columns = ("person_id", concept, f"{stem}_date")
    wanted = pl.col(concept).is_in([str(number) for number in index.concepts])
    parts = [
        chunk.filter(wanted) if index.concepts else chunk
        for chunk in tables.read(index.table, columns, optional=(f"{stem}_datetime",))
    ]
    rows = pl.concat(parts).filter(pl.col("person_id").is_not_null()) if parts else None
    if rows is None or rows.is_empty():
        raise CohortError(
            f"{file}: expected rows that mark infusions, found none with the concepts "
            f"{list(index.concepts)}. Correct 'index' in the study file."
        )
    read = _read_index_times(rows, stem, source, where=f"{file}, column {stem}_datetime")
    unread = read.filter(pl.col("infused").is_null())
    quality.add(
        "no_infusion_time", "note" if index.surrogate else "warning", unread["row"],
        where=(file, "", f"{stem}_datetime"),
        message="The time of an infusion is absent, cannot be read, or lies before 2000.",
        action="Left out.",
    )  # fmt: skip
    read = read.filter(pl.col("infused").is_not_null())
    if index.surrogate:
        read = _first_of_each(read, index, quality, file=file)
    _refuse_dates(read, file)
    return read


def _read_index_times(
    rows: pl.DataFrame, stem: str, source: OmopFolder, *, where: str
) -> pl.DataFrame:
    text = moment_text(stem)
    is_date = text.str.len_chars() == 10
    hour = source.index.infused_at
    if hour is not None:
        text = pl.when(is_date).then(text + f"T{hour}").otherwise(text)
    rows = rows.select("row", patient_id="person_id", text=text, assumed=is_date)
    read = read_moments(rows["text"], time_zone=source.time_zone, where=where, rows=rows["row"])
    return rows.with_columns(
        infused=read["moment"], local_date=read["local_date"], is_date_only=read["is_date_only"]
    )


def _first_of_each(
    read: pl.DataFrame, index: OmopIndex, quality: QualityReport, *, file: str
) -> pl.DataFrame:
    message = (
        f"The time zero is a surrogate, each person's first row in {index.table}: it is no "
        "infusion, and nothing found here says anything about CAR T-cells."
    )
    quality.headlines.append(message)
    first = read.sort("infused").unique("patient_id", keep="first", maintain_order=True)
    quality.add(
        "surrogate_infusion", "warning", (), count=len(first), where=(file, "", ""),
        message=message, action="Use it to try the software only.",
    )  # fmt: skip
    return first


def _refuse_dates(read: pl.DataFrame, file: str) -> None:
    if count := int(read["is_date_only"].sum()):
        raise CohortError(
            f"{file}: expected the time of the infusion as well as its date, {count} have a date "
            "only (midnight is how the data model writes that). State the usual hour of the day "
            "in 'index.infused_at'."
        )


def _persons(tables: OmopTables, quality: QualityReport) -> pl.DataFrame:
    columns = ("person_id", "gender_concept_id", "year_of_birth")
    optional = ("month_of_birth", "day_of_birth", "birth_datetime")
    persons = tables.read_whole("person", columns, optional=optional)
    quality.counts |= {"persons": len(persons)}
    year, month, day = (
        pl.col(f"{part}_of_birth").cast(pl.Int32, strict=False) for part in ("year", "month", "day")
    )
    stated = pl.col("birth_datetime").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    middle = pl.when(month.is_null()).then(1).otherwise(15)
    parts = pl.format("{}-{}-{}", year, month.fill_null(7), day.fill_null(middle))
    return persons.select(
        patient_id="person_id",
        born=pl.coalesce(stated, parts.str.to_date("%Y-%m-%d", strict=False)),
        sex=pl.col("gender_concept_id").replace_strict(SEXES, default=None, return_dtype=pl.String),
    ).unique("patient_id", keep="first", maintain_order=True)


def _add_death(episodes: pl.DataFrame, tables: OmopTables, source: OmopFolder) -> pl.DataFrame:
    if "death" not in tables:
        return episodes.with_columns(died_h=pl.lit(None, pl.Float64))
    deaths = tables.read_whole("death", ("person_id", "death_date"), optional=("death_datetime",))
    deaths = deaths.select("row", patient_id="person_id", text=moment_text("death"))
    read = read_moments(
        deaths["text"],
        time_zone=source.time_zone,
        where=f"{tables.file('death')}, column death_datetime",
        rows=deaths["row"],
    )
    died = deaths.select("patient_id", died=read["moment"]).group_by("patient_id").min()
    return episodes.join(died, on="patient_id", how="left", maintain_order="left").with_columns(
        died_h=hours_after("died")
    )


def _add_follow_up(episodes: pl.DataFrame, tables: OmopTables, source: OmopFolder) -> pl.DataFrame:
    """Add the end of the observation period in which the infusion lies."""
    if "observation_period" not in tables:
        return episodes.with_columns(followed_until_h=pl.lit(None, pl.Float64))
    stem = "observation_period"
    names = (f"{stem}_start_date", f"{stem}_end_date")
    periods = tables.read_whole(stem, ("person_id", *names))
    moments = [
        read_moments(
            periods[name].str.slice(0, 10),
            time_zone=source.time_zone,
            where=f"{tables.file(stem)}, column {name}",
            rows=periods["row"],
        )["local_date" if name == names[0] else "moment"]
        for name in names
    ]
    spans = periods.select(patient_id="person_id", begins=moments[0], ends=moments[1])
    within = (
        episodes.select("episode_id", "patient_id", "infused", "local_date")
        .join(spans, on="patient_id")
        .filter((pl.col("begins") <= pl.col("local_date")) & (pl.col("infused") <= pl.col("ends")))
        .group_by("episode_id")
        .agg(pl.col("ends").max())
    )
    return episodes.join(within, on="episode_id", how="left", maintain_order="left").with_columns(
        followed_until_h=hours_after("ends")
    )

"""Archives in the Medical Event Data Standard (MEDS), version 0.4."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
from meds import schema as standard

from icans_risk.cohort import ORDERED_AS
from icans_risk.errors import CohortError
from icans_risk.ingest.archives.archive import (
    Archive,
    completed_years,
    hours_after,
    number_episodes,
)
from icans_risk.ingest.archives.meds_files import read_batches, refuse_foreign
from icans_risk.ingest.frames import RAW, set_aside
from icans_risk.ingest.quality import QualityReport
from icans_risk.study.archives import MedsFolder
from icans_risk.study.tables import AnalyteChoice

__all__ = ["read_meds"]

# Times of the standard state no zone and are taken as UTC.
UTC = "UTC"
_SEX = r"(?i)^(?:sex|gender)/+(?P<sex>m|male|f|female)$"
KNOWN = ("patient_id", "episode_id", "infused", "reason", "era", "age_years", "sex", "died_h")


def read_meds(source: MedsFolder, quality: QualityReport) -> Archive:
    """Open a folder in the Medical Event Data Standard.

    Birth, death and sex come from ``MEDS_BIRTH``, ``MEDS_DEATH`` and codes such as
    ``GENDER//F``; other rows without a time say nothing about when they were known.

    Parameters
    ----------
    source : MedsFolder
        Where it is, which code is the infusion, and what other codes mean.
    quality : QualityReport
        ``counts`` receives ``persons``, ``infusions_read``, ``meds_rows`` and those handed
        on, ``rows_read``.

    Returns
    -------
    Archive
        Times are UTC. Numbers are the shortest decimals that the standard's 32 bits hold,
        so that 48.1 stays 48.1.

    Raises
    ------
    CohortError
        If the folder is damaged or not in the standard, an extension column is absent, or
        no row is an infusion.
    """
    if source.infusion is None:
        raise CohortError(
            f"{source.folder.name}: expected the code of the infusion, got none. Name it in "
            "'meds.infusion'; only a folder that this package exported needs none."
        )
    refuse_foreign(source.folder)
    marks = _marks(source.folder, source.infusion, quality)
    infusions = _infusions(marks, source, quality)
    return Archive(infusions, _results(source, infusions, quality), UTC)


def _marks(folder: Path, infusion: str, quality: QualityReport) -> pl.DataFrame:
    """Collect the rows that say something about an episode."""
    code = pl.col("code")
    wanted = code.is_in([infusion, standard.birth_code, standard.death_code]) | code.str.contains(
        _SEX
    )
    parts, persons = [], pl.Series("subject_id", [], pl.Int64)
    for file, first_row, table in read_batches(folder, ()):
        frame = _frame(file, first_row, table)
        persons = pl.concat([persons, frame["subject_id"].unique()]).unique()
        parts.append(frame.filter(wanted))
    quality.counts["persons"] = len(persons)
    return pl.concat(parts)


def _frame(file: str, first_row: int, table: object) -> pl.DataFrame:
    frame = pl.DataFrame(pl.from_arrow(table))
    row = pl.int_range(first_row, first_row + len(frame), eager=True).alias("row")
    time = pl.col("time").dt.replace_time_zone(UTC)
    return frame.with_columns(row, time, pl.lit(file).alias("file"))


def _infusions(marks: pl.DataFrame, source: MedsFolder, quality: QualityReport) -> pl.DataFrame:
    found = marks.filter(pl.col("code") == source.infusion)
    where = (source.folder.name, "", "time")
    quality.add(
        "no_infusion_time", "warning", (), count=found["time"].null_count(), where=where,
        message="An infusion has no time.", action="Left out.",
    )  # fmt: skip
    timed = found.filter(pl.col("time").is_not_null()).select(
        patient_id=pl.col("subject_id").cast(pl.String),
        infused="time",
        local_date=pl.col("time").dt.date(),
        assumed=pl.lit(False),
    )
    episodes = number_episodes(timed, quality, where=where)
    for known in (_born(marks), _died(marks), _sex(marks)):
        episodes = episodes.join(known, on="patient_id", how="left", maintain_order="left")
    episodes = episodes.with_columns(
        reason=pl.lit(None, pl.String),
        era=pl.col("local_date").dt.year().cast(pl.String),
        age_years=completed_years("born", "local_date"),
        died_h=hours_after("died"),
    )
    episodes = set_aside(episodes, pl.col("died_h") < 0, reason="impossible_episode")
    quality.add(
        "impossible_episode", "warning", (), count=episodes["reason"].count(), where=where,
        message="A subject died before the infusion.",
        action="The episode and its results were set aside. Correct the row.",
    )  # fmt: skip
    quality.counts["infusions_read"] = len(episodes)
    return episodes.select(KNOWN)


def _of_patient(marks: pl.DataFrame, wanted: pl.Expr, **column: pl.Expr) -> pl.DataFrame:
    patient = pl.col("subject_id").cast(pl.String).alias("patient_id")
    return marks.filter(wanted).group_by(patient).agg(**column)


def _born(marks: pl.DataFrame) -> pl.DataFrame:
    is_birth = pl.col("code") == standard.birth_code
    return _of_patient(marks, is_birth, born=pl.col("time").min().dt.date())


def _died(marks: pl.DataFrame) -> pl.DataFrame:
    return _of_patient(marks, pl.col("code") == standard.death_code, died=pl.col("time").min())


def _sex(marks: pl.DataFrame) -> pl.DataFrame:
    code = pl.col("code")
    letter = code.str.extract(_SEX).str.slice(0, 1).str.to_lowercase()
    word = letter.replace_strict({"m": "male", "f": "female"}, return_dtype=pl.String)
    only = pl.when(word.n_unique() == 1).then(word.first())
    return _of_patient(marks, code.str.contains(_SEX), sex=only)


def _results(
    source: MedsFolder, infusions: pl.DataFrame, quality: QualityReport
) -> Iterator[pl.DataFrame]:
    meanings, known = _meanings(source.codes), infusions["patient_id"].unique().implode()
    extensions = [n for n in (source.available, source.unit, source.assay, source.ordered_as) if n]
    counts = dict.fromkeys(("rows", "unmapped", "strangers", "timeless"), 0)
    others: set[str] = set()
    values = ("numeric_value", "text_value")
    for file, first_row, table in read_batches(source.folder, extensions, optional=values):
        frame = _frame(file, first_row, table).with_columns(
            key=pl.col("subject_id").cast(pl.String)
        )
        mapped = frame.join(meanings, on="code", how="inner", maintain_order="left")
        unmapped = frame.join(meanings, on="code", how="anti")["code"]
        of_infused = mapped.filter(pl.col("key").is_in(known))
        kept = of_infused.filter(pl.col("time").is_not_null())
        counts["rows"] += len(frame)
        counts["unmapped"] += len(unmapped)
        counts["strangers"] += len(mapped) - len(of_infused)
        counts["timeless"] += len(of_infused) - len(kept)
        others.update(unmapped.unique())
        quality.counts["rows_read"] = quality.counts.get("rows_read", 0) + len(kept)
        if len(kept):
            yield kept.select(**_raw(source, kept)).select(RAW.names())
    _note(counts, len(others), source, quality=quality)


def _meanings(codes: Mapping[str, AnalyteChoice]) -> pl.DataFrame:
    rows = [(code, choice.analyte, choice.unit, choice.assay) for code, choice in codes.items()]
    schema = dict.fromkeys(("code", "analyte", "stated_unit", "stated_assay"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _raw(source: MedsFolder, kept: pl.DataFrame) -> dict[str, pl.Expr]:
    number = pl.col("numeric_value") if "numeric_value" in kept.columns else pl.lit(None)
    text = pl.col("text_value") if "text_value" in kept.columns else pl.lit(None)
    # Through text: the same 32 bits as a wider number would read 48.099998474121094.
    exact = number.cast(pl.Float32).fill_nan(None).cast(pl.String).cast(pl.Float64)
    return {
        "file": pl.col("file"),
        "row": pl.col("row"),
        "column": pl.when(exact.is_null() & text.is_not_null())
        .then(pl.lit("text_value"))
        .otherwise(pl.lit("numeric_value")),
        "key": pl.col("key"),
        "analyte": pl.col("analyte"),
        "text": pl.when(exact.is_null()).then(text.cast(pl.String)),
        "number": exact,
        "unit": pl.coalesce(_words(source.unit), "stated_unit"),
        "collected": pl.col("time"),
        "available": _available(source, kept),
        "ordered_as": pl.when(_words(source.ordered_as).is_in(ORDERED_AS))
        .then(_words(source.ordered_as))
        .otherwise(pl.lit("unknown")),
        "assay": pl.coalesce(_words(source.assay), "stated_assay", pl.lit("")),
    }


def _words(column: str | None) -> pl.Expr:
    return pl.lit(None, pl.String) if column is None else pl.col(column).cast(pl.String)


def _available(source: MedsFolder, kept: pl.DataFrame) -> pl.Expr:
    if source.available is None:
        return pl.lit(None, pl.Datetime("us", UTC))
    cell, dtype = pl.col(source.available), kept.schema[source.available]
    if dtype == pl.String:
        return cell
    if not isinstance(dtype, pl.Datetime):
        raise CohortError(
            f"{kept['file'][0]}: expected times in the column {source.available!r}, found another "
            "type. Name a column of times in 'meds.available'."
        )
    zone = cell if dtype.time_zone is not None else cell.dt.replace_time_zone(UTC)
    return zone.dt.convert_time_zone(UTC).cast(pl.Datetime("us", UTC))


def _note(
    counts: Mapping[str, int], others: int, source: MedsFolder, *, quality: QualityReport
) -> None:
    quality.counts["meds_rows"] = counts["rows"]
    where = (source.folder.name, "", "code")
    said = {
        "unmapped": (
            "unmapped_codes",
            f"{others:,} codes are no analyte that is mapped.",
            "Left out. Map them under 'codes' if they are wanted.",
        ),
        "strangers": ("persons_without_infusion", "The subject has no infusion.", "Left out."),
        "timeless": ("static_results", "A result has no time.", "Left out."),
    }
    for name, (code, message, action) in said.items():
        quality.add(
            code, "note", (), count=counts[name], where=where, message=message, action=action
        )

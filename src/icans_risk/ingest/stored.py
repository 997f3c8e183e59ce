"""What a stored cohort looks like: its values held against limits, its rows counted."""

from collections.abc import Mapping

import pandas as pd
import polars as pl

from icans_risk.catalogue import Analyte
from icans_risk.cohort import Cohort
from icans_risk.ingest.profile import profile
from icans_risk.ingest.quality import QualityReport, Severity
from icans_risk.ingest.stages.limits import check_limits

__all__ = ["look_at_cohort"]

_TEXTS = ("episode_id", "site", "era", "censored", "assay", "ordered_as", "analyte")
_NUMBERS = ("value", "collected_h", "available_h", "version")
_SAMPLE = ["episode_id", "modality", "analyte", "collected_h", "assay"]
_FOR_CAUSE = ("csf", "eeg", "imaging", "treatment")
_NO_REASON = ("clinical", "unknown")
_AS_IT_STANDS = "Used: a stored cohort is taken as it stands. Mend the source, and ingest it again."

# What is worth a word, where it was seen, and what follows.
_FINDINGS: Mapping[str, tuple[Severity, str, str, str]] = {
    "impossible_value": (
        "warning", "events", "A value lies outside the catalogue's hard limits.", _AS_IT_STANDS,
    ),
    "unknown_analyte": (
        "warning", "events", "An analyte is not in the catalogue.", "No feature can name it.",
    ),
    "unusual_value": (
        "warning", "events", "A value lies outside the catalogue's soft limits.",
        "Used. Look at them.",
    ),
    "without_values": (
        "warning", "episodes", "An episode has no value at all.",
        "A model that finds none gives no answer.",
    ),
    "without_grades": (
        "warning", "episodes", "An episode was never graded.",
        "Its outcome is not known from grades: missing is never grade 0.",
    ),
    "ordered_for_cause": (
        "note", "events",
        "CSF, EEG, imaging or a drug after the infusion was ordered neither by protocol nor as "
        "prophylaxis.",
        "Kept out of vectors, unless a study says presence: informative.",
    ),
}  # fmt: skip


def look_at_cohort(cohort: Cohort, catalogue: Mapping[str, Analyte]) -> QualityReport:
    """Say what a reader of results should know about a cohort that is there already.

    Nothing is mended and nothing is set aside: a stored cohort is used as it stands.

    Parameters
    ----------
    cohort : Cohort
        Its tables keep their contract already.
    catalogue : mapping of str to Analyte
        What can be measured, by full name.

    Returns
    -------
    QualityReport
        Counts, findings without rows, and the tables of ``profile``, without those by outcome.
    """
    episodes, grades, events = cohort.episodes, cohort.grades, cohort.events
    names = events["modality"] + "." + events["analyte"]
    is_known = names.isin([name for name in names.unique() if name in catalogue])
    rows = _as_rows(events[is_known].assign(analyte=names[is_known]), episodes)
    checked = check_limits(rows, catalogue)
    is_asked = ~events["ordered_as"].isin(_NO_REASON) | (events["collected_h"] <= 0)
    found = {
        "impossible_value": int((checked["reason"] == "impossible_value").sum()),
        "unknown_analyte": int((~is_known).sum()),
        "unusual_value": int(checked["unusual"].sum()),
        "without_values": _absent(episodes, events),
        "without_grades": _absent(episodes, grades),
        "ordered_for_cause": int((events["modality"].isin(_FOR_CAUSE) & ~is_asked).sum()),
    }
    report = QualityReport(
        counts={
            "patients": int(episodes["patient_id"].nunique()),
            "episodes": len(episodes),
            "events": len(events),
            "grades": len(grades),
        }
    )
    for code, count in found.items():
        severity, table, message, action = _FINDINGS[code]
        where = f"{table}.parquet", "", ""
        report.add(code, severity, (), where=where, message=message, action=action, count=count)
    # Counted as they are used: what is impossible here was not set aside.
    used = checked.with_columns(reason=pl.lit(None, pl.String))
    report.tables |= profile(used, episodes, catalogue=catalogue)
    return report


def _absent(episodes: pd.DataFrame, table: pd.DataFrame) -> int:
    return int((~episodes["episode_id"].isin(table["episode_id"])).sum())


def _as_rows(events: pd.DataFrame, episodes: pd.DataFrame) -> pl.DataFrame:
    """Give stored events the columns of rows that came through the stages."""
    groups = ["episode_id", *(name for name in ("site", "era") if name in episodes)]
    joined = events.merge(episodes[groups], on="episode_id", how="left")
    # The first version has the number 0 or 1, whoever wrote the folder.
    joined["version"] -= joined.groupby(_SAMPLE)["version"].transform("min")
    texts = {name: pl.Series(_words(joined, name), dtype=pl.String) for name in _TEXTS}
    numbers = {name: joined[name].to_numpy("float64") for name in _NUMBERS}
    return pl.DataFrame(texts | numbers).with_columns(
        pl.lit(None, pl.String).alias("reason"),
        pl.lit(None, pl.String).alias("missing"),
        pl.lit("").alias("unit_read"),
        # No stored event is without one.
        pl.lit("given").alias("availability"),
        duplicate=pl.lit(value=False),
        superseded=pl.lit(value=False),
    )


def _words(table: pd.DataFrame, name: str) -> list[str | None]:
    if name not in table:
        return [None] * len(table)
    return [None if pd.isna(cell) else str(cell) for cell in table[name]]

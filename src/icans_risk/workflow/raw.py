"""Raw recordings and scans of a study become events of its cohort."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pandas as pd

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EVENTS, Cohort
from icans_risk.errors import StudyError
from icans_risk.ingest import QualityReport, pseudonym, read_key
from icans_risk.study import Study
from icans_risk.study.signals import RawFiles
from icans_risk.workflow.kinds import Kind, Reading
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.signals import Measured, read_list

__all__ = ["add_measured", "measure_raw"]


def measure_raw(
    study: Study, quality: QualityReport, *, progress: Progress = SILENT
) -> pd.DataFrame | None:
    """Measure all raw files that a study lists.

    Parameters
    ----------
    study : Study
        Its ``data.signals``.
    quality : QualityReport
        Told what was not used, and what was noticed.
    progress : Progress
        Told about each file.

    Returns
    -------
    DataFrame or None
        Events, of pseudonyms if the study names a key; None where it lists no files.

    Raises
    ------
    StudyError
        If a list says that its files were generated and the study does not, or the reverse.
    CohortError, SignalError
        If a list cannot be read or a library is missing. A file that cannot be used is none.
    """
    tables = []
    for given in study.data.signals:
        kind = _kind(given)
        reading = Reading(turnaround=given.turnaround, time_zone=given.time_zone)
        measured = read_list(given.files, kind, reading, progress=progress)
        if measured.data_kind != study.data_kind:
            raise StudyError(
                f"the study says data_kind: {study.data_kind}, the list {given.files.name!r} holds "
                f"{measured.data_kind} data. Correct one of them: reports depend on it."
            )
        _tell(quality, measured, given=given, kind=kind)
        tables.append(measured.events)
    if not tables:
        return None
    events, key_file = pd.concat(tables, ignore_index=True), study.data.handling.pseudonym_key
    return events if key_file is None else _under_pseudonyms(events, read_key(key_file))


def add_measured(
    parts: Iterable[Cohort], events: pd.DataFrame | None, quality: QualityReport
) -> Iterator[Cohort]:
    """Add events to the episodes that they belong to.

    Parameters
    ----------
    parts : iterable of Cohort
        Whole episodes each.
    events : DataFrame or None
        From ``measure_raw``.
    quality : QualityReport
        Told what has no episode, once all parts have passed.

    Yields
    ------
    Cohort
        Where a value was measured, other values of its analyte and episode are left out.
    """
    if events is None:
        yield from parts
        return
    usable = _of_one_assay(events, quality)
    known: set[str] = set()
    for part in parts:
        ids = set(part.episodes["episode_id"])
        known |= ids
        mine = usable.loc[usable["episode_id"].isin(ids), list(EVENTS)]
        yield replace(part, events=_join(part.events, mine)) if len(mine) else part
    strangers = ~usable["episode_id"].isin(known)
    quality.add(
        "signals_without_episode", "warning", (), count=int(strangers.sum()), where=("", "", ""),
        message=f"{int(strangers.sum()):,} values of recordings or scans belong to no episode.",
        action="They are left out: compare episode_id in the lists.",
    )  # fmt: skip


def _under_pseudonyms(events: pd.DataFrame, key: bytes) -> pd.DataFrame:
    """Name episodes as the cohort does: lists are kept where the export is, under its names."""
    names = {name: pseudonym(str(name), key, kind="episode") for name in set(events["episode_id"])}
    return events.assign(episode_id=events["episode_id"].map(names))


def _join(table: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    names = ["episode_id", "modality", "analyte"]
    plain = table.astype(dict.fromkeys(names, "str"))
    replaced = pd.MultiIndex.from_frame(plain[names]).isin(
        pd.MultiIndex.from_frame(measured[names].astype("str").drop_duplicates())
    )
    return pd.concat([table[~replaced], measured], ignore_index=True)


def _of_one_assay(events: pd.DataFrame, quality: QualityReport) -> pd.DataFrame:
    """Leave out what several assays measured that are never pooled."""
    catalogue = load_catalogue()
    counts = events.groupby("measurement", observed=True)["assay"].nunique()
    mixed = [name for name in counts[counts > 1].index if catalogue[str(name)].assay_dependent]
    is_mixed = events["measurement"].isin(mixed)
    quality.add(
        "signals_of_several_assays", "warning", (), count=int(is_mixed.sum()), where=("", "", ""),
        message=f"{len(mixed)} measurements come from several sequences, which are not comparable.",
        action="They are left out: list the scans of one sequence.",
    )  # fmt: skip
    return events[~is_mixed]


def _tell(quality: QualityReport, measured: Measured, *, given: RawFiles, kind: Kind) -> None:
    refused: dict[str, list[int]] = {}
    for row, result in zip(measured.rows["row"], measured.results, strict=True):
        if result["refused"] is not None:
            refused.setdefault(result["refused"], []).append(int(row))
    quality.counts[f"{kind.many}_used"] = quality.counts.get(f"{kind.many}_used", 0) + sum(
        result["refused"] is None for result in measured.results
    )
    for code, rows in refused.items():
        reason = kind.reasons[code]
        quality.add(
            f"signals_{code}", "warning", rows, where=(given.files.name, "", "file"),
            message=reason.message, action=f"Not used. {reason.remedy}",
        )  # fmt: skip


def _kind(given: RawFiles) -> Kind:
    # Each kind needs a library of its own.
    if given.kind == "eeg":
        from icans_risk.workflow.eeg import EEG

        return EEG
    from icans_risk.workflow.imaging import IMAGING

    return IMAGING

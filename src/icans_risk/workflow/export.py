"""Write a cohort folder in a common data model."""

from pathlib import Path
from typing import Any

from icans_risk.cohort import read_cohort_folder, read_manifest
from icans_risk.ingest import export_meds
from icans_risk.workflow.progress import SILENT, Progress

__all__ = ["export_cohort"]


def export_cohort(folder: Path, out: Path, *, progress: Progress = SILENT) -> dict[str, Any]:
    """Write a cohort folder in the Medical Event Data Standard, whole or not at all.

    Parameters
    ----------
    folder : Path
        A cohort folder.
    out : Path
        Must not exist yet; its parent must.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Counts, the kind of data and the place, plain data.

    Raises
    ------
    CohortError
        If the cohort folder is damaged, or the new folder exists or cannot be made.
    """
    progress.stage("reading the cohort", steps=1)
    data_kind = read_manifest(folder).data_kind
    cohort = read_cohort_folder(folder)
    progress.step()
    progress.stage("writing the folder", steps=1)
    export_meds(cohort, out, data_kind=data_kind)
    progress.step()
    return {
        "folder": str(out),
        "data_kind": data_kind,
        "subjects": int(cohort.episodes["patient_id"].nunique()),
        "episodes": len(cohort.episodes),
        "events": len(cohort.events),
        "grades": len(cohort.grades),
    }

"""Turn a list of scans into events, measurements and a page of what was rejected."""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from icans_risk.errors import SignalError
from icans_risk.report import render_scans, scans_report
from icans_risk.signals.imaging.events import make_events, make_measurements
from icans_risk.signals.imaging.reasons import FLAGS, REASONS
from icans_risk.signals.imaging.scans import read_scans
from icans_risk.workflow.kinds import Kind, Reading
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.signals import measure_list

__all__ = ["IMAGING", "measure_scans"]


def _require() -> None:
    absent = [name for name in ("nibabel", "skimage") if importlib.util.find_spec(name) is None]
    if absent:
        raise SignalError(
            f"Reading scans needs {' and '.join(absent)}, which is not installed. Install "
            "'icans_risk[signals]'."
        )


def _job(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("path", "masks", "sequence")}


def _describe(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sequence": item["sequence"],
        "masks": " ".join(item["masks"]),
        "voxels": " x ".join(str(side) for side in item["shape"]),
        "spacing_mm": " x ".join(f"{length:.4g}" for length in item["spacing"]),
        "measurements": len(item["values"]),
    }


def _count(used: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {"masks": sum(len(item["masks"]) for item in used)}


def _page(listed: Sequence[Mapping[str, Any]], **about: Any) -> str:
    return render_scans(scans_report(listed, **about))


IMAGING = Kind(
    one="scan",
    many="scans",
    task="icans_risk.signals.imaging.work:work",
    usual="imaging.lesion_volume",
    require=_require,
    read=read_scans,
    job=_job,
    events=make_events,
    measurements=make_measurements,
    reasons=REASONS,
    flags=FLAGS,
    describe=_describe,
    count=_count,
    page=_page,
)


def measure_scans(
    scans_file: Path,
    out: Path,
    *,
    reading: Reading | None = None,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Measure all scans of a list and write what they give.

    An interrupted run is taken up by the next one with the same ``out``.

    Parameters
    ----------
    scans_file : Path
        CSV; see ``signals.imaging.scans.read_scans``. ``scanned``, ``available`` and
        ``infused`` may stand for hours, as calendar times.
    out : Path
        A new folder: ``events`` and ``measurements`` (Parquet and CSV), ``scans.csv``,
        ``quality.html`` and ``quality.json``.
    reading : Reading, optional
        How they are read.
    progress : Progress
        Told about each scan.

    Returns
    -------
    dict
        Counts, plain data.

    Raises
    ------
    CohortError, SignalError
        If the table cannot be read, nibabel or scikit-image is missing or the folder exists.
        A scan that cannot be read is no error.
    """
    return measure_list(scans_file, out, IMAGING, reading=reading or Reading(), progress=progress)

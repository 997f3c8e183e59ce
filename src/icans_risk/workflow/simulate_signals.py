"""Write EEG recordings and scans of synthetic patients, with the lists that read them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.synthetic.anatomy import AFFINE, draw_head
from icans_risk.synthetic.brainwaves import (
    ELECTRODES,
    RATE,
    SECONDS,
    BrainState,
    record_signals,
)
from icans_risk.synthetic.edf import EdfHeader, write_edf
from icans_risk.synthetic.nifti import write_nifti
from icans_risk.workflow.files import write_whole

__all__ = ["LIST", "SCAN_LIST", "SignalsWriter"]

LIST, SCAN_LIST = "recordings.csv", "scans.csv"
_BANDS = ("delta", "theta", "alpha", "beta")
_HOURS = SECONDS / 3600.0
_HEADER = EdfHeader(recording="Startdate X X X synthetic")
_SCAN_COLUMNS = (
    "file", "episode_id", "scanned_h", "available_h", "ordered_as", "sequence", "data_kind",
)  # fmt: skip
_SCAN_MASKS = ("brain", "ventricles", "lesion", "oedema")
_ONE = ["episode_id", "collected_h", "available_h", "ordered_as"]


class SignalsWriter:
    """Writes an EDF for each recording and NIfTI for each MRI of a cohort, piece by piece.

    What a recording shows is what its results in the cohort say, which follow from the
    patient's latent slowing; what is measured in it comes close to them. What a scan shows
    stands in the truth.

    Parameters
    ----------
    folder : Path
        Receives the files, ``recordings.csv`` and ``scans.csv``; it is made on first use.
    seed : int
        Of the cohort.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.rows: list[dict[str, Any]] = []
        self.scans: list[dict[str, Any]] = []

    def append(self, cohort: Cohort, scans: pd.DataFrame) -> None:
        """Write the recordings and scans of some patients.

        Parameters
        ----------
        cohort : Cohort
            Their results.
        scans : DataFrame
            What their scans show, of the truth.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for about, values in _recordings(cohort):
            self._record(about, values)
        events = cohort.events
        results = events[(events["modality"] == "imaging") & (events["analyte"] == "mri_abnormal")]
        shown = results[_ONE].merge(scans, on=["episode_id", "collected_h"], validate="1:1")
        for row in shown.to_dict("records"):
            self._scan({str(name): value for name, value in row.items()})

    def _record(self, about: dict[str, Any], values: dict[str, float]) -> None:
        name = f"{len(self.rows) + 1:06d}.edf"
        state = BrainState(
            powers={band: values[f"{band}_relative"] for band in _BANDS},
            rhythm_hz=values["posterior_dominant_rhythm"],
            has_rhythmic_delta=values["rhythmic_delta"] > 0,
            has_discharges=values["periodic_discharges"] > 0,
        )
        collected_h = float(about["collected_h"])
        signals = record_signals(
            state, seed=self.seed, episode_id=str(about["episode_id"]), hour=collected_h
        )
        write_edf(self.folder / name, signals, RATE, labels=ELECTRODES, header=_HEADER)
        # A value is collected at the end of its recording.
        started = {"started_h": round(collected_h - _HOURS, 6), "data_kind": "synthetic"}
        self.rows.append({"file": name, **about, **started})

    def _scan(self, state: dict[str, Any]) -> None:
        stem, hour = f"{len(self.scans) + 1:06d}", float(state["collected_h"])
        scan, masks = draw_head(
            state, seed=self.seed, episode_id=str(state["episode_id"]), hour=hour
        )
        write_nifti(self.folder / f"{stem}.nii.gz", scan, AFFINE)
        files = {name: f"{stem}_{name}.nii.gz" for name in masks}
        for name, mask in masks.items():
            write_nifti(self.folder / files[name], mask, AFFINE)
        about = {name: state[name] for name in ("episode_id", "available_h", "ordered_as")}
        kind = {"scanned_h": hour, "sequence": "flair", "data_kind": "synthetic"}
        self.scans.append({"file": f"{stem}.nii.gz", **about, **kind, **files})

    def close(self) -> dict[str, int]:
        """Write the lists and return how many recordings and scans there are."""
        columns = ["file", "episode_id", "started_h", "available_h", "ordered_as", "data_kind"]
        table = pd.DataFrame(self.rows, columns=columns)
        write_whole(self.folder / LIST, table.to_csv(index=False))
        listed = pd.DataFrame(self.scans, columns=[*_SCAN_COLUMNS, *_SCAN_MASKS])
        write_whole(self.folder / SCAN_LIST, listed.to_csv(index=False))
        return {"recordings": len(self.rows), "scans": len(self.scans)}


def _recordings(cohort: Cohort) -> Iterator[tuple[dict[str, Any], dict[str, float]]]:
    """Gather the results of each recording, in the order of the episodes."""
    events = cohort.events[cohort.events["modality"] == "eeg"]
    for key, rows in events.groupby(_ONE, sort=False):
        yield (
            dict(zip(_ONE, key, strict=True)),
            dict(zip(rows["analyte"], rows["value"], strict=True)),
        )

"""Write EEG recordings of synthetic patients, with the list that reads them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.synthetic.brainwaves import (
    ELECTRODES,
    RATE,
    SECONDS,
    BrainState,
    record_signals,
)
from icans_risk.synthetic.edf import EdfHeader, write_edf
from icans_risk.workflow.files import write_whole

__all__ = ["LIST", "SignalsWriter"]

LIST = "recordings.csv"
_BANDS = ("delta", "theta", "alpha", "beta")
_HOURS = SECONDS / 3600.0
_HEADER = EdfHeader(recording="Startdate X X X synthetic")
_ONE = ["episode_id", "collected_h", "available_h", "ordered_as"]


class SignalsWriter:
    """Writes one EDF for each recording of a cohort, piece by piece.

    What a recording shows is what its results in the cohort say, which follow from the
    patient's latent slowing; what is measured in it comes close to them.

    Parameters
    ----------
    folder : Path
        Receives the recordings and ``recordings.csv``; it is made on first use.
    seed : int
        Of the cohort.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.rows: list[dict[str, Any]] = []

    def append(self, cohort: Cohort) -> None:
        """Write the recordings of some patients."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for about, values in _recordings(cohort):
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

    def close(self) -> int:
        """Write the list and return how many recordings there are."""
        columns = ["file", "episode_id", "started_h", "available_h", "ordered_as", "data_kind"]
        table = pd.DataFrame(self.rows, columns=[*columns, "collected_h"])
        write_whole(self.folder / LIST, table[columns].to_csv(index=False))
        return len(self.rows)


def _recordings(cohort: Cohort) -> Iterator[tuple[dict[str, Any], dict[str, float]]]:
    """Gather the results of each recording, in the order of the episodes."""
    events = cohort.events[cohort.events["modality"] == "eeg"]
    for key, rows in events.groupby(_ONE, sort=False):
        yield (
            dict(zip(_ONE, key, strict=True)),
            dict(zip(rows["analyte"], rows["value"], strict=True)),
        )

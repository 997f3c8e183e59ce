"""Raw recordings and scans that stand beside the tables of a study."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from icans_risk.study.strict import Strict

__all__ = ["RawFiles"]


class RawFiles(Strict):
    """A list of EEG recordings or scans, which are measured whenever the study is read.

    What is measured takes the place of values of the same analyte and episode that other sources
    of the study hold.

    Attributes
    ----------
    kind : {"eeg", "imaging"}
        What the files are.
    files : Path
        CSV with a row for each, as ``icans-risk eeg`` or ``icans-risk imaging`` reads it.
    turnaround : float or "catalogue", optional
        Hours from a recording or scan to its result, where the list states no time.
    time_zone : str, optional
        Of calendar times without an offset.
    """

    kind: Literal["eeg", "imaging"]
    files: Path
    turnaround: Annotated[float, Field(ge=0)] | Literal["catalogue"] | None = None
    time_zone: str | None = None

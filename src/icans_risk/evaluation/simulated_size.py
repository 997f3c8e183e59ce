"""How many synthetic patients the pipeline needed until its calibration slope came near 1.

Riley's criteria were derived for regression. What they leave open for trees was simulated on
the package's own synthetic patients, where fresh ones can be had in any number: the table
beside this module, made by ``benchmarks/studies/sample_size_by_simulation.py``. It knows one
population, one landmark and one prevalence, and says nothing about real patients.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from icans_risk.errors import IcansRiskError

__all__ = ["SimulatedModel", "SimulatedSize", "simulated_sample_size"]

SimulatedModel = Literal["booster", "calibrated booster", "elastic net"]

_TABLE = "sample_size_by_simulation.csv"


@dataclass(frozen=True)
class SimulatedSize:
    """From how many synthetic patients on a model's slopes were near enough to 1.

    Attributes
    ----------
    model : {"booster", "calibrated booster", "elastic net"}
        Which model.
    columns : int
        Columns that it was offered in the simulation.
    patients : int or None
        The smallest size from which on the mean slope on fresh patients is at least 0.9 and
        the mean distance of the slopes from 1 below 0.15; None where no size was enough.
    events : int or None
        Mean number of events among them.
    largest_tried : int
        The largest size that was simulated.
    """

    model: SimulatedModel
    columns: int
    patients: int | None
    events: int | None
    largest_tried: int

    def sentence(self) -> str:
        """Say it in words that name the patients as synthetic.

        Examples
        --------
        >>> import textwrap
        >>> size = SimulatedSize("elastic net", 10, 600, 104, 3000)
        >>> print(textwrap.fill(size.sentence(), 87))
        On SYNTHETIC patients the elastic net needed about 600 patients (104 events) with 10
        columns until its calibration slope came near 1. That is no evidence about real ones.
        """
        start = f"On SYNTHETIC patients the {self.model} "
        if self.patients is None:
            return (
                f"{start}with {self.columns:,} columns had no calibration slope near 1 at "
                f"{self.largest_tried:,} patients either. That is no evidence about real ones."
            )
        return (
            f"{start}needed about {self.patients:,} patients ({self.events:,} events) with "
            f"{self.columns:,} columns until its calibration slope came near 1. That is no "
            "evidence about real ones."
        )


def simulated_sample_size(
    columns: int, model: SimulatedModel = "calibrated booster"
) -> SimulatedSize | None:
    """Look up what the simulation says for a number of columns.

    Parameters
    ----------
    columns : int
        Columns offered to the model.
    model : {"booster", "calibrated booster", "elastic net"}
        Which model.

    Returns
    -------
    SimulatedSize or None
        Of the two simulated numbers of columns around the one asked for, that which needed
        more patients. None for more columns than were simulated: nothing is extrapolated.

    Raises
    ------
    IcansRiskError
        If there are no columns, or the model was not simulated.

    Examples
    --------
    >>> simulated_sample_size(54).patients
    600
    >>> simulated_sample_size(500) is None
    True
    """
    rows = [row for row in _table() if row.model == model]
    if columns < 1 or not rows:
        raise IcansRiskError(
            "expected at least 1 column and a model that was simulated "
            f"({sorted({row.model for row in _table()})}), got {columns} and {model!r}."
        )
    above = [row for row in rows if row.columns >= columns]
    below = [row for row in rows if row.columns < columns]
    if not above:
        return None
    nearest = [min(above, key=lambda row: row.columns)]
    if below and nearest[0].columns > columns:
        nearest.append(max(below, key=lambda row: row.columns))
    return max(nearest, key=lambda row: row.patients or row.largest_tried + 1)


@cache
def _table() -> tuple[SimulatedSize, ...]:
    text = (files("icans_risk.evaluation") / _TABLE).read_text(encoding="utf-8")
    return tuple(
        SimulatedSize(
            model=row["model"],  # type: ignore[arg-type]
            columns=int(row["columns"]),
            patients=int(row["patients"]) if row["patients"] else None,
            events=round(float(row["events"])) if row["events"] else None,
            largest_tried=int(row["largest_tried"]),
        )
        for row in csv.DictReader(text.splitlines())
    )

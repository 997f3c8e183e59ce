"""Delivery into tumour or CSF against delivery by vein: one meta-analysis, worked through again.

The events are adverse events of grade 3 and above of any kind, several per patient: not
ICANS. Nothing here may shift a risk of ICANS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from scipy.stats import chi2

from icans_risk.errors import IcansRiskError
from icans_risk.evidence.pooling import fit_mixed, rate_ratio_by_group
from icans_risk.strict_yaml import load_yaml

__all__ = ["Reading", "Trial", "leave_one_trial_out", "load_trials", "readings", "trial_rates"]

Route = Literal["systemic", "local", "combined"]


class Trial(BaseModel):
    """One row of the table.

    Attributes
    ----------
    route : {"systemic", "local", "combined"}
        By vein; into tumour, cavity or CSF; or both in one protocol.
    nct, report : str
        Registration and publication.
    target, disease, frequency, generation : str
        As printed.
    with_ : str
        What was given beside the cells.
    treated, events : int
        Patients, and adverse events of grade 3 and above.
    again_in : str, optional
        The later report of the same trial.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    route: Route
    nct: str = Field(pattern=r"^NCT\d{8}$")
    report: str
    target: str
    disease: str
    frequency: Literal["single", "multiple"]
    with_: str = Field(alias="with")
    treated: int = Field(ge=1)
    generation: str
    events: int = Field(ge=0)
    again_in: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One way to read the table.

    Attributes
    ----------
    name, words : str
        Short, and what it counts.
    with_combined : bool
        Whether trials with delivery by both routes count as local, as the paper's methods say.
    with_earlier_reports : bool
        Whether earlier reports of a trial that is reported again count too.
    """

    name: str
    words: str
    with_combined: bool
    with_earlier_reports: bool

    def holds(self, trial: Trial) -> bool:
        """Say whether the reading counts a trial."""
        is_wanted = self.with_combined or trial.route != "combined"
        return is_wanted and (self.with_earlier_reports or trial.again_in is None)


AS_PRINTED = Reading(
    name="as the text counts",
    words="78 events in 107 patients: local delivery alone, earlier reports left out",
    with_combined=False,
    with_earlier_reports=False,
)
READINGS = (
    AS_PRINTED,
    Reading(
        name="every local row",
        words="the nine rows under local delivery, earlier reports included",
        with_combined=False,
        with_earlier_reports=True,
    ),
    Reading(
        name="as the methods say",
        words="combined delivery counted as local, all rows",
        with_combined=True,
        with_earlier_reports=True,
    ),
    Reading(
        name="each trial once",
        words="combined delivery counted as local, earlier reports left out",
        with_combined=True,
        with_earlier_reports=False,
    ),
)


@cache
def _content() -> Any:
    room = files("icans_risk.evidence")
    return load_yaml((room / "tables" / "locoregional.yaml").read_text(encoding="utf-8"))


def load_trials() -> tuple[Trial, ...]:
    """Load the rows of the table, in its order."""
    return tuple(Trial(**row) for row in _content()["trials"])


def printed(name: str) -> dict[str, float]:
    """Return what the paper's text prints: ``systemic``, ``local`` or ``ratio``."""
    return dict(_content()["text"][name])


def readings() -> pd.DataFrame:
    """Compute the rate ratio, local over systemic, under each reading and model.

    Returns
    -------
    DataFrame
        One row per reading: ``reading, words``, events and patients by route, and for each
        model ``<model>, <model>_low, <model>_high`` of ``fixed`` (all events independent),
        ``quasi`` (the spread that was found), ``negative_binomial`` and ``mixed`` (each trial
        has a rate of its own); ``factor`` (Pearson's chi-squared over its degrees of freedom),
        ``tau`` (of the mixed model, on the logarithm).
    """
    return _readings().copy()


@cache
def _readings() -> pd.DataFrame:
    trials = load_trials()
    rows = []
    for reading in READINGS:
        held = [trial for trial in trials if reading.holds(trial)]
        rows.append({"reading": reading.name, "words": reading.words, **_compare(held)})
    return pd.DataFrame(rows)


def leave_one_trial_out() -> pd.DataFrame:
    """Compute the rate ratio without each trial in turn, counted as the text counts.

    Returns
    -------
    DataFrame
        As ``readings``, with ``left_out`` in place of the reading.
    """
    return _without_each().copy()


@cache
def _without_each() -> pd.DataFrame:
    held = [trial for trial in load_trials() if AS_PRINTED.holds(trial)]
    return pd.DataFrame(
        [
            {
                "left_out": gone.report,
                "route": gone.route,
                **_compare([t for t in held if t != gone]),
            }
            for gone in held
        ]
    )


def trial_rates() -> pd.DataFrame:
    """Return each trial's events per patient with an exact Poisson interval.

    Returns
    -------
    DataFrame
        ``report, route, treated, events, value, low, high, again_in``. The interval holds if
        events are independent; several in one patient are not, so it is too narrow.
    """
    rows = []
    for trial in load_trials():
        low = float(chi2.ppf(0.025, 2 * trial.events)) / 2 if trial.events else 0.0
        high = float(chi2.ppf(0.975, 2 * trial.events + 2)) / 2
        ends = (count / trial.treated for count in (trial.events, low, high))
        rows.append((trial.report, trial.route, trial.treated, trial.events, *ends, trial.again_in))
    columns = ["report", "route", "treated", "events", "value", "low", "high", "again_in"]
    return pd.DataFrame(rows, columns=columns)


def _compare(held: Sequence[Trial]) -> dict[str, float]:
    events = np.array([trial.events for trial in held])
    patients = np.array([trial.treated for trial in held])
    local = np.array([trial.route != "systemic" for trial in held])
    if local.all() or not local.any():
        raise IcansRiskError("both routes are needed to compare them, got one. Name more trials.")
    counted = rate_ratio_by_group(events, patients, local)
    X = np.column_stack([np.ones(len(held)), local])
    mixed = fit_mixed(events, patients, np.arange(len(held)), X=X)
    # Five systemic trials know little of the spread between trials: t, not normal.
    low, high = mixed.interval(1, with_t=True)
    found = {
        "local_events": int(events[local].sum()),
        "local_patients": int(patients[local].sum()),
        "systemic_events": int(events[~local].sum()),
        "systemic_patients": int(patients[~local].sum()),
        "factor": counted.factor,
        "tau": float(np.sqrt(mixed.tau2)),
        "mixed": float(np.exp(mixed.coefficients[1])),
        "mixed_low": float(np.exp(low)),
        "mixed_high": float(np.exp(high)),
    }
    ratios = {
        "fixed": counted.poisson,
        "quasi": counted.quasi_poisson,
        "negative_binomial": counted.negative_binomial,
    }
    for name, ratio in ratios.items():
        found |= {name: ratio.value, f"{name}_low": ratio.low, f"{name}_high": ratio.high}
    return found

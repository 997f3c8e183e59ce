"""Held-out risks of every model for the same rows, and what is known of these rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import patient_average
from icans_risk.splits import Split

__all__ = ["HeldOutRisks", "JudgedRows"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# An event that comes sooner after the landmark may have been on its way already.
_FORESEEN_H = 24.0


class JudgedRows(Protocol):
    """The rows that models were fitted and judged on; ``ModelRows`` is one."""

    @property
    def vectors(self) -> pd.DataFrame:
        """Indexed by episode and landmark."""

    @property
    def event(self) -> NDArray[np.int64]:
        """1 for an event, 0 for none."""

    @property
    def weight(self) -> Floats:
        """Weight of each row."""

    @property
    def patient(self) -> NDArray[np.object_]:
        """Who each row is."""


@dataclass(frozen=True, eq=False)
class HeldOutRisks:
    """What models predicted for patients whom they had not seen, under one policy.

    Attributes
    ----------
    event, weight : ndarray of shape (n_rows,)
        Outcome and weight.
    patient : ndarray of shape (n_rows,)
        Who each row is.
    probabilities : mapping of str to ndarray of shape (n_repeats, n_rows)
        Held-out probabilities of each model, the model of interest first.
    splits : sequence of Split
        The splits that made them.
    episodes : DataFrame of n_rows rows
        The episode of each row.
    outcomes : DataFrame of n_rows rows
        ``landmark_h``, ``onset_h`` and ``had_syndrome`` of each row, as ``derive_outcomes``
        gives them.
    """

    event: NDArray[np.int64]
    weight: Floats
    patient: NDArray[np.object_]
    probabilities: Mapping[str, Floats]
    splits: Sequence[Split]
    episodes: pd.DataFrame
    outcomes: pd.DataFrame

    @classmethod
    def align(
        cls,
        rows: JudgedRows,
        probabilities: Mapping[str, Floats],
        splits: Sequence[Split],
        *,
        episodes: pd.DataFrame,
        outcomes: pd.DataFrame,
    ) -> "HeldOutRisks":
        """Find the episode and the outcome of each row, whatever their order.

        Parameters
        ----------
        rows : JudgedRows
            The rows that were predicted.
        probabilities, splits
            As above.
        episodes : DataFrame
            The cohort's episodes.
        outcomes : DataFrame
            The outcomes table of one landmark and endpoint.

        Returns
        -------
        HeldOutRisks
            Of these rows.

        Raises
        ------
        IcansRiskError
            If a row has no episode or not exactly one outcome, or its event is another.
        """
        names = rows.vectors.index.get_level_values(0)
        aligned = [
            pd.DataFrame({"episode_id": names}).merge(table, on="episode_id", how="left")
            for table in (episodes, outcomes)
        ]
        has_episode = np.isin(names, episodes["episode_id"])
        if not (has_episode.all() and np.array_equal(aligned[1]["event"], rows.event)):
            raise IcansRiskError(
                "Every row needs its episode and the outcome that it was judged by, got "
                f"{int((~has_episode).sum())} of {len(names)} rows without an episode, or other "
                "events. Pass the cohort's episodes, and the outcomes of the same landmark, "
                "endpoint and policy."
            )
        return cls(rows.event, rows.weight, rows.patient, probabilities, splits, *aligned)

    @cached_property
    def risks(self) -> dict[str, Floats]:
        """One risk for each row of each model: its repeats, averaged on the logit scale."""
        return {name: patient_average(found) for name, found in self.probabilities.items()}

    @property
    def main(self) -> str:
        """Name the model of interest."""
        return next(iter(self.probabilities))

    @cached_property
    def constant(self) -> tuple[str, ...]:
        """Models that rank nobody: everyone of a test fold gets the same risk.

        Over folds their risks differ, by which events were left out of each: what a
        pooled ranking would show is the cross-validation, not the model.
        """
        return tuple(name for name, found in self.probabilities.items() if self._is_flat(found))

    def _is_flat(self, found: Floats) -> bool:
        return all(np.ptp(found[split.repeat, split.test]) == 0 for split in self.splits)

    @cached_property
    def lead_h(self) -> Floats:
        """Hours from the landmark to the onset of each event; NaN without one."""
        lead: Floats = (self.outcomes["onset_h"] - self.outcomes["landmark_h"]).to_numpy("float64")
        return np.where(self.event == 1, lead, np.nan)

    @cached_property
    def among(self) -> dict[str, Flags]:
        """Among which rows ranking is judged: everyone, and those that can be foreseen."""
        untouched: Flags = ~self.outcomes["had_syndrome"].to_numpy(dtype=bool)
        later: Flags = (self.event == 0) | (self.lead_h > _FORESEEN_H)
        return {
            "everyone": np.ones(self.event.size, dtype=bool),
            "no_syndrome": untouched,
            "later": later,
            "no_syndrome_later": untouched & later,
        }

    def columns(self) -> dict[str, Any]:
        """Return what every judgement takes beside outcomes and risks."""
        return {"groups": self.patient, "weight": self.weight}

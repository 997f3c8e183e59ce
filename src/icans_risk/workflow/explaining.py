"""What pages may say about the inputs of a landmark's risks, beside the contributions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.explanation import (
    SUPPORTED_Z,
    HeldOut,
    correlated_analytes,
    fold_by_analyte,
    held_out_contributions,
    held_out_moves,
    held_out_support,
    measured_analytes,
    plausible_values,
    sign_agreement,
    with_groups,
)
from icans_risk.models.released import ReleasedModel
from icans_risk.workflow.landmark_data import LandmarkData
from icans_risk.workflow.rows import ModelRows
from icans_risk.workflow.validation import ModelResult

__all__ = ["NOTHING", "NO_AGREEMENT", "Explaining", "Reasons", "explain_held_out", "training_rows"]

# Of a model that was not rebuilt.
NO_AGREEMENT = pd.DataFrame(columns=["episode_id", "landmark_h", "analyte", "agreement"])
_MOVES = ["analyte", "risk_low", "risk_high", "reduction"]


@dataclass(frozen=True, eq=False)
class Reasons:
    """What there is about one episode.

    Attributes
    ----------
    agreement : mapping of str to float
        Share of the rebuilds without the patient that move the risk the way that is printed, by
        the full name of the analyte and of each group that is named together. NaN for what may
        not be named whatever they say: it was not measured in this patient, what it adds did
        not go with the outcome of held-out patients, or fewer than five rebuilds have a say.
        Empty where the model was not rebuilt.
    moves : DataFrame of (analyte, risk_low, risk_high, reduction)
        Between which risks each absent measurement would have put the patient, and by what
        share knowing it is expected to reduce what is unknown; the largest share first.
    """

    agreement: Mapping[str, float]
    moves: pd.DataFrame


NOTHING = Reasons({}, pd.DataFrame(columns=_MOVES))


@dataclass(frozen=True, eq=False)
class Explaining:
    """What there is about all episodes at risk at one landmark.

    Attributes
    ----------
    agreement : DataFrame
        As of ``sign_agreement``; without rows where the model was not rebuilt.
    moves : DataFrame
        As of ``held_out_moves``.
    together : tuple of tuple of str
        Groups of analytes whose values move together.
    support : Series
        As of ``held_out_support``, of analytes and groups.
    measured : DataFrame of bool
        Which of them each episode has a value of.
    """

    agreement: pd.DataFrame
    moves: pd.DataFrame
    together: tuple[tuple[str, ...], ...]
    support: pd.Series
    measured: pd.DataFrame

    @property
    def supported(self) -> tuple[str, ...]:
        """Name the analytes and groups that held-out patients speak for."""
        return tuple(self.support.index[self.support >= SUPPORTED_Z])

    def by_episode(self) -> dict[str, Reasons]:
        """Hand out what there is about each episode at risk."""
        may = self.measured & self.measured.columns.isin(self.supported)
        places = may.index.get_level_values("episode_id"), may.columns
        may = pd.DataFrame(may.to_numpy(), *places)
        shares = {
            str(episode): {
                str(name): float(share) if may.at[episode, name] else float("nan")
                for name, share in zip(part["analyte"], part["agreement"], strict=True)
            }
            for episode, part in self.agreement.groupby("episode_id")
        }
        moves = {
            str(episode): part[_MOVES].reset_index(drop=True)
            for episode, part in self.moves.groupby("episode_id")
        }
        return {
            episode: Reasons(shares.get(episode, {}), moves.get(episode, NOTHING.moves))
            for episode in {**shares, **moves}
        }


def explain_held_out(
    result: ModelResult,
    data: LandmarkData,
    rows: ModelRows,
    *,
    released: ReleasedModel | None,
) -> tuple[HeldOut, Explaining]:
    """Explain everyone at risk by models that never saw them.

    Parameters
    ----------
    result : ModelResult
        The validated model, with its fits in the order of its splits.
    data : LandmarkData
        All episodes.
    rows : ModelRows
        Those that were trained on.
    released : ReleasedModel or None
        With the rebuilds on ``rows``.

    Returns
    -------
    HeldOut
        Risks and their contributions.
    Explaining
        Agreement of the rebuilds, moves of what was absent, groups that move together.
    """
    at_risk = data.vectors.loc[data.primary["at_risk"].to_numpy(), list(result.plan.columns)]
    models = [fit.model for fit in result.fits]
    row = training_rows(data, rows, at_risk.index)
    trained_on = [np.flatnonzero(np.isin(row, split.train)) for split in result.splits]
    held_out = held_out_contributions(models, trained_on, at_risk)
    training = result.plan.table(rows)
    together = correlated_analytes(training)
    folded = fold_by_analyte(held_out.contributions)
    measured = with_groups(measured_analytes(at_risk), together)
    return held_out, Explaining(
        agreement=_agreement(released, folded, at_risk, row=row, together=together),
        moves=held_out_moves(models, trained_on, at_risk, plausible=plausible_values(training)),
        together=together,
        support=_support(with_groups(folded, together), measured, rows),
        measured=measured,
    )


def training_rows(data: LandmarkData, rows: ModelRows, index: pd.Index) -> NDArray[np.intp]:
    """Find a training row of each episode's patient, -1 where there is none.

    All rows of a patient are trained on together or not at all: an episode whose outcome is
    unknown was seen by whoever saw another one of the same patient.

    Returns
    -------
    ndarray of shape (n_episodes,)
        Positions in ``rows``; the episode's own row, where there is one.
    """
    own: NDArray[np.intp] = rows.vectors.index.get_indexer(index)
    patient = data.episodes.set_index("episode_id")["patient_id"]
    asked = patient.loc[index.get_level_values("episode_id")].to_numpy(dtype=object)
    first = pd.Series(np.arange(len(rows.patient)), index=rows.patient)
    first = first[~first.index.duplicated()]
    other = first.reindex(asked).fillna(-1).to_numpy(dtype=np.intp)
    return np.where(own >= 0, own, other)


def _agreement(
    released: ReleasedModel | None,
    folded: pd.DataFrame,
    at_risk: pd.DataFrame,
    *,
    row: NDArray[np.intp],
    together: Sequence[Sequence[str]],
) -> pd.DataFrame:
    rebuilds = None if released is None else released.rebuilds
    if rebuilds is None or rebuilds.copies is None:
        return NO_AGREEMENT
    return sign_agreement(
        folded,
        rebuilds.rebuilt,
        at_risk,
        seen=(rebuilds.copies[:, row] > 0) & (row >= 0),
        together=together,
    )


def _support(folded: pd.DataFrame, measured: pd.DataFrame, rows: ModelRows) -> pd.Series:
    known = rows.vectors.index
    return held_out_support(
        folded.loc[known, measured.columns],
        rows.event,
        measured.loc[known],
        weight=rows.weight,
        patient=rows.patient,
    )

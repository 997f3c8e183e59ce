"""What pages may say about the inputs of a landmark's risks, beside the contributions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.explanation import (
    HeldOut,
    correlated_analytes,
    fold_by_analyte,
    held_out_contributions,
    held_out_moves,
    plausible_values,
    sign_agreement,
)
from icans_risk.models.released import ReleasedModel
from icans_risk.workflow.landmark_data import LandmarkData
from icans_risk.workflow.rows import ModelRows
from icans_risk.workflow.validation import ModelResult

__all__ = ["NOTHING", "Explaining", "Reasons", "explain_held_out", "training_rows"]

_AGREEMENT = ["episode_id", "landmark_h", "analyte", "agreement"]
_MOVES = ["analyte", "risk_low", "risk_high"]


@dataclass(frozen=True, eq=False)
class Reasons:
    """What there is about one episode.

    Attributes
    ----------
    agreement : mapping of str to float
        Share of the rebuilds without the patient that move the risk the way that is printed, by
        the full name of the analyte; empty where it is not known.
    moves : DataFrame of (analyte, risk_low, risk_high)
        Between which risks each absent measurement would have put the patient, the widest
        first.
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
    """

    agreement: pd.DataFrame
    moves: pd.DataFrame
    together: tuple[tuple[str, ...], ...]

    def by_episode(self) -> dict[str, Reasons]:
        """Hand out what there is about each episode at risk."""
        known = self.agreement.dropna(subset="agreement")
        shares = {
            str(episode): dict(zip(part["analyte"], part["agreement"], strict=True))
            for episode, part in known.groupby("episode_id")
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
    return held_out, Explaining(
        agreement=_agreement(released, held_out, at_risk, row=row),
        moves=held_out_moves(models, trained_on, at_risk, plausible=plausible_values(training)),
        together=correlated_analytes(training),
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
    released: ReleasedModel | None, held_out: HeldOut, at_risk: pd.DataFrame, *, row: Any
) -> pd.DataFrame:
    rebuilds = None if released is None else released.rebuilds
    if rebuilds is None or rebuilds.copies is None:
        return pd.DataFrame(columns=_AGREEMENT)
    return sign_agreement(
        fold_by_analyte(held_out.contributions),
        rebuilds.rebuilt,
        at_risk,
        seen=(rebuilds.copies[:, row] > 0) & (row >= 0),
    )

"""How far a risk could move if what was not measured had been, and what knowing it is worth."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from icans_risk.explanation.folding import analyte_of, modality_of
from icans_risk.explanation.naming import measured_analytes

__all__ = ["DONORS", "MOVABLE", "held_out_moves", "plausible_values", "possible_moves"]

# Whether a lumbar puncture, an EEG or a scan was done is nearly the outcome, and a drug is an
# answer to it: what their results might have been is nothing that a page speculates about.
MOVABLE = ("plasma", "clinical")
DONORS = 20
_FEWEST_DONORS = 10
# The ends of what is plausible: outside lie tenths of the patients.
_PLAUSIBLE = (0.1, 0.9)
# What these say of an absent analyte is that nobody measured it, and that stays so.
_ABOUT_MEASURING = frozenset({"count", "hours_since_last"})

Plausible = Mapping[str, pd.DataFrame]
Floats = NDArray[np.float64]


class Marginal(Protocol):
    """What this module needs of a model."""

    def margin(self, X: Any) -> Floats:
        """Return log odds, shape (n_rows,)."""


def plausible_values(
    vectors: pd.DataFrame, *, donors: int = DONORS, of_at_least: int = 1
) -> dict[str, pd.DataFrame]:
    """Take plausible values of each blood test and bedside measurement from training rows.

    All columns of an analyte are taken from one patient at a time, so that its last value is
    not above its maximum.

    Parameters
    ----------
    vectors : DataFrame of shape (n_rows, n_columns)
        Training rows.
    donors : int
        How many patients to take, evenly over how high their values rank on average: each
        stands for as many others.
    of_at_least : int
        In the place of one patient the medians of at least so many who rank side by side, so
        that what is kept is nobody's. A median of maxima is not below one of last values.

    Returns
    -------
    dict of str to DataFrame
        By the full name of the analyte, its columns of the donors, the lowest first. An analyte
        that fewer than 10 rows have is left out, and so is every other modality than plasma
        and clinical.
    """
    found = {}
    movable = [str(c) for c in vectors.columns if modality_of(str(c)) in MOVABLE]
    told = [c for c in movable if c.split(".")[2] not in _ABOUT_MEASURING]
    for analyte in dict.fromkeys(map(analyte_of, told)):
        values = vectors[[c for c in told if analyte_of(c) == analyte]].dropna(how="all")
        if len(values) >= _FEWEST_DONORS:
            order = _by_height(values)
            if of_at_least > 1:
                taken = _medians(values, order, groups=min(donors, len(order) // of_at_least))
            else:
                taken = values.iloc[_donors(order, donors)]
            found[analyte] = taken.reset_index(drop=True)
    return found


def _by_height(values: pd.DataFrame) -> NDArray[np.intp]:
    height = values.rank(pct=True).mean(axis=1).to_numpy()
    order: NDArray[np.intp] = np.argsort(height, kind="stable")
    return order


def _medians(values: pd.DataFrame, order: NDArray[np.intp], *, groups: int) -> pd.DataFrame:
    neighbours = np.array_split(order, groups)
    return pd.DataFrame([values.iloc[group].median() for group in neighbours])


def _donors(order: NDArray[np.intp], donors: int) -> NDArray[np.intp]:
    places = (_quantiles(min(donors, len(order))) * (len(order) - 1)).round().astype(np.intp)
    chosen: NDArray[np.intp] = order[np.unique(places)]
    return chosen


def _quantiles(n: int) -> Floats:
    """Return the middles of equal shares, from 0 to 1."""
    middles: Floats = (np.arange(n) + 0.5) / n
    return middles


def possible_moves(model: Marginal, vectors: pd.DataFrame, plausible: Plausible) -> pd.DataFrame:
    """Say between which risks each absent measurement would have put a new patient.

    Parameters
    ----------
    model : risk model
        Fitted, on other patients.
    vectors : DataFrame of shape (n_rows, n_columns)
        Rows, indexed by ``episode_id`` and ``landmark_h``.
    plausible : mapping of str to DataFrame
        From ``plausible_values``.

    Returns
    -------
    DataFrame
        ``episode_id, landmark_h, analyte, risk_low, risk_high, reduction``, for each row its
        absent analytes, the one that is worth most first. All else is as it is: scores that
        are made of the analyte stay absent. The ends are those over the 10th to the 90th
        percentile of the values. The reduction is the share by which the Brier score is
        expected to fall once the value is known: ``mean((p - r)^2) / (m (1 - m) + (m - r)^2)``
        of the risks ``p`` over all values, their mean ``m`` and the risk ``r`` without the
        value, if outcomes come as ``p`` says [1]_.

    References
    ----------
    .. [1] DeGroot MH. "Uncertainty, information, and sequential experiments." Ann Math Stat
       1962;33(2):404-419. doi:10.1214/aoms/1177704567. Its measure of uncertainty is here the
       Brier score.
    """
    return held_out_moves([model], [np.array([], dtype=np.intp)], vectors, plausible=plausible)


def held_out_moves(
    models: Sequence[Marginal],
    trained_on: Sequence[NDArray[np.integer[Any]]],
    vectors: pd.DataFrame,
    *,
    plausible: Plausible,
) -> pd.DataFrame:
    """Say the same of rows that some of the models were trained on, by the others' mean log odds.

    Parameters
    ----------
    models, trained_on
        As for ``held_out_contributions``.
    vectors : DataFrame of shape (n_rows, n_columns)
        Rows, indexed by ``episode_id`` and ``landmark_h``.
    plausible : mapping of str to DataFrame
        From ``plausible_values``.

    Returns
    -------
    DataFrame
        As of ``possible_moves``.
    """
    absent = ~measured_analytes(vectors)
    tables = []
    for analyte, values in plausible.items():
        places = np.flatnonzero(absent[analyte])
        # Without the value first, then with that of each donor.
        margins = np.zeros((len(places), 1 + len(values)))
        count = np.zeros(len(places))
        for model, rows in zip(models, trained_on, strict=True):
            unseen = np.flatnonzero(~np.isin(places, rows))
            asked = vectors.iloc[places[unseen]]
            if len(asked):
                margins[unseen, 0] += model.margin(asked)
                with_values = model.margin(_filled(asked, values))
                margins[unseen, 1:] += with_values.reshape(-1, len(values))
            count[unseen] += 1
        tables.append(_told(vectors.index[places], analyte, margins / count[:, np.newaxis]))
    return _best_first(tables)


def _filled(rows: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Repeat each row for every donor, with the donor's values in it."""
    repeated = np.repeat(rows.to_numpy(), len(values), axis=0)
    place = rows.columns.get_indexer(values.columns)
    repeated[:, place] = np.tile(values.to_numpy(), (len(rows), 1))
    return pd.DataFrame(repeated, columns=rows.columns)


def _told(index: pd.Index, analyte: str, margins: Floats) -> pd.DataFrame:
    without, risks = expit(margins[:, :1]), expit(margins[:, 1:])
    where = _quantiles(risks.shape[1])
    usual = risks[:, (where >= _PLAUSIBLE[0]) & (where <= _PLAUSIBLE[1])]
    mean = risks.mean(axis=1)
    unknown = mean * (1.0 - mean) + (mean - without[:, 0]) ** 2
    return index.to_frame(index=False).assign(
        analyte=analyte,
        risk_low=usual.min(axis=1),
        risk_high=usual.max(axis=1),
        reduction=((risks - without) ** 2).mean(axis=1) / unknown,
    )


def _best_first(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    names = ["episode_id", "landmark_h", "analyte", "risk_low", "risk_high", "reduction"]
    if not tables:
        return pd.DataFrame(columns=names)
    whole = pd.concat(tables, ignore_index=True)
    order = whole.assign(worth=-whole["reduction"]).sort_values(
        ["episode_id", "landmark_h", "worth"], kind="stable"
    )
    return order[names].reset_index(drop=True)

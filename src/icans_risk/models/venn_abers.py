"""Venn-Abers: two calibrated risks that say how little the calibration patients settle."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import IcansRiskError, NotEstimableError

# The package turns off NumPy's warnings for everybody when it is imported.
with np.errstate():
    from venn_abers import calc_p0p1

__all__ = ["VennAbers", "fit_venn_abers"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VennAbers:
    """Two rising steps of the margin, between which a calibrated risk lies.

    Only where they rise is kept, not the margin of each patient.

    Attributes
    ----------
    low_from, high_after : ndarray of shape (n_steps,)
        Margins at which the lower risk rises, and after which the upper one does.
    low, high : ndarray of shape (n_steps + 1,)
        Risks before, between and after them.
    """

    low_from: Floats
    low: Floats
    high_after: Floats
    high: Floats

    def interval(self, margin: ArrayLike) -> tuple[Floats, Floats]:
        """Return the lower and the upper risk at margins of shape (n_rows,).

        Parameters
        ----------
        margin : array-like of shape (n_rows,)
            Log odds of new patients, on the scale of those that it was fitted on.

        Returns
        -------
        low, high : ndarray of shape (n_rows,)
            What isotonic regression would say, were the patient to stay without the event,
            and were the patient to have it. Far apart where few patients are alike. No
            interval of 90 or 95 %, and not centred on the printed risk.
        """
        asked = np.asarray(margin, dtype=np.float64)
        return (
            self.low[np.searchsorted(self.low_from, asked, "right")],
            self.high[np.searchsorted(self.high_after, asked, "left")],
        )

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {name: values.tolist() for name, values in vars(self).items()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make what ``to_state`` wrote."""
        return cls(**{name: np.asarray(values, dtype=np.float64) for name, values in state.items()})


def fit_venn_abers(margin: ArrayLike, y: ArrayLike) -> VennAbers:
    """Fit Venn-Abers to the margins of patients that the model did not see.

    Parameters
    ----------
    margin : array-like of shape (n_rows,)
        Log odds of the event. Of a fitted ``CalibratedModel``,
        ``model.calibration_.apply(model.out_of_fold_margin_[:, 0])`` is on the scale of
        ``model.margin(X)``. One row for each patient: the method knows no weights and no
        groups.
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.

    Returns
    -------
    VennAbers
        The two steps.

    Raises
    ------
    NotEstimableError
        If the rows hold one outcome only.
    IcansRiskError
        If there is not one finite margin for each outcome of 0 or 1.

    References
    ----------
    .. [1] Vovk V, Petej I, Fedorova V. "Large-scale probabilistic predictors with and
       without guarantees of validity." NeurIPS 2015. doi:10.48550/arXiv.1511.00213

    Examples
    --------
    >>> steps = fit_venn_abers([-2.0, -1.0, 0.0, 1.0, 2.0], [0, 0, 1, 0, 1])
    >>> low, high = steps.interval([-2.0, 2.0])
    >>> low.round(2), high.round(2)
    (array([0. , 0.5]), array([0.33, 1.  ]))
    """
    margins, outcome = (np.asarray(values, dtype=np.float64) for values in (margin, y))
    if margins.ndim != 1 or margins.shape != outcome.shape:
        raise IcansRiskError(
            "Venn-Abers needs one margin for each outcome, got the shapes "
            f"{margins.shape} and {outcome.shape}. Pass two columns of one table."
        )
    sound = np.isfinite(margins) & np.isin(outcome, (0, 1))
    if not sound.all():
        raise IcansRiskError(
            f"Venn-Abers needs finite margins and outcomes 0 or 1, {int((~sound).sum())} of "
            f"{sound.size} rows differ. Leave them out first."
        )
    if np.unique(outcome).size < 2:
        raise NotEstimableError(
            f"Venn-Abers needs rows with and without the event, {outcome.size} rows have one "
            "outcome. Pool more data."
        )
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        # Inside, slopes between one point and itself are expected and skipped.
        warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
        low, high, seen = calc_p0p1(np.column_stack([-margins, margins]), outcome)
    return VennAbers(*_rises(seen, low[:, 1]), *_rises(seen, high[:, 1]))


def _rises(seen: Floats, risk: Floats) -> tuple[Floats, Floats]:
    """Keep the margins between which a step function takes two values."""
    rises = np.diff(risk) != 0
    # Adding zero takes the sign from a negative one.
    return seen[rises], risk[np.concatenate([[True], rises])] + 0.0

"""Several cuts of an ordinal grade at once, with risks that cannot cross."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import clone
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.models.calibrated import CalibratedModel, add_calibration, fit_shift
from icans_risk.models.calibration import LogitCalibration, choose_method
from icans_risk.models.inputs import check_training_rows
from icans_risk.models.wrapped import WrappedModel

__all__ = ["OrderedCuts"]

Floats = NDArray[np.float64]


class OrderedCuts(WrappedModel):
    """Give the risk of several grades or more from one model, each with its own intercept.

    The model is that of the primary cut. At the others its log odds are shifted by what makes
    as many events expected as were observed, on held-out patients: proportional odds [1]_.
    A higher cut has fewer events and so a lower shift, and no patient's risk of a higher
    grade can exceed that of a lower one. What the columns do is the same at every cut: of
    few events at a high one, only the frequency is learnt. On synthetic patients this had a
    smaller log loss at grade 4 than a model of its own (0.140 against 0.149 from 1,000
    patients), and at grade 2 a hardly greater one (0.470 against 0.468).

    Parameters
    ----------
    base : CalibratedModel
        The model of the primary cut, unfitted.
    cuts : sequence of int
        Grades, ascending; an event is that grade or more.
    primary : int
        One of them, of which ``margin``, ``predict_proba`` and ``contributions`` speak.

    Attributes
    ----------
    base_ : CalibratedModel
        Fitted to the primary cut.
    shifts_ : tuple of float
        What each cut adds to its log odds; 0 at the primary cut.

    References
    ----------
    .. [1] McCullagh P. "Regression models for ordinal data." J R Stat Soc B
       1980;42(2):109-142. doi:10.1111/j.2517-6161.1980.tb01109.x
    """

    def __init__(self, base: Any, *, cuts: Sequence[int] = (2, 3, 4), primary: int = 3) -> None:
        self.base = base
        self.cuts = cuts
        self.primary = primary

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the model and the shifts.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Numbers; missing is NaN and zero is zero.
        y : array-like of shape (n_rows,)
            The highest grade reached after the landmark and by the horizon.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.
        groups : array-like of shape (n_rows,), optional
            The patient of each row; by default each row is one.

        Returns
        -------
        OrderedCuts
            Itself.

        Raises
        ------
        NotEstimableError
            If fewer than 10 patients have, or have not, the grade of a cut.
        NotReleasedError
            If higher margins did not go with more events at the primary cut.
        """
        self._check_settings()
        grade = _checked_grades(y)
        primary = (grade >= self.primary).astype(np.int64)
        _, _, weight = check_training_rows(self, X, primary, sample_weight=sample_weight)
        check_consistent_length(primary, groups)
        patient = np.arange(len(grade)) if groups is None else np.asarray(groups)
        self._refuse_rare_cuts(grade[weight > 0], patient[weight > 0])
        self.base_ = clone(self.base).fit(X, primary, weight, groups=groups)
        margin = self.base_.calibration_.apply(self.base_.out_of_fold_margin_)
        shifts = {cut: fit_shift(margin, grade >= cut, weight) for cut in self.cuts}
        self.shifts_ = tuple(shifts[cut] - shifts[self.primary] for cut in self.cuts)
        return self

    def _check_settings(self) -> None:
        if list(self.cuts) != sorted(set(self.cuts)) or self.primary not in self.cuts:
            raise IcansRiskError(
                "expected ascending cuts and one of them as the primary, got "
                f"{list(self.cuts)} and {self.primary}."
            )
        if not isinstance(self.base, CalibratedModel):
            raise IcansRiskError(
                "several cuts need a CalibratedModel, whose held-out log odds they are fitted to, "
                f"got {type(self.base).__name__}. Wrap it in one."
            )

    def _refuse_rare_cuts(self, grade: Floats, patient: NDArray[Any]) -> None:
        rare = [cut for cut in self.cuts if choose_method(grade >= cut, patient) == "none"]
        if rare:
            counts = [np.unique(patient[grade >= cut]).size for cut in rare]
            raise NotEstimableError(
                f"an intercept needs 10 patients with and 10 without the event, at the cuts {rare} "
                f"{counts} of {np.unique(patient).size} patients have it. Leave these cuts out."
            )

    def model_of(self, cut: int) -> CalibratedModel:
        """Return the risk model of one cut, whose contributions differ in the base alone.

        Parameters
        ----------
        cut : int
            One of the cuts.

        Returns
        -------
        CalibratedModel
            Fitted; it shares its trees or coefficients with the other cuts.

        Raises
        ------
        IcansRiskError
            If it is none of the cuts.
        """
        check_is_fitted(self)
        if cut not in self.cuts:
            raise IcansRiskError(f"expected a cut of {list(self.cuts)}, got {cut}.")
        shift = self.shifts_[list(self.cuts).index(cut)]
        return add_calibration(self.base_, LogitCalibration(shift, 1.0, "intercept"))

    def risks(self, X: Any) -> Floats:
        """Return the risk of each cut's grade or more, shape (n_rows, n_cuts), falling."""
        margin = self.margin(X)[:, np.newaxis]
        risks: Floats = expit(margin + np.array(self.shifts_))
        return risks

    def to_state(self) -> dict[str, Any]:
        """Return the fitted model as plain JSON values."""
        return {**super().to_state(), "shifts": list(self.shifts_)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make the model that ``to_state`` wrote."""
        model = super().from_state(state)
        model.shifts_ = tuple(float(shift) for shift in state["shifts"])
        return model


def _checked_grades(y: ArrayLike) -> Floats:
    grade: Floats = column_or_1d(y, dtype=np.float64, warn=True)
    if not np.isfinite(grade).all():
        raise IcansRiskError(
            f"every row needs a grade, {int((~np.isfinite(grade)).sum())} of {grade.size} have "
            "none. Leave out rows without an outcome first."
        )
    return grade

"""What a model has to be told about a row before it may answer, and cannot see in it."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import IcansRiskError

__all__ = ["Circumstances"]

Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Circumstances:
    """Plain facts about the rows to be answered, each one value for all or one for each.

    None has a default: a fact that is forgotten is a check that is not made.

    Attributes
    ----------
    is_model_withdrawn : bool
        The model gives no more answers.
    is_real_patient : bool or array-like of bool
        The row is no synthetic patient's.
    has_infusion_time : bool or array-like of bool
        The infusion is dated.
    is_beyond_landmark : bool or array-like of bool
        The row is asked for at a time that the model was not made for.
    is_at_endpoint : bool or array-like of bool
        The endpoint was recorded at or before the landmark.
    has_cns_tumour : bool or array-like of bool
        The patient is treated for a tumour of the nervous system.
    has_unseen_level : bool or array-like of bool
        A category of the episode, one without a column of its own included, has a level that
        no training patient had.
    hours_since_last_input : float or array-like of float
        From the latest value that the model uses to the landmark; NaN where there is none.
    """

    is_model_withdrawn: ArrayLike
    is_real_patient: ArrayLike
    has_infusion_time: ArrayLike
    is_beyond_landmark: ArrayLike
    is_at_endpoint: ArrayLike
    has_cns_tumour: ArrayLike
    has_unseen_level: ArrayLike
    hours_since_last_input: ArrayLike

    def reasons(
        self,
        n_rows: int,
        *,
        trained_on_synthetic: bool,
        trained_on_cns_tumours: bool,
        stale_after_h: float,
    ) -> dict[str, Flags]:
        """Return for which rows the facts speak against an answer, by code.

        Parameters
        ----------
        n_rows : int
            Rows that the facts are about.
        trained_on_synthetic, trained_on_cns_tumours : bool
            Whom the model was fitted on.
        stale_after_h : float
            Hours after which the latest value is too old.

        Returns
        -------
        dict of str to ndarray of shape (n_rows,)
            Keys of ``ABSTENTIONS``.

        Raises
        ------
        IcansRiskError
            If a fact has another length, a flag is neither True nor False, or hours are
            negative.
        """
        fact = {field.name: self._checked(field.name, n_rows) for field in fields(self)}
        return {
            "model_withdrawn": fact["is_model_withdrawn"],
            "synthetic_model_on_real_data": fact["is_real_patient"] & trained_on_synthetic,
            "no_infusion_time": ~fact["has_infusion_time"],
            "beyond_landmark": fact["is_beyond_landmark"],
            "already_at_endpoint": fact["is_at_endpoint"],
            "cns_tumour": fact["has_cns_tumour"] & (not trained_on_cns_tumours),
            "unknown_product": fact["has_unseen_level"],
            "stale_input": fact["hours_since_last_input"] > stale_after_h,
        }

    def _checked(self, name: str, n_rows: int) -> NDArray[Any]:
        given = np.asarray(getattr(self, name))
        if given.shape not in {(), (n_rows,)}:
            raise IcansRiskError(
                f"{name} must be one value or one for each of {n_rows} rows, got the shape "
                f"{given.shape}. Take it from the table of the rows."
            )
        told = np.broadcast_to(given, n_rows)
        if name == "hours_since_last_input":
            hours = told.astype(np.float64)
            _refuse(hours < 0, name, expected="at least 0 hours, or NaN where there is no value")
            return hours
        is_flag = told.dtype.kind == "b"
        wrong = np.array([not (is_flag or isinstance(flag, bool)) for flag in told], dtype=bool)
        _refuse(wrong, name, expected="True or False")
        return told.astype(bool)


def _refuse(wrong: NDArray[np.bool_], name: str, *, expected: str) -> None:
    if wrong.any():
        raise IcansRiskError(
            f"{name} must be {expected}, got something else in {wrong.sum()} of {wrong.size} rows. "
            "Decide for these rows before they are answered."
        )

"""Whom a model cannot judge: every reason, for every row, before a risk is shown."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.models.abstention import (
    ABSTENTIONS,
    ANSWERED,
    FALSE_ALARM_RATE,
    RANGE_MARGIN,
    STALE_AFTER_H,
    WIDEST_INTERVAL,
)
from icans_risk.models.circumstances import Circumstances
from icans_risk.models.column_roles import ColumnRoles
from icans_risk.models.input_ranges import InputRanges
from icans_risk.models.inputs import check_new_rows
from icans_risk.models.instability import is_unstable
from icans_risk.models.missing_inputs import find_lacking, usual_inputs
from icans_risk.models.novelty import Novelty
from icans_risk.models.patient_rows import put_in_order
from icans_risk.models.rebuilds import RiskInterval

__all__ = ["Applicability"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Applicability(BaseEstimator):
    """Say for which rows a model gives no answer, and why.

    The reasons, their rules and where the numbers come from stand in ``ABSTENTIONS``. What
    is learned from training rows: the range of each column, the distance of a row's values
    and of its missing cells from theirs, and how many of the important columns are usual.
    No outcome is looked at.

    Parameters
    ----------
    modality_of_column : mapping of str to str
        The modality of each measured column; columns of the episode itself (age, product),
        scores and counts have none.
    trained_on_synthetic : bool
        Whether the training patients are synthetic.
    trained_on_cns_tumours : bool
        Whether patients with a tumour of the nervous system are among them.
    required_modalities : sequence of str
        Modalities without which there is no answer.
    important : sequence of str
        The columns that matter most to the model, about ten. None: no row has too few.
    categories : mapping of str to sequence of str, optional
        The indicator columns of each category, one for each level.
    hard_limits : mapping of str to (low, high), optional
        What is possible at all, by column; None for no limit.
    decision_threshold : float, optional
        The risk from which something is done; by default none is declared.
    stale_after_h, range_margin, false_alarm_rate, widest_interval : float
        Thresholds of ``stale_input``, ``out_of_range``, ``unlike_training``, ``unstable``.

    Attributes
    ----------
    roles_ : ColumnRoles
        What each column is.
    ranges_ : InputRanges
        Of each column.
    novelty_ : Novelty
        Distances to the training patients.
    least_inputs_ : int
        Important columns that a row must have.

    Notes
    -----
    How often it errs: ``benchmarks/studies/applicability.csv``. A product that has no
    indicator column, and whose patients have usual values, is not noticed: report it.
    """

    def __init__(
        self,
        *,
        modality_of_column: Mapping[str, str],
        trained_on_synthetic: bool,
        trained_on_cns_tumours: bool,
        required_modalities: Sequence[str] = (),
        important: Sequence[str] = (),
        categories: Mapping[str, Sequence[str]] | None = None,
        hard_limits: Mapping[str, tuple[float | None, float | None]] | None = None,
        decision_threshold: float | None = None,
        stale_after_h: float = STALE_AFTER_H,
        range_margin: float = RANGE_MARGIN,
        false_alarm_rate: float = FALSE_ALARM_RATE,
        widest_interval: float = WIDEST_INTERVAL,
    ) -> None:
        self.modality_of_column = modality_of_column
        self.trained_on_synthetic = trained_on_synthetic
        self.trained_on_cns_tumours = trained_on_cns_tumours
        self.required_modalities = required_modalities
        self.important = important
        self.categories = categories
        self.hard_limits = hard_limits
        self.decision_threshold = decision_threshold
        self.stale_after_h = stale_after_h
        self.range_margin = range_margin
        self.false_alarm_rate = false_alarm_rate
        self.widest_interval = widest_interval

    def fit(self, X: pd.DataFrame, *, groups: ArrayLike | None = None) -> Self:
        """Learn what training rows look like.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            The vectors that the model was fitted on; missing is NaN.
        groups : array-like of shape (n_rows,), optional
            The patient of each row; by default each row is one.

        Returns
        -------
        Applicability
            Itself.

        Raises
        ------
        NotEstimableError
            If there are too few patients for a p-value as small as ``false_alarm_rate``.
        IcansRiskError
            If columns have no names, or a setting names a column or modality that is not
            there.
        """
        validate_data(self, X, skip_check_array=True)
        self.roles_ = self._roles()
        values = check_new_rows(self, X)
        no_event, weight = np.zeros(len(values), dtype=np.int64), np.ones(len(values))
        rows, _ = put_in_order(values, no_event, weight, groups=groups, names=None)
        self._check_patients(int(rows.patient.max()) + 1)
        ordered = rows.X.astype(np.float64)
        self.ranges_ = InputRanges.fit(ordered, margin=self.range_margin, limits=self.roles_.limits)
        self.novelty_ = Novelty.fit(
            ordered,
            rows.patient,
            preferred=self.roles_.numbers,
            modalities=list(self.roles_.modalities.values()),
        )
        self.least_inputs_ = usual_inputs(ordered, self.roles_)
        return self

    def check(
        self, X: pd.DataFrame, circumstances: Circumstances, *, interval: RiskInterval | None = None
    ) -> pd.DataFrame:
        """Name the reasons against an answer, row by row.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            Rows to be answered.
        circumstances : Circumstances
            Facts about them.
        interval : RiskInterval, optional
            Of the model's rebuilds; without it no row is found unstable.

        Returns
        -------
        DataFrame
            On the rows' index: ``status``, which is ``answered`` or the first reason; and
            ``reasons``, a tuple of all that apply, in the order of ``ABSTENTIONS``.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> training = pd.DataFrame(rng.lognormal(3, 1, (200, 2)), columns=["a.crp", "a.ldh"])
        >>> applicability = Applicability(
        ...     modality_of_column={"a.crp": "a", "a.ldh": "a"},
        ...     trained_on_synthetic=True,
        ...     trained_on_cns_tumours=False,
        ... ).fit(training)
        >>> facts = Circumstances(
        ...     is_model_withdrawn=False, is_real_patient=False, has_infusion_time=True,
        ...     is_beyond_landmark=False, is_at_endpoint=False, has_cns_tumour=False,
        ...     has_unseen_level=False, hours_since_last_input=[5.0, 60.0],
        ... )
        >>> rows = pd.DataFrame({"a.crp": [20.0, 20.0], "a.ldh": [20.0, 9e6]})
        >>> applicability.check(rows, facts)["reasons"].tolist()
        [(), ('stale_input', 'out_of_range', 'unlike_training')]
        """
        check_is_fitted(self)
        values = check_new_rows(self, X).astype(np.float64)
        n_rows = len(values)
        applies = circumstances.reasons(
            n_rows,
            trained_on_synthetic=self.trained_on_synthetic,
            trained_on_cns_tumours=self.trained_on_cns_tumours,
            stale_after_h=self.stale_after_h,
        )
        applies["unstable"] = is_unstable(
            interval,
            n_rows,
            widest=self.widest_interval,
            decision_threshold=self.decision_threshold,
        )
        for code, seen in self._from_values(values).items():
            applies[code] = applies[code] | seen if code in applies else seen
        reasons = [tuple(c for c in ABSTENTIONS if applies[c][row]) for row in range(n_rows)]
        status = [codes[0] if codes else ANSWERED for codes in reasons]
        return pd.DataFrame({"status": status, "reasons": reasons}, index=X.index)

    def p_value(self, X: pd.DataFrame) -> Floats:
        """Return the p-value behind ``unlike_training``, shape (n_rows,)."""
        check_is_fitted(self)
        return self.novelty_.p_value(check_new_rows(self, X).astype(np.float64))

    def _from_values(self, values: Floats) -> dict[str, Flags]:
        return {
            **find_lacking(values, self.roles_, least_inputs=self.least_inputs_),
            "out_of_range": self.ranges_.is_outside(values),
            "unlike_training": self.novelty_.p_value(values) <= self.false_alarm_rate,
        }

    def to_state(self) -> dict[str, Any]:
        """Return settings and what was learned, as plain JSON values.

        It holds no patient's row, but quantiles of each column and patterns of missing cells.
        """
        check_is_fitted(self)
        settings = self.get_params(deep=False)
        for name in ("modality_of_column", "categories", "hard_limits"):
            settings[name] = dict(settings[name] or {})
        for name in ("required_modalities", "important"):
            settings[name] = list(settings[name])
        return {
            "settings": settings,
            "columns": self.feature_names_in_.tolist(),
            "ranges": self.ranges_.to_state(),
            "novelty": self.novelty_.to_state(),
            "least_inputs": self.least_inputs_,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make what ``to_state`` wrote."""
        made = cls(**state["settings"])
        made.feature_names_in_ = np.asarray(state["columns"], dtype=object)
        made.n_features_in_ = len(state["columns"])
        made.roles_ = made._roles()
        made.ranges_ = InputRanges.from_state(state["ranges"])
        made.novelty_ = Novelty.from_state(state["novelty"])
        made.least_inputs_ = state["least_inputs"]
        return made

    def _check_patients(self, n_patients: int) -> None:
        needed = math.ceil(1.0 / self.false_alarm_rate) - 1
        if n_patients < needed:
            raise NotEstimableError(
                f"false alarms of {self.false_alarm_rate:.1%} can be told from {needed} training "
                f"patients on, got {n_patients}. Pool more data, or admit more false alarms."
            )

    def _roles(self) -> ColumnRoles:
        if not hasattr(self, "feature_names_in_"):
            raise IcansRiskError(
                "expected columns with names, got rows without. Pass the vectors as a DataFrame."
            )
        return ColumnRoles.of(
            self.feature_names_in_.tolist(),
            modality_of_column=self.modality_of_column,
            required=self.required_modalities,
            important=self.important,
            categories=self.categories or {},
            hard_limits=self.hard_limits or {},
        )

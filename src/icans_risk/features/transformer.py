"""Build the vectors as a step of a scikit-learn pipeline."""

import copy
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from icans_risk.catalogue import Analyte
from icans_risk.cohort import Cohort
from icans_risk.errors import StudyError
from icans_risk.features.build import build_features
from icans_risk.features.specification import FeatureSpecification

__all__ = ["WindowedFeatures"]

_EPISODE = "episode_id"


class WindowedFeatures(TransformerMixin, BaseEstimator):
    """Turn episode identifiers into their vectors at one landmark.

    Levels of categories, and the analytes that ``plasma.*`` stands for, are fixed on the
    episodes that ``fit`` is given: inside a cross-validation nothing is learnt from the
    fold that is held out. A clone shares the cohort, which nobody changes, instead of
    copying it.

    Parameters
    ----------
    cohort : Cohort
        Holds every episode that will be asked for.
    specification : FeatureSpecification
        Which columns; not fitted.
    landmark_h : float
        Hours since infusion.
    catalogue : mapping of str to Analyte, optional
        What can be measured; the package's own by default.

    Attributes
    ----------
    specification_ : FeatureSpecification
        Fitted.
    n_features_in_ : int
        One: the identifier.
    feature_names_in_ : ndarray of shape (1,)
        ``episode_id``, where a DataFrame was fitted.

    Examples
    --------
    >>> from icans_risk.cohort import EVENTS, GRADES
    >>> from icans_risk.features import Window
    >>> episodes = pd.DataFrame({
    ...     "episode_id": ["p", "q"], "patient_id": ["P", "Q"], "followed_until_h": 500.0,
    ...     "product": ["axi-cel", "tisa-cel"],
    ... })
    >>> nothing = (pd.DataFrame(columns=list(table)) for table in (EVENTS, GRADES))
    >>> cohort = Cohort(episodes, *nothing)
    >>> specification = FeatureSpecification((), (), static=("product",))
    >>> features = WindowedFeatures(cohort, specification, landmark_h=24.0).fit(["p"])
    >>> features.transform(["q", "p"])
       static.product.axi-cel
    0                     0.0
    1                     1.0
    """

    def __init__(
        self,
        cohort: Cohort,
        specification: FeatureSpecification,
        landmark_h: float,
        *,
        catalogue: Mapping[str, Analyte] | None = None,
    ) -> None:
        self.cohort = cohort
        self.specification = specification
        self.landmark_h = landmark_h
        self.catalogue = catalogue

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fix the columns on some episodes.

        Parameters
        ----------
        X : array-like of shape (n_rows,) or (n_rows, 1), or DataFrame
            Episode identifiers; in a DataFrame, the only column ``episode_id``.
        y : None
            Not looked at.

        Returns
        -------
        WindowedFeatures
            Itself.

        Raises
        ------
        StudyError
            If an identifier is not in the cohort, ``X`` is not one column, or the
            specification cannot be fitted.
        LeakageError
            If the specification would show the outcome.
        """
        del y
        wanted = self._read(X, reset=True)
        fitted = self.specification.fit(self._select(wanted), self.catalogue)
        self.specification_ = fitted
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Build the vectors of some episodes.

        Parameters
        ----------
        X : array-like of shape (n_rows,) or (n_rows, 1), or DataFrame
            As for ``fit``; an episode may stand more than once.

        Returns
        -------
        DataFrame of float32, shape (n_rows, n_columns)
            As ``build_features`` makes them, in the order and, where it has one, with the
            index of ``X``.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        StudyError, LeakageError
            As for ``fit``.
        """
        check_is_fitted(self)
        wanted = self._read(X, reset=False)
        vectors = build_features(
            self._select(wanted), self.specification_, [self.landmark_h], catalogue=self.catalogue
        )
        place = vectors.index.get_level_values(_EPISODE).get_indexer(pd.Index(wanted))
        index = X.index if isinstance(X, pd.DataFrame | pd.Series) else pd.RangeIndex(len(place))
        return vectors.iloc[place].set_axis(index)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Name the columns.

        Parameters
        ----------
        input_features : None
            Not looked at: the names come from the specification.

        Returns
        -------
        ndarray of str
            ``specification_.columns``.
        """
        del input_features
        check_is_fitted(self)
        return np.array(self.specification_.columns, dtype=object)

    def __sklearn_clone__(self) -> Self:
        # By default a clone copies deeply: the whole cohort once per fold, and a catalogue
        # cannot be copied at all. No parameter is ever changed, so that both can share them.
        parameters = self.get_params(deep=False)
        bare = copy.copy(self).set_params(**dict.fromkeys(parameters))
        clone: Self = BaseEstimator.__sklearn_clone__(bare).set_params(**parameters)
        return clone

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        tags.requires_fit = True
        return tags

    def _read(self, X: Any, *, reset: bool) -> NDArray[np.object_]:
        """Return the identifiers, all of them known."""
        column = X.to_frame(_EPISODE) if isinstance(X, pd.Series) else X
        if not isinstance(column, pd.DataFrame):
            column = np.asarray(column, dtype=object)
            column = column[:, np.newaxis] if column.ndim == 1 else column
        shape = np.shape(column)
        named = list(column.columns) if isinstance(column, pd.DataFrame) else [_EPISODE]
        if len(shape) != 2 or shape[1] != 1 or named != [_EPISODE]:
            raise StudyError(
                f"X must be one column of identifiers, named {_EPISODE!r} in a DataFrame, got the "
                f"shape {shape}. Select that column."
            )
        validate_data(self, column, reset=reset, skip_check_array=True)
        wanted: NDArray[np.object_] = np.asarray(column, dtype=object)[:, 0]
        unknown = int((~pd.Series(wanted).isin(self.cohort.episodes[_EPISODE])).sum())
        if unknown or not wanted.size:
            raise StudyError(
                f"X must name episodes of the cohort, which has {len(self.cohort.episodes)}; got "
                f"{wanted.size}, {unknown} of them not among these. Take identifiers from "
                "cohort.episodes."
            )
        return wanted

    def _select(self, wanted: NDArray[np.object_]) -> Cohort:
        def part(table: pd.DataFrame) -> pd.DataFrame:
            return table[table[_EPISODE].isin(wanted)]

        cohort = self.cohort
        return Cohort(part(cohort.episodes), part(cohort.events), cohort.grades.iloc[:0])

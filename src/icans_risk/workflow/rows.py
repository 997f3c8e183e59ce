"""The rows that models are fitted and judged on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["ModelRows", "pool_rows", "select_columns"]


@dataclass(frozen=True)
class ModelRows:
    """Episodes at risk at a landmark, with a known outcome.

    Attributes
    ----------
    vectors : DataFrame of shape (n_rows, n_columns)
        Indexed by episode and landmark.
    known : DataFrame of shape (n_rows, n_others)
        What is known at the landmark and is no feature, for models that ask for it by name:
        the last grades, the landmark itself.
    event, weight : ndarray of shape (n_rows,)
        Outcome and weight.
    patient : ndarray of shape (n_rows,)
        Who each row is: the unit of splits and resamples.
    """

    vectors: pd.DataFrame
    known: pd.DataFrame
    event: NDArray[np.int64]
    weight: NDArray[np.float64]
    patient: NDArray[np.object_]

    def table(self, columns: Sequence[str]) -> pd.DataFrame:
        """Return some columns, of the vectors or of what else is known."""
        return select_columns(self.vectors, self.known, columns)

    def have_outcomes_of(self, other: Self) -> bool:
        """Tell whether these are the same episodes, with the same outcomes and weights."""
        return (
            self.vectors.index.equals(other.vectors.index)
            and np.array_equal(self.event, other.event)
            and np.array_equal(self.weight, other.weight)
        )

    def fingerprint(self) -> str:
        """Return eight characters that other episodes, outcomes or weights would change."""
        told = hashlib.sha256("\n".join(map(str, self.vectors.index)).encode())
        for column in (self.event, self.weight):
            told.update(np.ascontiguousarray(column, dtype=np.float64).tobytes())
        return told.hexdigest()[:8]

    def take(self, rows: NDArray[Any]) -> Self:
        """Return some of the rows, by position or by a mask."""
        return type(self)(
            self.vectors.iloc[rows],
            self.known.iloc[rows],
            self.event[rows],
            self.weight[rows],
            self.patient[rows],
        )


def select_columns(
    vectors: pd.DataFrame, known: pd.DataFrame, columns: Sequence[str]
) -> pd.DataFrame:
    """Return columns of two tables of the same rows, in the order asked for."""
    others = [name for name in columns if name in known]
    if not others:
        return vectors[list(columns)]
    return pd.concat([vectors, known[others]], axis=1)[list(columns)]


def pool_rows(parts: Sequence[ModelRows]) -> ModelRows:
    """Put the rows of several landmarks under each other."""
    return ModelRows(
        vectors=pd.concat([part.vectors for part in parts]),
        known=pd.concat([part.known for part in parts]),
        event=np.concatenate([part.event for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        patient=np.concatenate([part.patient for part in parts]),
    )

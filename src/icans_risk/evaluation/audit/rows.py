"""What an audit is given: plain tables, and a pipeline as a callable."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.patients import check_patients
from icans_risk.evaluation.resampling import FitPredict, Fold

__all__ = ["AuditRows", "AuditTables", "Refit", "Subject", "labels_of", "prepare"]

Rows = NDArray[np.intp]

# Tests that are done, and drugs that are given, because of what somebody saw.
FOR_CAUSE = frozenset({"csf", "eeg", "imaging", "treatment"})


@dataclass(frozen=True, eq=False)
class AuditRows:
    """Rows that a pipeline can be fitted to and judged on.

    Attributes
    ----------
    vectors : DataFrame of shape (n_rows, n_columns)
        Numbers, missing is NaN; the index names each row once.
    event : ndarray of int of shape (n_rows,)
        1 for an event, 0 for none.
    weight : ndarray of shape (n_rows,)
        Weights.
    patient : ndarray of shape (n_rows,)
        The patient of each row.
    """

    vectors: pd.DataFrame
    event: NDArray[np.int64]
    weight: Floats
    patient: NDArray[Any]

    def with_vectors(self, vectors: pd.DataFrame) -> Self:
        """Return the same patients and outcomes with other columns."""
        return replace(self, vectors=vectors)

    def take(self, rows: Rows) -> Self:
        """Return some of the rows, in the order asked for."""
        columns = self.event[rows], self.weight[rows], self.patient[rows]
        return type(self)(self.vectors.iloc[rows], *columns)


# From rows, whatever their columns are, to the whole pipeline on them.
Refit = Callable[[AuditRows], FitPredict]


@dataclass(frozen=True, eq=False)
class AuditTables:
    """What the audit looks at beside the columns of the model; all in the order of its rows.

    Attributes
    ----------
    counts : DataFrame of shape (n_rows, n_analytes)
        How many events of each modality and analyte the model's columns could be made from
        at the landmark. No column: not looked at.
    groupings : DataFrame of shape (n_rows, n_groupings)
        Categories that should say little about the outcome: site, era, source file.
    protocol : DataFrame of shape (n_rows, n_rules)
        Categories that decide by rule who is measured how, and may say something about the
        outcome: site, product. Who was tested is compared inside their combinations.
    modality_of_column : mapping of str to str
        Modality of each column of the vectors; the others are ``other``.
    for_cause : frozenset of str
        Modalities whose existence may be a response to the outcome.
    """

    counts: pd.DataFrame
    groupings: pd.DataFrame
    protocol: pd.DataFrame
    modality_of_column: Mapping[str, str]
    for_cause: frozenset[str] = field(default=FOR_CAUSE)

    def take(self, rows: Rows) -> Self:
        """Return some of the rows, in the order asked for."""
        return replace(
            self,
            counts=self.counts.iloc[rows],
            groupings=self.groupings.iloc[rows],
            protocol=self.protocol.iloc[rows],
        )


@dataclass(frozen=True)
class _Split:
    repeat: int
    fold: int
    train: Rows
    test: Rows


@dataclass(frozen=True, eq=False)
class Subject:
    """What is audited: checked rows in an order of their own, and the splits of them.

    Attributes
    ----------
    rows : AuditRows
        Those of some weight, ordered by their index.
    tables : AuditTables
        Of the same rows.
    splits : tuple of Fold
        Of the repeats that the audit uses.
    protocol : ndarray of int of shape (n_rows,)
        The combination of the protocol's categories that each row has.
    """

    rows: AuditRows
    tables: AuditTables
    splits: tuple[Fold, ...]
    protocol: NDArray[np.intp]

    def without(self, dropped: NDArray[np.bool_]) -> Self:
        """Return the rows that are not dropped, with what is left of the splits."""
        kept = np.flatnonzero(~dropped)
        return replace(
            self,
            rows=self.rows.take(kept),
            tables=self.tables.take(kept),
            splits=_follow(self.splits, kept, rows=dropped.size),
            protocol=self.protocol[kept],
        )


def prepare(
    rows: AuditRows, splits: Sequence[Fold], tables: AuditTables, *, repeats: int
) -> Subject:
    """Check what was handed over and put the rows in an order of their own.

    Parameters
    ----------
    rows : AuditRows
        As handed over.
    splits : sequence of Fold
        Of these rows.
    tables : AuditTables
        Of these rows.
    repeats : int
        How many repeats of the splits to use.

    Returns
    -------
    Subject
        The same whatever the order of the rows was.

    Raises
    ------
    IcansRiskError
        If lengths differ, an index is not unique, a column is not of numbers, or there is no
        split.
    """
    _check(rows, tables)
    used = [split for split in splits if split.repeat < repeats]
    if not used:
        raise IcansRiskError(
            f"An audit needs the splits of at least one repeat, got {len(splits)} splits and "
            f"repeats={repeats}. Make them with repeated_grouped_folds."
        )
    order: Rows = np.asarray(rows.vectors.index.argsort())
    order = order[rows.weight[order] > 0]
    ordered = tables.take(order)
    return Subject(
        rows.take(order),
        ordered,
        _follow(used, order, rows=rows.weight.size),
        _combine(ordered.protocol),
    )


def labels_of(column: "pd.Series[Any]") -> NDArray[np.str_]:
    """Return categories as text; ``missing`` is one of them."""
    known = column.astype(object).where(column.notna().to_numpy(), "missing")
    return known.to_numpy().astype(str)


def _combine(categories: pd.DataFrame) -> NDArray[np.intp]:
    """Give each combination of categories a number; a missing one is a category too."""
    combined = np.zeros(len(categories), dtype=np.intp)
    for name in categories:
        _, codes = np.unique(labels_of(categories[name]), return_inverse=True)
        pairs = combined * (int(codes.max(initial=0)) + 1) + codes
        combined = np.unique(pairs, return_inverse=True)[1].astype(np.intp)
    return combined


def _check(rows: AuditRows, tables: AuditTables) -> None:
    # Its refusals name what is wrong with an outcome, a weight or a patient.
    check_patients(rows.event, np.zeros(len(rows.vectors)), rows.weight, groups=rows.patient)
    lengths = [len(t) for t in (tables.counts, tables.groupings, tables.protocol)]
    if {len(rows.vectors)} != set(lengths):
        raise IcansRiskError(
            f"Counts, groupings and protocol must have a row for each of {len(rows.vectors)} rows "
            f"of the vectors, got {lengths}. Build them from the same episodes; a table without "
            "columns keeps its index."
        )
    if not rows.vectors.index.is_unique:
        raise IcansRiskError(
            f"The index of the vectors must name each row once, got {len(rows.vectors)} rows with "
            f"{rows.vectors.index.nunique()} names. Index them by episode and landmark."
        )
    frames = {"vectors": rows.vectors, "counts": tables.counts}
    for name, frame in frames.items():
        wrong = [c for c in frame if not pd.api.types.is_numeric_dtype(frame[c])]
        if wrong:
            raise IcansRiskError(
                f"Columns of {name} must be numbers, {len(wrong)} are not, the first is "
                f"{wrong[0]!r}. Categories belong in groupings or protocol."
            )


def _follow(splits: Sequence[Fold], order: Rows, *, rows: int) -> tuple[Fold, ...]:
    """Let splits follow their rows to new places; rows that are gone leave them."""
    place = np.full(rows, -1, dtype=np.intp)
    place[order] = np.arange(order.size)

    def moved(old: Rows) -> Rows:
        new = np.sort(place[old])
        return new[new >= 0]

    followed = [_Split(s.repeat, s.fold, moved(s.train), moved(s.test)) for s in splits]
    return tuple(split for split in followed if split.train.size and split.test.size)

"""Turn the text of an events table into numbers, batch by batch."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from icans_risk.cohort import MODALITIES
from icans_risk.features.admission import ADMITTED_ORDERS, refused_rows, restricted_analytes
from icans_risk.features.sorting import Batch
from icans_risk.features.specification import FeatureSpecification

__all__ = ["code_batches"]

_NO_NUMBERS = np.empty(0, np.int32)
_NO_VERSIONS = np.empty(0)
_NO_FLAGS = np.empty(0, np.bool_)


def code_batches(
    events: pa.Table, episode_ids: Sequence[str], specification: FeatureSpecification
) -> Iterator[Batch]:
    """Code the events of some episodes.

    Parameters
    ----------
    events : pyarrow.Table
        In the layout ``EVENTS``; text is plain or dictionary-coded.
    episode_ids : sequence of str
        In the order in which they are numbered.
    specification : FeatureSpecification
        Numbers the analytes, and says what is admitted.

    Yields
    ------
    Batch
        As the table is chunked.
    """
    wanted = pa.array(episode_ids, pa.string())
    assays = _distinct(events["assay"])
    is_versioned = _varies(events["version"])
    restricted = restricted_analytes(specification.analytes, specification.presence)
    for batch in events.to_batches():
        analyte = _analyte_of(batch, specification.analytes)
        collected = _numbers(batch, "collected_h")
        yield Batch(
            episode=_codes(batch["episode_id"], wanted),
            analyte=analyte,
            collected=collected,
            available=_numbers(batch, "available_h"),
            value=_numbers(batch, "value"),
            assay=_codes(batch["assay"], assays) if len(assays) > 1 else _NO_NUMBERS,
            version=_numbers(batch, "version") if is_versioned else _NO_VERSIONS,
            is_refused=_refused(batch, analyte, restricted),
        )


def _analyte_of(batch: pa.RecordBatch, analytes: Sequence[str]) -> NDArray[np.int32]:
    names = sorted({analyte.partition(".")[2] for analyte in analytes})
    # A last row and column of -1: an unknown name has the number -1, and the places before
    # the first one of a row, or of the table, are -1 too.
    known = np.full((len(MODALITIES) + 1, len(names) + 1), -1, dtype=np.int32)
    for number, analyte in enumerate(analytes):
        modality, _, name = analyte.partition(".")
        known[MODALITIES.index(modality), names.index(name)] = number
    place = _codes(batch["modality"], pa.array(MODALITIES, pa.string())) * known.shape[1]
    place += _codes(batch["analyte"], pa.array(names, pa.string()))
    found: NDArray[np.int32] = known.ravel()[place]
    return found


def _refused(
    batch: pa.RecordBatch, analyte: NDArray[np.int32], restricted: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    orders = pa.array(ADMITTED_ORDERS, pa.string())
    if not restricted.any() or _are_all_of(batch["ordered_as"], orders):
        return _NO_FLAGS
    admitted = _codes(batch["ordered_as"], orders) >= 0
    is_restricted = np.append(restricted, False)[analyte]
    return refused_rows(_numbers(batch, "collected_h"), is_restricted, admitted)


def _codes(column: pa.Array, values: pa.Array) -> NDArray[np.int32]:
    """Replace each text by its number among the values, and by -1 if it is none of them."""
    is_coded = pa.types.is_dictionary(column.type)
    texts = column.dictionary if is_coded else column
    found = pc.fill_null(pc.index_in(texts, values.cast(texts.type)), -1)
    codes: NDArray[np.int32] = found.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    if not is_coded:
        return codes
    indices = pc.fill_null(column.indices.cast(pa.int32()), len(texts))
    of_row: NDArray[np.int32] = np.append(codes, np.int32(-1))[
        indices.to_numpy(zero_copy_only=False)
    ]
    return of_row


def _are_all_of(column: pa.Array, values: pa.Array) -> bool:
    is_coded = pa.types.is_dictionary(column.type) and column.null_count == 0
    return bool((_codes(column.dictionary if is_coded else column, values) >= 0).all())


def _numbers(batch: pa.RecordBatch, name: str) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = batch[name].to_numpy(zero_copy_only=False)
    return numbers.astype(np.float64, copy=False)


def _distinct(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        texts = [chunk.dictionary for chunk in column.chunks]
        column = pa.chunked_array(texts, column.type.value_type)
    return pc.unique(column).cast(pa.string()).sort()


def _varies(column: pa.ChunkedArray) -> bool:
    ends = pc.min_max(column)
    return bool(ends["min"].as_py() != ends["max"].as_py())

"""Build vectors of cohorts that memory does not hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from icans_risk.catalogue import Analyte
from icans_risk.cohort import CohortPart, stored_parts
from icans_risk.features.build import build_part
from icans_risk.features.recipe import Recipe
from icans_risk.features.specification import FeatureSpecification

__all__ = ["build_features_streaming"]


def build_features_streaming(
    source: Path | str | Iterable[CohortPart],
    specification: FeatureSpecification,
    landmarks: Sequence[float],
    *,
    catalogue: Mapping[str, Analyte] | None = None,
) -> Iterator[pd.DataFrame]:
    """Build vectors part by part, so that memory holds one part at a time.

    Parameters
    ----------
    source : path-like or iterable of CohortPart
        A cohort folder, or parts that hold whole episodes: ``partitioned_parts`` makes them
        of Parquet files in any order.
    specification : FeatureSpecification
        Fitted, if it has categorical static columns.
    landmarks : sequence of float
        Hours since infusion.
    catalogue : mapping of str to Analyte, optional
        What can be measured; the package's own by default.

    Yields
    ------
    DataFrame of float32
        The vectors of each part; concatenated they are what ``build_features`` gives.

    Raises
    ------
    StudyError, LeakageError
        As for ``build_features``.
    CohortError
        If a file is damaged, or an event cannot be true.
    """
    recipe = Recipe.of(specification, catalogue)
    parts = stored_parts(source) if isinstance(source, str | Path) else source
    for part in parts:
        yield build_part(part.episodes, part.events, recipe, landmarks=landmarks)

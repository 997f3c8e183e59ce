"""What models have to know about the columns of a vector, from the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass

from icans_risk.catalogue import load_catalogue
from icans_risk.features import FeatureColumn, FeatureSpecification

__all__ = ["ColumnFacts", "monotone_directions"]

# Statistics that rise when every value of the analyte does; a slope or a spread need not.
LEVELS = frozenset({"last", "first", "max", "min", "mean", "median", "auc_per_day"})
# A drug against inflammation lowers them while the patient gets worse, so that no direction
# holds where values collected after it count.
MASKED_BY_TREATMENT = frozenset({"plasma.il6", "plasma.crp", "clinical.temperature"})

Limits = tuple[float | None, float | None]


@dataclass(frozen=True)
class ColumnFacts:
    """What each column is.

    Attributes
    ----------
    modality : mapping of str to str
        Of the measured columns.
    categories : mapping of str to tuple of str
        The indicators of each category of the episode.
    limits : mapping of str to (low, high)
        Lowest and highest value that can be true, of columns in their analyte's unit.
    """

    modality: Mapping[str, str]
    categories: Mapping[str, tuple[str, ...]]
    limits: Mapping[str, Limits]

    @classmethod
    def of(cls, specification: FeatureSpecification) -> "ColumnFacts":
        """Collect them from a fitted specification."""
        catalogue = load_catalogue()
        modality: dict[str, str] = {}
        categories: dict[str, tuple[str, ...]] = {}
        limits: dict[str, Limits] = {}
        for column in specification.layout:
            if column.level is not None:
                levels = categories.get(column.analyte, ())
                categories[column.analyte] = (*levels, column.name)
            elif column.modality not in ("static", "score"):
                modality[column.name] = column.modality
            entry = catalogue.get(_analyte_of(column))
            if entry is not None and column.statistic in LEVELS:
                limits[column.name] = entry.hard_limits
        return cls(modality, categories, limits)


def monotone_directions(specification: FeatureSpecification) -> dict[str, int]:
    """Find the columns with which the risk may only rise, or only fall.

    The catalogue gives a direction to few analytes, each with its source. Those that drugs
    against inflammation lower have none unless the study cuts values after such a drug.

    Parameters
    ----------
    specification : FeatureSpecification
        Fitted.

    Returns
    -------
    dict of str to int
        1 or -1 by column.
    """
    catalogue = load_catalogue()
    admits_treated = specification.treatment_policy != "censor"
    found: dict[str, int] = {}
    for column in specification.layout:
        name = _analyte_of(column)
        entry = catalogue.get(name)
        masked = admits_treated and name in MASKED_BY_TREATMENT
        if entry is not None and entry.monotone and column.statistic in LEVELS and not masked:
            found[column.name] = entry.monotone
    return found


def _analyte_of(column: FeatureColumn) -> str:
    # A column of one platform reads the same analyte.
    return f"{column.modality}.{column.analyte}".partition("@")[0]

"""What the columns of a vector are to a model: modality, category, how much they matter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from icans_risk.errors import IcansRiskError

__all__ = ["ColumnRoles"]

Positions = tuple[int, ...]


@dataclass(frozen=True)
class ColumnRoles:
    """Positions of columns, by what they are.

    Attributes
    ----------
    modalities : mapping of str to tuple of int
        The measured columns of each modality.
    required : tuple of str
        Modalities without which there is no answer.
    important : tuple of int
        Columns that matter most.
    categories : tuple of tuple of int
        The indicators of each category.
    numbers : tuple of int
        All columns but indicators, those that matter most first.
    limits : mapping of int to (low, high)
        Hard limits.
    """

    modalities: Mapping[str, Positions]
    required: tuple[str, ...]
    important: Positions
    categories: tuple[Positions, ...]
    numbers: Positions
    limits: Mapping[int, tuple[float | None, float | None]]

    @classmethod
    def of(
        cls,
        columns: Sequence[str],
        *,
        modality_of_column: Mapping[str, str],
        required: Sequence[str],
        important: Sequence[str],
        categories: Mapping[str, Sequence[str]],
        hard_limits: Mapping[str, tuple[float | None, float | None]],
    ) -> Self:
        """Find the columns that are named.

        Raises
        ------
        IcansRiskError
            If a name is no column's, or a required modality has none.
        """
        place = {name: position for position, name in enumerate(columns)}
        indicators = [name for names in categories.values() for name in names]
        _refuse_unknown("columns", (*modality_of_column, *important, *indicators), place)
        # One set of limits may serve many models.
        limits = {place[name]: ends for name, ends in hard_limits.items() if name in place}
        modalities: dict[str, Positions] = {}
        for name in (name for name in columns if name in modality_of_column):
            modality = modality_of_column[name]
            modalities[modality] = (*modalities.get(modality, ()), place[name])
        _refuse_unknown("required modalities", required, modalities)
        numbers = [name for name in columns if name not in set(indicators)]
        numbers.sort(key=lambda name: name not in set(important))
        return cls(
            modalities=modalities,
            required=tuple(required),
            important=tuple(place[name] for name in important),
            categories=tuple(tuple(place[n] for n in names) for names in categories.values()),
            numbers=tuple(place[name] for name in numbers),
            limits=limits,
        )


def _refuse_unknown(what: str, named: Iterable[str], known: Mapping[str, object]) -> None:
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise IcansRiskError(
            f"{what} must be among the {len(known)} of the training rows, got {len(unknown)} "
            f"others: {unknown[:5]}. Name those that the model was fitted on."
        )

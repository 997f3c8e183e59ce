"""What two studies declared of their decisions before their results were there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from icans_risk.study.evaluation import DEFAULT_RANGE, Evaluation
from icans_risk.workflow.stored_model import StoredModel

__all__ = ["Declared", "find_declared"]


@dataclass(frozen=True)
class Declared:
    """Thresholds, range and smallest count of a comparison.

    Attributes
    ----------
    thresholds : tuple of float
        At which patients are reclassified.
    decision_range : tuple of two float
        Over which net benefit is compared.
    fewest : int
        Counts of patients below this are hidden.
    sentences : tuple of str
        Where the thresholds and the range come from.
    """

    thresholds: tuple[float, ...]
    decision_range: tuple[float, float]
    fewest: int
    sentences: tuple[str, ...]


def find_declared(
    old: StoredModel, new: StoredModel, *, thresholds: Sequence[float] | None = None
) -> Declared:
    """Find what both studies declared.

    Parameters
    ----------
    old, new : StoredModel
        With what their studies declare.
    thresholds : sequence of float, optional
        Given by hand, in the place of declared ones.

    Returns
    -------
    Declared
        With sentences that say where each comes from.
    """
    both = [_thresholds(model.declared) for model in (old, new)]
    shared = tuple(sorted(set(both[0]) & set(both[1])))
    ranges = {_range(model.declared) for model in (old, new)}
    agreed = ranges.pop() if len(ranges) == 1 else None
    low, high = agreed or DEFAULT_RANGE
    return Declared(
        thresholds=shared if thresholds is None else tuple(sorted(set(thresholds))),
        decision_range=(low, high),
        fewest=_fewest(old, new),
        sentences=(
            _say_thresholds(shared, thresholds),
            f"Net benefit is compared from {low:g} to {high:g}"
            + (", as declared." if agreed else ", a default: no range is declared by both."),
        ),
    )


def _say_thresholds(shared: tuple[float, ...], given: Sequence[float] | None) -> str:
    if given is not None:
        return "The thresholds were given by hand: they prove nothing if results were seen before."
    if not shared:
        return (
            "No threshold is declared by both studies, so that nobody is reclassified. Declare "
            "evaluation.thresholds before results are seen."
        )
    return f"Both studies declare the thresholds {', '.join(f'{at:g}' for at in shared)}."


def _thresholds(declared: Mapping[str, Any]) -> tuple[float, ...]:
    found = declared.get("thresholds")
    return tuple(found) if isinstance(found, list) and all(map(_is_risk, found)) else ()


def _range(declared: Mapping[str, Any]) -> tuple[float, float] | None:
    match declared.get("decision_range"):
        case [low, high] if _is_risk(low) and _is_risk(high) and low < high:
            return float(low), float(high)
    return None


def _is_risk(value: object) -> bool:
    return isinstance(value, float) and 0 < value < 1


def _fewest(old: StoredModel, new: StoredModel) -> int:
    if {old.question["data_kind"], new.question["data_kind"]} == {"synthetic"}:
        return 1
    default = Evaluation().smallest_cell
    asked = [model.declared.get("smallest_cell", default) for model in (old, new)]
    return max(cell if isinstance(cell, int) and cell > 0 else default for cell in asked)

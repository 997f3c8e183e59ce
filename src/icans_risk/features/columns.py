"""Name the columns of a vector, and say which cells each is computed from."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from icans_risk.features.choices import Change, Measurement, ScoreChoice
from icans_risk.features.scores import SCORES
from icans_risk.features.static import Levels

__all__ = [
    "GIVEN",
    "TO_LANDMARK",
    "Cell",
    "FeatureColumn",
    "change_columns",
    "measured_columns",
    "score_columns",
    "static_columns",
    "treatment_columns",
]


# What a treatment's column says, and until when.
GIVEN, TO_LANDMARK = "given", "to_landmark"


class Cell(NamedTuple):
    """One number per episode and landmark that the kernel computes from events.

    Attributes
    ----------
    analyte, window, statistic : str
        Full name of the analyte, name of the window, one of ``kernel.KERNEL_STATISTICS``.
    threshold : float or None
        Where the statistic has one.
    minimum_count : int
        With fewer values the number is missing.
    maximum_age_h : float or None
        The greatest age of a last value; None is no limit.
    """

    analyte: str
    window: str
    statistic: str
    threshold: float | None = None
    minimum_count: int = 1
    maximum_age_h: float | None = None


class FeatureColumn(NamedTuple):
    """Where one column comes from.

    Attributes
    ----------
    name : str
        ``modality.analyte.statistic.window``, ``modality.analyte.change.window-to-window``,
        ``modality.analyte.given.to_landmark``, ``score.name.window``, ``static.name`` or
        ``static.name.level``.
    modality, analyte, statistic, window : str
        The parts; a static column has the modality ``static`` and no statistic or window,
        a score has the modality ``score`` and no statistic.
    level : str or None
        The level that a static indicator stands for, as the data write it.
    change : str
        The kind of a change, empty in every other column.
    cells : tuple of Cell
        What the column is computed from: for a measurement its one cell; for a change the
        value before, the value after and the times of the last values; for a score its
        inputs; none for a static column and for a treatment given.
    """

    name: str
    modality: str
    analyte: str
    statistic: str = ""
    window: str = ""
    level: str | None = None
    change: str = ""
    cells: tuple[Cell, ...] = ()


def static_columns(static: Iterable[str], levels: Levels | None) -> Iterator[FeatureColumn]:
    """List the columns of the episode: one, or one per level."""
    for name in static:
        if levels is None or name not in levels:
            yield FeatureColumn(f"static.{name}", "static", name)
            continue
        for level in levels[name]:
            column = f"static.{name}.{level.replace('.', '_')}"
            yield FeatureColumn(column, "static", name, level=level)


def treatment_columns(treatments: Iterable[str]) -> Iterator[FeatureColumn]:
    """List the columns that say what was given: one per treatment."""
    for full_name in treatments:
        modality, _, analyte = full_name.partition(".")
        name = f"{full_name}.{GIVEN}.{TO_LANDMARK}"
        yield FeatureColumn(name, modality, analyte, GIVEN, TO_LANDMARK)


def measured_columns(measurements: Iterable[Measurement]) -> Iterator[FeatureColumn]:
    """List the columns of measurements: by window, then by statistic."""
    for chosen in measurements:
        for window in chosen.windows:
            for statistic in chosen.statistics:
                cell = Cell(chosen.analyte, window, statistic, *chosen.options_of(statistic))
                yield _column(chosen.name_of(statistic), window, (cell,))


def change_columns(changes: Iterable[Change]) -> Iterator[FeatureColumn]:
    """List the columns of changes: by kind."""
    for chosen in changes:
        before, after = chosen.between
        cells = tuple(
            Cell(chosen.analyte, window, statistic)
            for statistic in (chosen.of, "last_h")
            for window in (before, after)
        )
        for kind in chosen.kinds:
            column = _column(chosen.name_of(kind), f"{before}-to-{after}", cells)
            yield column._replace(change=kind)


def score_columns(scores: Iterable[ScoreChoice]) -> Iterator[FeatureColumn]:
    """List the columns of scores: by window."""
    for chosen in scores:
        own = chosen.own_window
        for window in chosen.windows if own is None else (own.name,):
            reads = SCORES[chosen.score].reads
            cells = tuple(Cell(read.analyte, window, read.statistic) for read in reads)
            yield FeatureColumn(
                f"score.{chosen.score}.{window}", "score", chosen.score, window=window, cells=cells
            )


def _column(statistic: str, window: str, cells: tuple[Cell, ...]) -> FeatureColumn:
    full_name = cells[0].analyte
    modality, _, analyte = full_name.partition(".")
    name = f"{full_name}.{statistic}.{window}"
    return FeatureColumn(name, modality, analyte, statistic, window, cells=cells)

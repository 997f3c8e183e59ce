"""Say in numbers what a specification asks the kernel for."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.features.admission import check_admissible
from icans_risk.features.choices import Window
from icans_risk.features.columns import Cell, FeatureColumn
from icans_risk.features.kernel import NEEDS
from icans_risk.features.numbering import number_cells
from icans_risk.features.selection import altering_analytes
from icans_risk.features.specification import FeatureSpecification

__all__ = ["Combined", "Recipe"]


class Combined(NamedTuple):
    """A column that is computed from other numbers: a change or a score.

    Attributes
    ----------
    number : int
        Where it stands among the columns.
    column : FeatureColumn
        What it is.
    operands : tuple of int
        The numbers of its cells among the operands.
    """

    number: int
    column: FeatureColumn
    operands: tuple[int, ...]


class Recipe(NamedTuple):
    """A specification, admissible and in numbers; worth keeping for the next cohort.

    Attributes
    ----------
    specification : FeatureSpecification
        Fitted.
    columns : tuple of str
        Names of the columns.
    analytes : tuple of str
        Full names of the analytes read, in the order in which they are numbered.
    windows : tuple of Window
        In the order in which they are numbered.
    altering : tuple of str
        Full names of the treatments that alter what is measured after them.
    n_static : int
        Columns of the episode, which come first.
    combined : tuple of Combined
        Changes and scores, which come last.
    n_operands : int
        Numbers that changes and scores are computed from.
    start, needs, cells : ndarray
        As in ``arrays.Plan``.
    """

    specification: FeatureSpecification
    columns: tuple[str, ...]
    analytes: tuple[str, ...]
    windows: tuple[Window, ...]
    altering: tuple[str, ...]
    n_static: int
    combined: tuple[Combined, ...]
    n_operands: int
    start: NDArray[np.int64]
    needs: NDArray[np.int64]
    cells: NDArray[np.void]

    @classmethod
    def of(
        cls,
        specification: FeatureSpecification,
        catalogue: Mapping[str, Analyte] | None = None,
    ) -> Self:
        """Check a specification and write it in numbers.

        Raises
        ------
        StudyError
            If it is not fitted or names what does not exist.
        LeakageError
            If it would show the outcome.
        """
        known = load_catalogue() if catalogue is None else catalogue
        check_admissible(specification, known)
        layout = specification.layout
        analytes, windows = specification.analytes, specification.all_windows
        column_of = {c.cells[0]: number for number, c in enumerate(layout) if _is_measured(c)}
        combined = [(n, c) for n, c in enumerate(layout) if c.cells and not _is_measured(c)]
        operands = dict.fromkeys(cell for _, column in combined for cell in column.cells)
        operand_of = {cell: number for number, cell in enumerate(operands)}
        cells = list(dict.fromkeys([*column_of, *operand_of]))
        block = _block_of(cells, analytes, [window.name for window in windows])
        order = np.argsort(block, kind="stable")
        first = np.arange(len(analytes))[:, None] * len(windows) + np.arange(len(windows) + 1)
        needs = np.zeros((len(analytes), len(windows)), dtype=np.int64)
        for cell, number in zip(cells, block, strict=True):
            needs.flat[number] |= NEEDS.get(cell.statistic, 0)
        return cls(
            specification,
            tuple(column.name for column in layout),
            analytes,
            windows,
            tuple(dict.fromkeys((*altering_analytes(known), *(specification.treatments or ())))),
            sum(column.modality == "static" for column in layout),
            tuple(
                Combined(number, column, tuple(operand_of[cell] for cell in column.cells))
                for number, column in combined
            ),
            len(operands),
            np.searchsorted(block[order], first),
            needs,
            number_cells([cells[i] for i in order], column_of, operand_of),
        )


def _block_of(
    cells: Sequence[Cell], analytes: Sequence[str], windows: Sequence[str]
) -> NDArray[np.int64]:
    analyte_number = {name: number for number, name in enumerate(analytes)}
    window_number = {name: number for number, name in enumerate(windows)}
    return np.array(
        [analyte_number[c.analyte] * len(windows) + window_number[c.window] for c in cells],
        dtype=np.int64,
    )


def _is_measured(column: FeatureColumn) -> bool:
    return bool(column.cells) and column.modality != "score" and not column.change

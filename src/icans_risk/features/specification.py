"""Say which features are wanted: windows, statistics of analytes, static columns."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal, NamedTuple, Self, get_args

import pandas as pd

from icans_risk.catalogue import Analyte
from icans_risk.cohort import MODALITIES, Cohort
from icans_risk.errors import StudyError
from icans_risk.features.dictionary import describe_columns
from icans_risk.features.kernel import STATISTICS
from icans_risk.features.naming import check_distinct, check_identifier, check_known
from icans_risk.features.static import find_levels

__all__ = [
    "Anchor",
    "FeatureColumn",
    "FeatureSpecification",
    "Measurement",
    "Presence",
    "Window",
]

Anchor = Literal["infusion", "lymphodepletion", "landmark"]
Presence = Literal["protocol_only", "informative"]


@dataclass(frozen=True)
class Window:
    """A stretch of time ``(start, end]`` relative to an anchor.

    Attributes
    ----------
    name : str
        A lowercase identifier; the last part of a column's name.
    anchor : {"infusion", "lymphodepletion", "landmark"}
        What the hours are counted from.
    start_h, end_h : float or None
        Hours after the anchor, negative before it; the start is outside, the end inside.
        None is no bound on that side.

    Raises
    ------
    StudyError
        If the name is no identifier, the anchor is unknown, or the start is not before
        the end.
    """

    name: str
    anchor: Anchor
    start_h: float | None
    end_h: float | None

    def __post_init__(self) -> None:
        check_identifier(self.name, what="A window's name")
        check_known(self.anchor, get_args(Anchor), what="A window's anchor")
        for side in ("start_h", "end_h"):
            hours = getattr(self, side)
            object.__setattr__(self, side, None if hours is None else float(hours))
        start = -math.inf if self.start_h is None else self.start_h
        end = math.inf if self.end_h is None else self.end_h
        given = [hours for hours in (self.start_h, self.end_h) if hours is not None]
        if not start < end or not all(map(math.isfinite, given)):
            raise StudyError(
                f"The window {self.name!r} must start before it ends, in finite hours, got "
                f"({self.start_h}, {self.end_h}]. Correct the bounds; no bound is None."
            )


@dataclass(frozen=True)
class Measurement:
    """One analyte, with every statistic in every window.

    Attributes
    ----------
    analyte : str
        Full name, for example ``"clinical.crs_grade"``.
    windows : tuple of str
        Names of windows.
    statistics : tuple of str
        Some of ``STATISTICS``.

    Raises
    ------
    StudyError
        If the analyte is no full name, a statistic is unknown, or a list is empty.
    """

    analyte: str
    windows: tuple[str, ...]
    statistics: tuple[str, ...]

    def __post_init__(self) -> None:
        modality, _, name = self.analyte.partition(".")
        check_known(modality, MODALITIES, what=f"The modality of {self.analyte!r}")
        check_identifier(name, what=f"The analyte in {self.analyte!r}")
        for field in ("windows", "statistics"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
            if not getattr(self, field):
                raise StudyError(f"{self.analyte!r} needs one or more {field}, got none. Add one.")
        for statistic in self.statistics:
            check_known(statistic, STATISTICS, what=f"A statistic of {self.analyte!r}")


class FeatureColumn(NamedTuple):
    """Where one column comes from.

    Attributes
    ----------
    name : str
        ``modality.analyte.statistic.window``, ``static.name`` or ``static.name.level``.
    modality, analyte, statistic, window : str
        The parts; a static column has the modality ``static`` and no statistic or window.
    level : str or None
        The level that a static indicator stands for, as the data write it.
    """

    name: str
    modality: str
    analyte: str
    statistic: str = ""
    window: str = ""
    level: str | None = None


@dataclass(frozen=True)
class FeatureSpecification:
    """Everything that fixes the columns of a vector.

    Attributes
    ----------
    windows : tuple of Window
        The windows that measurements may name.
    measurements : tuple of Measurement
        The columns from events.
    static : tuple of str
        Columns of the episodes.
    presence : {"protocol_only", "informative"}
        Whether events ordered for cause after infusion, and drugs given in response to
        toxicity, are kept out.
    levels : mapping of str to tuple of str, optional
        Levels of the categorical static columns; None before ``fit``.

    Raises
    ------
    StudyError
        If a name is unknown or stands twice.
    """

    windows: tuple[Window, ...]
    measurements: tuple[Measurement, ...]
    static: tuple[str, ...] = ()
    presence: Presence = "protocol_only"
    levels: Mapping[str, tuple[str, ...]] | None = None

    def __post_init__(self) -> None:
        for field in ("windows", "measurements", "static"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        check_known(self.presence, get_args(Presence), what="presence")
        check_distinct((window.name for window in self.windows), what="Names of windows")
        names = [window.name for window in self.windows]
        for measurement in self.measurements:
            for window in measurement.windows:
                check_known(window, names, what=f"A window of {measurement.analyte!r}")
        for name in self.static:
            check_identifier(name, what="The name of a static feature")
        if self.levels is not None:
            fixed = {name: tuple(levels) for name, levels in self.levels.items()}
            object.__setattr__(self, "levels", fixed)
            for name in fixed:
                check_known(name, self.static, what="A column with levels")
        check_distinct(self.columns, what="Columns of the vector")

    def fit(self, cohort: Cohort) -> Self:
        """Return a copy that fixes the levels of the categorical static columns.

        Parameters
        ----------
        cohort : Cohort
            The training cohort.

        Returns
        -------
        FeatureSpecification
            With sorted levels; columns of numbers and flags need none.
        """
        return replace(self, levels=find_levels(cohort.episodes, self.static))

    @property
    def analytes(self) -> tuple[str, ...]:
        """Full names of the measured analytes, each once."""
        return tuple(dict.fromkeys(measurement.analyte for measurement in self.measurements))

    @property
    def layout(self) -> tuple[FeatureColumn, ...]:
        """The columns with their provenance, static ones first."""
        measured = (
            FeatureColumn(f"{m.analyte}.{s}.{w}", *_split(m.analyte), s, w)
            for m in self.measurements
            for w in m.windows
            for s in m.statistics
        )
        return (*self._static_layout(), *measured)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.layout)

    def _static_layout(self) -> list[FeatureColumn]:
        layout = []
        for name in self.static:
            if self.levels is None or name not in self.levels:
                layout.append(FeatureColumn(f"static.{name}", "static", name))
                continue
            for level in self.levels[name]:
                column = f"static.{name}.{level.replace('.', '_')}"
                layout.append(FeatureColumn(column, "static", name, level=level))
        return layout

    def to_json(self) -> str:
        """Write the specification as canonical JSON: one text for one specification."""
        fields = asdict(self)
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` wrote.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        FeatureSpecification
            Equal to the one that was written.

        Raises
        ------
        StudyError
            If the text is not JSON of this layout.
        """
        try:
            fields = json.loads(text)
            windows = tuple(Window(**window) for window in fields.pop("windows"))
            measurements = tuple(Measurement(**m) for m in fields.pop("measurements"))
            return cls(windows, measurements, **fields)
        except (json.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
            raise StudyError(
                "A feature specification must be JSON as to_json writes it, got text that does "
                f"not fit ({type(error).__name__}: {error}). Write it again with to_json."
            ) from error

    def hash(self) -> str:
        """Hash the canonical JSON with SHA-256."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def dictionary(self, catalogue: Mapping[str, Analyte] | None = None) -> pd.DataFrame:
        """Describe every column in words, see ``describe_columns``."""
        return describe_columns(self, catalogue)


def _split(full_name: str) -> tuple[str, str]:
    modality, _, analyte = full_name.partition(".")
    return modality, analyte

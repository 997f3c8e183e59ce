"""What a specification is made of: windows, measurements, changes, scores."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from icans_risk.cohort import MODALITIES
from icans_risk.errors import StudyError
from icans_risk.features.changes import CHANGE_KINDS
from icans_risk.features.kernel import STATISTICS
from icans_risk.features.naming import check_identifier, check_known, write_number
from icans_risk.features.scores import SCORES

__all__ = ["ALL", "Anchor", "Change", "Measurement", "ScoreChoice", "Window"]

Anchor = Literal["infusion", "lymphodepletion", "landmark", "crs_onset"]

# For every analyte of a modality (plasma.*), or alone for every analyte there is.
ALL = "*"

_OF_THRESHOLD = ("above_fraction", "hours_above", "hours_to_first_above")
# A change is one of the analyte's level: these are in its unit.
_LEVELS = ("last", "first", "max", "min", "mean", "median", "auc_per_day")


@dataclass(frozen=True)
class Window:
    """A stretch of time ``(start, end]`` relative to an anchor.

    Attributes
    ----------
    name : str
        A lowercase identifier; the last part of a column's name.
    anchor : {"infusion", "lymphodepletion", "landmark", "crs_onset"}
        What the hours are counted from. The onset of CRS is the collection of the first
        CRS grade of 1 or more among those available at the landmark; without one the
        window is empty.
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
        Full name, for example ``"clinical.crs_grade"``, or ``"plasma.nfl@ella"`` for what
        one platform measured. ``"plasma.*"`` is every admissible plasma analyte of the
        training cohort and ``"*"`` every one at all; ``FeatureSpecification.fit`` puts
        the names in their place.
    windows : tuple of str
        Names of windows.
    statistics : tuple of str
        Some of ``STATISTICS``.
    threshold : float, optional
        In the catalogue's unit, for the statistics of values above it. It becomes part of
        the column's name, so that two thresholds can stand side by side.
    minimum_count : int
        With fewer values in the window every statistic is missing, but for ``count``.
    maximum_age_h : float, optional
        ``last`` is missing if it was collected more than so many hours before the landmark.

    Raises
    ------
    StudyError
        If the analyte is no full name, a statistic is unknown, a list is empty, an option
        is out of bounds, or an option and the statistics do not go together.
    """

    analyte: str
    windows: tuple[str, ...]
    statistics: tuple[str, ...]
    threshold: float | None = None
    minimum_count: int = 1
    maximum_age_h: float | None = None

    def __post_init__(self) -> None:
        _check_analyte(self.analyte)
        for field in ("windows", "statistics"):
            _fix_list(self, field, owner=self.analyte)
        for statistic in self.statistics:
            check_known(statistic, STATISTICS, what=f"A statistic of {self.analyte!r}")
        for field in ("threshold", "maximum_age_h"):
            given = getattr(self, field)
            # Adding zero turns -0.0 into 0.0: one number, one name of the column.
            object.__setattr__(self, field, None if given is None else float(given) + 0.0)
        self._check_bounds()
        self._check_option("threshold", _OF_THRESHOLD)
        self._check_option("maximum_age_h", ("last",))
        if self.threshold is None and set(self.statistics) & set(_OF_THRESHOLD):
            raise StudyError(
                f"The statistics {list(_OF_THRESHOLD)} need a threshold, got none for "
                f"{self.analyte!r}. Add threshold, in the catalogue's unit."
            )

    def _check_bounds(self) -> None:
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise StudyError(
                f"The threshold of {self.analyte!r} must be a finite number in the catalogue's "
                f"unit, got {self.threshold}. Correct it."
            )
        if not isinstance(self.minimum_count, int) or self.minimum_count < 1:
            raise StudyError(
                f"The minimum_count of {self.analyte!r} must be a whole number from 1, got "
                f"{self.minimum_count!r}. Correct it."
            )
        if self.maximum_age_h is not None and not 0 <= self.maximum_age_h < math.inf:
            raise StudyError(
                f"The maximum_age_h of {self.analyte!r} must be finite hours from 0, got "
                f"{self.maximum_age_h}. Correct it, or leave it out for no limit."
            )

    def _check_option(self, option: str, bears_on: tuple[str, ...]) -> None:
        if getattr(self, option) is not None and not set(self.statistics) & set(bears_on):
            raise StudyError(
                f"The {option} of {self.analyte!r} bears on the statistics {list(bears_on)}, got "
                f"only {list(self.statistics)}. Add one of them, or drop {option}."
            )

    def name_of(self, statistic: str) -> str:
        """Name a statistic as in a column: with its threshold, if it has one."""
        if statistic not in _OF_THRESHOLD or self.threshold is None:
            return statistic
        return f"{statistic}_{write_number(self.threshold)}"

    def options_of(self, statistic: str) -> tuple[float | None, int, float | None]:
        """List the threshold, minimum count and maximum age that bear on a statistic."""
        return (
            self.threshold if statistic in _OF_THRESHOLD else None,
            1 if statistic == "count" else self.minimum_count,
            self.maximum_age_h if statistic == "last" else None,
        )


@dataclass(frozen=True)
class Change:
    """How one analyte changed from one window to another.

    Values are compared without rounding. Where either window has none, the change is
    missing; ``CHANGE_KINDS`` says what zeros and negative values do.

    Attributes
    ----------
    analyte : str
        As for a measurement, ``"plasma.*"`` and ``"*"`` included.
    between : tuple of str
        Names of two windows, the one to start from first.
    kinds : tuple of str
        Some of ``CHANGE_KINDS``.
    of : str
        The statistic that stands for each window: a value, an extreme or an average.

    Raises
    ------
    StudyError
        If the analyte is no full name, a kind or ``of`` is unknown, a list is empty, or
        ``between`` is not two different windows.
    """

    analyte: str
    between: tuple[str, str]
    kinds: tuple[str, ...]
    of: str = "last"

    def __post_init__(self) -> None:
        _check_analyte(self.analyte)
        for field in ("between", "kinds"):
            _fix_list(self, field, owner=self.analyte)
        for kind in self.kinds:
            check_known(kind, CHANGE_KINDS, what=f"A kind of change of {self.analyte!r}")
        check_known(self.of, _LEVELS, what=f"What stands for a window of {self.analyte!r}")
        if len(set(self.between)) != 2 or len(self.between) != 2:
            raise StudyError(
                f"A change of {self.analyte!r} must be between two different windows, got "
                f"{list(self.between)}. Name the earlier one, then the later one."
            )

    def name_of(self, kind: str) -> str:
        """Name a kind of change as in a column: with what stands for a window."""
        return kind if self.of == "last" else f"{kind}_of_{self.of}"


@dataclass(frozen=True)
class ScoreChoice:
    """One score, in every window.

    Attributes
    ----------
    score : str
        A name in ``SCORES``.
    windows : tuple of str
        Names of windows, from each of which its inputs are taken; none for a score that
        is defined in a window of its own.

    Raises
    ------
    StudyError
        If the score is unknown, or has no window, or two kinds of them.
    """

    score: str
    windows: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_known(self.score, SCORES, what="A score")
        object.__setattr__(self, "windows", tuple(self.windows))
        own = SCORES[self.score].window
        if own is None and not self.windows:
            raise StudyError(f"{self.score!r} needs one or more windows, got none. Add one.")
        if own is not None and self.windows:
            raise StudyError(
                f"{self.score!r} is defined in its own window {own.name!r} and takes no other, got "
                f"{list(self.windows)}. Drop them."
            )

    @property
    def own_window(self) -> Window | None:
        """The window that belongs to the score, None where the study chooses."""
        own = SCORES[self.score].window
        return None if own is None else Window(own.name, own.anchor, own.start_h, own.end_h)


def _check_analyte(full_name: str) -> None:
    modality, _, name = full_name.partition(".")
    if full_name == ALL:
        return
    check_known(modality, MODALITIES, what=f"The modality of {full_name!r}")
    if name != ALL:
        # The platform may follow: plasma.nfl@ella.
        check_identifier(name.replace("@", "_", 1), what=f"The analyte in {full_name!r}")


def _fix_list(choice: Measurement | Change, field: str, *, owner: str) -> None:
    object.__setattr__(choice, field, tuple(getattr(choice, field)))
    if not getattr(choice, field):
        raise StudyError(f"{owner!r} needs one or more {field}, got none. Add one.")

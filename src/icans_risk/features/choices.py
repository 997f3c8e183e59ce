"""What a specification is made of: windows, measurements, scores."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from icans_risk.cohort import MODALITIES
from icans_risk.errors import StudyError
from icans_risk.features.kernel import STATISTICS
from icans_risk.features.naming import check_identifier, check_known
from icans_risk.features.scores import SCORES

__all__ = ["Anchor", "Measurement", "ScoreChoice", "Window"]

Anchor = Literal["infusion", "lymphodepletion", "landmark"]


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
        Full name, for example ``"clinical.crs_grade"``, or ``"plasma.nfl@ella"`` for what
        one platform measured.
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
        # The platform may follow: plasma.nfl@ella.
        check_identifier(name.replace("@", "_", 1), what=f"The analyte in {self.analyte!r}")
        for field in ("windows", "statistics"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
            if not getattr(self, field):
                raise StudyError(f"{self.analyte!r} needs one or more {field}, got none. Add one.")
        for statistic in self.statistics:
            check_known(statistic, STATISTICS, what=f"A statistic of {self.analyte!r}")


@dataclass(frozen=True)
class ScoreChoice:
    """One score, in every window.

    Attributes
    ----------
    score : str
        A name in ``SCORES``.
    windows : tuple of str
        Names of windows; in each, the last value of every input is taken.

    Raises
    ------
    StudyError
        If the score is unknown or there is no window.
    """

    score: str
    windows: tuple[str, ...]

    def __post_init__(self) -> None:
        check_known(self.score, SCORES, what="A score")
        object.__setattr__(self, "windows", tuple(self.windows))
        if not self.windows:
            raise StudyError(f"{self.score!r} needs one or more windows, got none. Add one.")

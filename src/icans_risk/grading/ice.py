"""The ICE score (Immune Effector Cell-Associated Encephalopathy), and its grade.

A score that was only partly taken is an interval: items not assessed may have been worth
nothing or everything. It is never a silent zero, and its grade is an interval too.

Source: Lee DW et al., Biol Blood Marrow Transplant 2019;25:625-638,
doi:10.1016/j.bbmt.2018.12.758 (ASTCT consensus).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from icans_risk.errors import GradingError
from icans_risk.grading.scales import HalfRule, certain_grade, read_score

__all__ = [
    "ICE_BAND",
    "ICE_ITEMS",
    "ICE_MAXIMUM",
    "IceGrade",
    "IceScore",
    "grade_ice",
    "ice_from_total",
    "score_ice",
]

ICE_ITEMS: Final[Mapping[str, int]] = MappingProxyType(
    {"orientation": 4, "naming": 3, "following_commands": 1, "writing": 1, "attention": 1}
)
ICE_MAXIMUM: Final = sum(ICE_ITEMS.values())

# The grade of each score from 0 to 10; the scalar and the table code both read it here.
ICE_BAND: Final = (3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 0)
ICE_ZERO_UNAROUSABLE: Final = 4


@dataclass(frozen=True)
class IceScore:
    """An ICE score as far as it was taken.

    Attributes
    ----------
    lower, upper : int
        The score if every item not assessed were failed, and if every one were passed.
    not_assessed : tuple of str
        The items that were not assessed.

    Raises
    ------
    GradingError
        If the bounds are no ICE score or do not differ by the points of the items that
        were not assessed.
    """

    lower: int
    upper: int
    not_assessed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        missing = _missing_points(self.not_assessed)
        if not (0 <= self.lower <= self.upper <= ICE_MAXIMUM) or self.upper - self.lower != missing:
            raise GradingError(
                f"An ICE score must lie in 0..{ICE_MAXIMUM} and be open by the {missing} points "
                f"not assessed, got {self.lower}..{self.upper}. Use score_ice or ice_from_total."
            )

    @property
    def is_complete(self) -> bool:
        """Whether all five items were assessed."""
        return not self.not_assessed

    @property
    def is_assessed(self) -> bool:
        """Whether at least one item was assessed."""
        return len(self.not_assessed) < len(ICE_ITEMS)

    @property
    def total(self) -> int | None:
        """The total, or None where items are missing."""
        return self.lower if self.is_complete else None


def score_ice(
    *,
    orientation: float | None = None,
    naming: float | None = None,
    following_commands: float | None = None,
    writing: float | None = None,
    attention: float | None = None,
) -> IceScore:
    """Add up the items of an ICE assessment; None stands for "not assessed".

    Parameters
    ----------
    orientation : int, optional
        Year, month, city, hospital: 0 to 4.
    naming : int, optional
        Three objects: 0 to 3.
    following_commands, writing, attention : int, optional
        A simple command, a standard sentence, counting backwards from 100 by ten: 0 or 1.

    Returns
    -------
    IceScore
        The total, or its bounds and what is missing.

    Raises
    ------
    GradingError
        If an item is not a whole number within its points.

    References
    ----------
    .. [1] Lee DW, et al. Biol Blood Marrow Transplant 2019;25:625-638.
       doi:10.1016/j.bbmt.2018.12.758

    Examples
    --------
    >>> score_ice(orientation=4, naming=3, following_commands=1, writing=0, attention=1).total
    9
    >>> score_ice(orientation=2, naming=1)
    IceScore(lower=3, upper=6, not_assessed=('following_commands', 'writing', 'attention'))
    """
    values = (orientation, naming, following_commands, writing, attention)
    given = dict(zip(ICE_ITEMS, values, strict=True))
    points = [
        read_score(value, name=f"ICE {item}", limits=(0, ICE_ITEMS[item]))
        for item, value in given.items()
        if value is not None
    ]
    not_assessed = tuple(item for item, value in given.items() if value is None)
    return _open_by(sum(points), not_assessed)


def ice_from_total(
    total: float, *, not_assessed: Collection[str] = (), half: HalfRule = "strict"
) -> IceScore:
    """Read a recorded ICE total, with the items that it leaves out.

    Parameters
    ----------
    total : float
        Points reached, 0 to 10.
    not_assessed : collection of str
        Items (keys of ``ICE_ITEMS``) that were not assessed; the total is then a lower
        bound.
    half : {"ceil", "floor", "strict"}
        Where the mean of two raters goes, see `resolve_half`; "floor" is the graver one.

    Returns
    -------
    IceScore
        The total, or its bounds and what is missing.

    Raises
    ------
    GradingError
        If the total exceeds the points of the items assessed, is negative or not whole, or
        an item is unknown.

    Examples
    --------
    >>> ice_from_total(7, not_assessed=["writing"])
    IceScore(lower=7, upper=8, not_assessed=('writing',))
    """
    reachable = ICE_MAXIMUM - _missing_points(not_assessed)
    points = read_score(total, name="ICE total", limits=(0, reachable), half=half)
    return _open_by(points, tuple(item for item in ICE_ITEMS if item in not_assessed))


def _open_by(points: int, not_assessed: tuple[str, ...]) -> IceScore:
    return IceScore(points, points + _missing_points(not_assessed), not_assessed)


def _missing_points(not_assessed: Collection[str]) -> int:
    unknown = sum(item not in ICE_ITEMS for item in not_assessed)
    if unknown:
        raise GradingError(
            f"ICE items must be among {list(ICE_ITEMS)}, {unknown} of {len(not_assessed)} given "
            "as not assessed are not. Use these names."
        )
    return sum(ICE_ITEMS[item] for item in set(not_assessed))


@dataclass(frozen=True)
class IceGrade:
    """The grade of an ICE score, with and without regard to the recorded baseline.

    Attributes
    ----------
    lowest, highest : int
        The grades that the score allows; they differ only if something was not assessed.
    unadjusted_lowest, unadjusted_highest : int
        The same as if no baseline had been recorded.
    """

    lowest: int
    highest: int
    unadjusted_lowest: int
    unadjusted_highest: int

    @property
    def grade(self) -> int | None:
        """The grade that is certain, see `certain_grade`."""
        return certain_grade(self.lowest, self.highest)

    @property
    def unadjusted_grade(self) -> int | None:
        """The certain grade as if no baseline had been recorded."""
        return certain_grade(self.unadjusted_lowest, self.unadjusted_highest)

    @property
    def is_certain(self) -> bool:
        """Whether the score allows one grade only."""
        return self.lowest == self.highest


def grade_ice(
    score: IceScore | float, *, baseline: float | None = None, is_unarousable: bool | None = None
) -> IceGrade:
    """Grade an ICE score: 10 none, 7-9 grade 1, 3-6 grade 2, 0-2 grade 3.

    A score of 0 is grade 4 if the patient is also unarousable, and grade 3 if awake (global
    aphasia). The band is that of the absolute score; it counts only if the score is below
    the patient's own recorded baseline (foreign language, dementia). That last rule is this
    package's reading of "not attributable to another cause", not a line of the table; the
    unadjusted grade stands beside it.

    Parameters
    ----------
    score : IceScore or int
        From `score_ice` or `ice_from_total`; a plain number is a complete total.
    baseline : int, optional
        ICE before the infusion, 0 to 10.
    is_unarousable : bool, optional
        None where consciousness was not assessed: a score of 0 is then grade 3 or 4.

    Returns
    -------
    IceGrade
        The grades that the score allows.

    Raises
    ------
    GradingError
        If score or baseline is not a whole number from 0 to 10.

    References
    ----------
    .. [1] Lee DW, et al. Biol Blood Marrow Transplant 2019;25:625-638.
       doi:10.1016/j.bbmt.2018.12.758

    Examples
    --------
    >>> grade_ice(8).grade, grade_ice(8, baseline=8).grade, grade_ice(6, baseline=8).grade
    (1, 0, 2)
    >>> grade_ice(0, is_unarousable=False).grade, grade_ice(0, is_unarousable=True).grade
    (3, 4)
    """
    taken = score if isinstance(score, IceScore) else ice_from_total(score)
    limits = (0, ICE_MAXIMUM)
    own = (
        ICE_MAXIMUM
        if baseline is None
        else read_score(baseline, name="ICE baseline", limits=limits)
    )
    # The best score that is possible bounds the grade from below.
    lowest = _band(taken.upper, is_unarousable=is_unarousable is True)
    highest = _band(taken.lower, is_unarousable=is_unarousable is not False)
    return IceGrade(
        lowest=lowest if taken.upper < own else 0,
        highest=highest if taken.lower < own else 0,
        unadjusted_lowest=lowest,
        unadjusted_highest=highest,
    )


def _band(score: int, *, is_unarousable: bool) -> int:
    return ICE_ZERO_UNAROUSABLE if score == 0 and is_unarousable else ICE_BAND[score]

"""What a model sees: windows, statistics, scores and static columns."""

from typing import Literal

from pydantic import Field

from icans_risk.study.strict import Strict

__all__ = ["Features", "MeasurementChoice", "ScoreColumns", "WindowSpan"]


class WindowSpan(Strict):
    """A window ``(start, end]`` in hours around its anchor; null is unbounded.

    Attributes
    ----------
    anchor : {"infusion", "lymphodepletion", "landmark"}
        Where its hour 0 is.
    start_h : float, optional
        Values collected later than this count.
    end_h : float, optional
        Values collected at this hour still count.
    """

    anchor: Literal["infusion", "lymphodepletion", "landmark"]
    start_h: float | None = None
    end_h: float | None = None


class MeasurementChoice(Strict):
    """Which statistics of which analytes in which windows become features.

    Attributes
    ----------
    analytes : tuple of str
        Full names of the catalogue, for example ``plasma.crp``.
    windows : tuple of str
        Names of windows.
    statistics : tuple of str
        Names of statistics, for example ``last`` or ``max``.
    """

    analytes: tuple[str, ...] = Field(min_length=1)
    windows: tuple[str, ...] = Field(min_length=1)
    statistics: tuple[str, ...] = Field(min_length=1)


class ScoreColumns(Strict):
    """A published score from the last values in some windows.

    Attributes
    ----------
    score : str
        Its name, for example ``m_easix``.
    windows : tuple of str
        Names of windows.
    """

    score: str
    windows: tuple[str, ...] = Field(min_length=1)


class Features(Strict):
    """What a patient vector is made of.

    Attributes
    ----------
    windows : mapping of str to WindowSpan
        Windows by name.
    measurements : tuple of MeasurementChoice
        Statistics of analytes.
    scores : tuple of ScoreColumns
        Published scores.
    static : tuple of str
        Columns of the episodes, for example ``product``.
    presence : {"protocol_only", "informative"}
        Which tests after infusion are admitted: of CSF, EEG, imaging and treatment those
        ordered by protocol or as prophylaxis, or all, so that ordering itself informs.
    """

    windows: dict[str, WindowSpan]
    measurements: tuple[MeasurementChoice, ...] = ()
    scores: tuple[ScoreColumns, ...] = ()
    static: tuple[str, ...] = ()
    presence: Literal["protocol_only", "informative"]

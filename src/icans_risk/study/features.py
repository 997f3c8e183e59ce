"""What a model sees: windows, statistics, scores and static columns."""

from typing import Literal

from pydantic import Field

from icans_risk.study.strict import Strict

__all__ = ["ChangeChoice", "Features", "MeasurementChoice", "ScoreColumns", "WindowSpan"]


class WindowSpan(Strict):
    """A window ``(start, end]`` in hours around its anchor; null is unbounded.

    Attributes
    ----------
    anchor : {"infusion", "lymphodepletion", "landmark", "crs_onset"}
        Where its hour 0 is; ``crs_onset`` is the first CRS known at the landmark.
    start_h : float, optional
        Values collected later than this count.
    end_h : float, optional
        Values collected at this hour still count.
    """

    anchor: Literal["infusion", "lymphodepletion", "landmark", "crs_onset"]
    start_h: float | None = None
    end_h: float | None = None


class MeasurementChoice(Strict):
    """Which statistics of which analytes in which windows become features.

    Attributes
    ----------
    analytes : tuple of str
        Full names of the catalogue, for example ``plasma.crp``; ``plasma.*`` is all that the
        training cohort has of a modality, ``*`` all that it has.
    windows : tuple of str
        Names of windows.
    statistics : tuple of str
        Names of statistics, for example ``last`` or ``max``.
    threshold : float, optional
        In the catalogue's unit, for the statistics that count what lies above it.
    minimum_count : int
        Fewer values in the window give no statistic.
    maximum_age_h : float, optional
        A last value that is older at the landmark is missing.
    """

    analytes: tuple[str, ...] = Field(min_length=1)
    windows: tuple[str, ...] = Field(min_length=1)
    statistics: tuple[str, ...] = Field(min_length=1)
    threshold: float | None = Field(default=None, allow_inf_nan=False)
    minimum_count: int = Field(default=1, ge=1)
    maximum_age_h: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class ChangeChoice(Strict):
    """How analytes change from one window to another.

    Attributes
    ----------
    analytes : tuple of str
        As for measurements.
    between : tuple of str
        The earlier and the later window.
    kinds : tuple of str
        Some of ``difference``, ``ratio``, ``log2_ratio`` and ``slope_per_day``.
    of : str
        The statistic of each window that is compared.
    """

    analytes: tuple[str, ...] = Field(min_length=1)
    between: tuple[str, str]
    kinds: tuple[str, ...] = Field(min_length=1)
    of: str = "last"


class ScoreColumns(Strict):
    """A published score in some windows; in none of them if it has a window of its own.

    Attributes
    ----------
    score : str
        Its name, for example ``m_easix``.
    windows : tuple of str
        Names of windows.
    """

    score: str
    windows: tuple[str, ...] = ()


class Features(Strict):
    """What a patient vector is made of.

    Attributes
    ----------
    windows : mapping of str to WindowSpan
        Windows by name.
    measurements : tuple of MeasurementChoice
        Statistics of analytes.
    changes : tuple of ChangeChoice
        Changes of analytes between windows.
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
    changes: tuple[ChangeChoice, ...] = ()
    scores: tuple[ScoreColumns, ...] = ()
    static: tuple[str, ...] = ()
    presence: Literal["protocol_only", "informative"]

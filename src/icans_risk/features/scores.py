"""Published scores: what each reads, when it is defined, and how often it can be computed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import StudyError
from icans_risk.features.score_formulas import (
    car_hematotox,
    easix,
    gust_rule,
    log2_easix,
    modified_easix,
    simplified_easix,
)

__all__ = ["SCORES", "DefinedFor", "Score", "ScoreInput", "ScoreWindow", "computable_share"]

Floats = NDArray[np.float64]
DefinedFor = Literal["any_time", "before_lymphodepletion", "36_h_after_infusion"]
Status = Literal["read", "assumed"]

MG_L_PER_MG_DL = 10.0
_INFINITY = float("inf")


class ScoreWindow(NamedTuple):
    """The window that belongs to a score; its fields are the first four of ``Window``.

    Attributes
    ----------
    name : str
        The last part of the column's name.
    anchor : {"infusion", "lymphodepletion", "landmark"}
        What the hours are counted from.
    start_h, end_h : float or None
        Hours after the anchor, ``(start, end]``; None is no bound on that side.
    """

    name: str
    anchor: Literal["infusion", "lymphodepletion", "landmark"]
    start_h: float | None
    end_h: float | None


# Without a start: whoever had his blood drawn long before lymphodepletion keeps that value.
BEFORE_LYMPHODEPLETION = ScoreWindow("before_lymphodepletion", "lymphodepletion", None, 0.0)
FIRST_36_H = ScoreWindow("first_36_h", "infusion", 0.0, 36.0)


class ScoreInput(NamedTuple):
    """One number that a score reads.

    Attributes
    ----------
    analyte : str
        Full name.
    statistic : str
        One of ``STATISTICS``.
    window : ScoreWindow or None
        The window in which the score is defined, whatever the study's windows are; None
        where any window will do.
    """

    analyte: str
    statistic: str = "last"
    window: ScoreWindow | None = None


@dataclass(frozen=True, kw_only=True)
class Score:
    """A published score.

    Attributes
    ----------
    label : str
        What clinicians call it.
    describe : str
        One sentence for the feature dictionary.
    reads : tuple of ScoreInput
        What it is computed from, in the order of ``compute``'s arguments.
    compute : callable
        Arrays of the inputs, in the catalogue's units, to the score; NaN where an input
        is missing.
    unit : str
        UCUM.
    limits : tuple of float
        Lowest and highest value it can take.
    defined_for : str
        The time for which it was published.
    source : str
        Where it was published.
    status : {"read", "assumed"}
        Whether formula and cut-offs were read in a source, or are a working assumption.

    Raises
    ------
    StudyError
        If its inputs have more than one window.
    """

    label: str
    describe: str
    reads: tuple[ScoreInput, ...]
    compute: Callable[..., Floats]
    source: str
    unit: str = "1"
    limits: tuple[float, float] = (0.0, _INFINITY)
    defined_for: DefinedFor = "any_time"
    status: Status = "read"

    def __post_init__(self) -> None:
        windows = {read.window for read in self.reads}
        if len(windows) != 1:
            names = sorted(window.name if window else "none" for window in windows)
            raise StudyError(
                f"All inputs of {self.label} must share one window, because its column is named "
                f"after it, got {names}. Give them one."
            )

    @property
    def window(self) -> ScoreWindow | None:
        """The score's own window, or None where the study chooses."""
        return self.reads[0].window


def computable_share(vectors: pd.DataFrame) -> pd.DataFrame:
    """Say for which share of the episodes each score could be computed.

    Parameters
    ----------
    vectors : DataFrame
        As ``build_features`` makes them, indexed by ``(episode_id, landmark_h)``.

    Returns
    -------
    DataFrame
        ``column, landmark_h, episodes, computable, share``: one row per score column and
        landmark, in the order of the vectors; empty if no score is among the columns.

    Examples
    --------
    >>> index = pd.MultiIndex.from_product([["p", "q"], [72.0]], names=["episode_id", "landmark_h"])
    >>> vectors = pd.DataFrame({"score.easix.early": [1.25, np.nan]}, index=index)
    >>> computable_share(vectors)
                  column  landmark_h  episodes  computable  share
    0  score.easix.early        72.0         2           1    0.5
    """
    named = [column for column in vectors.columns if str(column).startswith("score.")]
    is_known = vectors[named].notna().groupby(level="landmark_h", sort=False)
    episodes, computable = is_known.size(), is_known.sum()
    rows = [
        (column, hour, int(episodes[hour]), int(computable.loc[hour, column]))
        for column in named
        for hour in episodes.index
    ]
    table = pd.DataFrame(rows, columns=["column", "landmark_h", "episodes", "computable"])
    return table.assign(share=table["computable"] / table["episodes"])


def _last(*analytes: str, window: ScoreWindow | None = None) -> tuple[ScoreInput, ...]:
    return tuple(ScoreInput(analyte, "last", window) for analyte in analytes)


def _modified_easix_in_catalogue_units(ldh: Floats, crp: Floats, platelets: Floats) -> Floats:
    # The catalogue keeps CRP in mg/L; the score was published with mg/dL.
    return modified_easix(ldh, crp / MG_L_PER_MG_DL, platelets)


def _car_hematotox_in_catalogue_units(*inputs: Floats) -> Floats:
    platelets, neutrophils, haemoglobin, crp, ferritin = inputs
    return car_hematotox(
        platelets=platelets,
        neutrophils=neutrophils,
        haemoglobin=haemoglobin,
        crp=crp / MG_L_PER_MG_DL,
        ferritin=ferritin,
    )


_KORELL = "doi:10.3389/fimmu.2022.877477"
_PENNISI = "doi:10.1182/bloodadvances.2020003885"

SCORES: Mapping[str, Score] = MappingProxyType(
    {
        "easix": Score(
            label="EASIX",
            describe="LDH (U/L) x creatinine (mg/dL) / platelets (10^9/L); higher is more "
            "endothelial stress.",
            reads=_last("plasma.ldh", "plasma.creatinine", "plasma.platelets"),
            compute=easix,
            source=_KORELL,
        ),
        "log2_easix": Score(
            label="EASIX, log2",
            describe="Base-2 logarithm of EASIX; one unit more is a doubling.",
            reads=_last("plasma.ldh", "plasma.creatinine", "plasma.platelets"),
            compute=log2_easix,
            limits=(-_INFINITY, _INFINITY),
            source=_KORELL,
        ),
        "s_easix": Score(
            label="s-EASIX",
            describe="LDH (U/L) / platelets (10^9/L): EASIX without creatinine.",
            reads=_last("plasma.ldh", "plasma.platelets"),
            compute=simplified_easix,
            source=_PENNISI,
        ),
        "m_easix": Score(
            label="m-EASIX",
            describe="LDH (U/L) x CRP (mg/dL) / platelets (10^9/L): EASIX with CRP for creatinine.",
            reads=_last("plasma.ldh", "plasma.crp", "plasma.platelets"),
            compute=_modified_easix_in_catalogue_units,
            source=_PENNISI,
        ),
        "car_hematotox": Score(
            label="CAR-HEMATOTOX",
            describe="Points for few platelets, neutrophils and little haemoglobin, much CRP and "
            "ferritin, from the last values before lymphodepletion; 2 or more is high.",
            reads=_last(
                "plasma.platelets",
                "plasma.neutrophils",
                "plasma.haemoglobin",
                "plasma.crp",
                "plasma.ferritin",
                window=BEFORE_LYMPHODEPLETION,
            ),
            compute=_car_hematotox_in_catalogue_units,
            unit="{points}",
            limits=(0.0, 7.0),
            defined_for="before_lymphodepletion",
            source="doi:10.1182/blood.2020010543",
            status="assumed",
        ),
        "gust_36h": Score(
            label="Gust rule at 36 h",
            describe="1 if within 36 h of the infusion the temperature reached 38.9 Cel, IL-6 16 "
            "pg/mL and MCP-1 1343.5 pg/mL, else 0.",
            reads=tuple(
                ScoreInput(analyte, "max", FIRST_36_H)
                for analyte in ("clinical.temperature", "plasma.il6", "plasma.mcp1")
            ),
            compute=gust_rule,
            unit="{met}",
            limits=(0.0, 1.0),
            defined_for="36_h_after_infusion",
            source="doi:10.1158/2159-8290.CD-17-0698",
        ),
    }
)

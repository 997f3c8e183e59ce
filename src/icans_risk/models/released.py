"""A model that is let out: with its intervals, whom it may judge, and what it was made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit

from icans_risk.errors import ModelError, NotEstimableError
from icans_risk.models.abstention import ANSWERED
from icans_risk.models.applicability import Applicability
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.circumstances import Circumstances
from icans_risk.models.rebuilds import Rebuilds
from icans_risk.models.recalibration import Recalibration, recalibrate
from icans_risk.models.stored import load_model, save_model
from icans_risk.models.venn_abers import VennAbers, fit_venn_abers

__all__ = ["ReleasedModel", "load_released"]


@dataclass(frozen=True, eq=False)
class ReleasedModel:
    """A calibrated model and everything that an answer needs.

    Attributes
    ----------
    model : CalibratedModel
        Fitted on all training rows.
    rebuilds : Rebuilds or None
        On bootstraps of them; None gives no interval.
    venn_abers : VennAbers or None
        From the held-out margins; None where they are not one for each patient.
    applicability : Applicability or None
        Whom the model may judge; None where the cohort was too small to learn it.
    facts : mapping
        JSON values: features, endpoint, landmark, cohort, versions.
    """

    model: CalibratedModel
    rebuilds: Rebuilds | None = None
    venn_abers: VennAbers | None = None
    applicability: Applicability | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, X: pd.DataFrame, circumstances: Circumstances) -> pd.DataFrame:
        """Give each row its risk, or the reason why there is none.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            Rows of patients whom the model was not fitted on.
        circumstances : Circumstances
            Facts about them.

        Returns
        -------
        DataFrame
            On the rows' index: ``status``, ``reasons``; ``risk`` with ``risk_low`` and
            ``risk_high`` (5th to 95th percentile of the rebuilds, model uncertainty only) and
            ``venn_abers_low`` and ``venn_abers_high``, all NaN unless answered.

        Raises
        ------
        NotEstimableError
            If nothing is known of whom the model may judge.
        """
        applicability = self.require_applicability()
        interval = None if self.rebuilds is None else self.rebuilds.interval(X)
        told = applicability.check(X, circumstances, interval=interval)
        margin = self.model.margin(X)
        told["risk"] = expit(margin)
        ends = (np.nan, np.nan) if interval is None else (interval.low, interval.high)
        told["risk_low"], told["risk_high"] = ends
        steps = None if self.venn_abers is None else self.venn_abers.interval(margin)
        told["venn_abers_low"], told["venn_abers_high"] = steps or (np.nan, np.nan)
        numbers = told.columns[2:]
        told[numbers] = told[numbers].where(told["status"] == ANSWERED)
        return told

    def require_applicability(self) -> Applicability:
        """Return whom the model may judge, or refuse where nothing is known of it.

        Raises
        ------
        NotEstimableError
            If the training cohort was too small.
        """
        if self.applicability is None:
            raise NotEstimableError(
                "an answer needs to know whom the model may judge, the training cohort was too "
                "small to learn it. Develop the model on more patients."
            )
        return self.applicability

    def recalibrated(
        self,
        X: pd.DataFrame,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> tuple[Self, Recalibration]:
        """Return the model for a new site, with intervals of its own, and what was changed.

        Parameters
        ----------
        X, y, sample_weight, groups
            As for ``recalibrate``: the new site's patients.

        Returns
        -------
        ReleasedModel
            Its facts say what the recalibration was based on.
        Recalibration
            The step, and how many events were expected before and after it.
        """
        changed = recalibrate(self.model, X, y, sample_weight=sample_weight, groups=groups)
        rebuilds = self.rebuilds and self.rebuilds.add_calibration(changed.step)
        steps = (*self.facts.get("recalibrations", ()), changed.facts())
        new = replace(
            self,
            model=changed.model,
            rebuilds=rebuilds,
            # Its two risks are those of the patients that it was calibrated on.
            venn_abers=fit_venn_abers(changed.model.margin(X), y),
            facts={**self.facts, "recalibrations": list(steps)},
        )
        return new, changed

    def save(self, folder: Path) -> None:
        """Write everything to a new folder, whole or not at all; see ``save_model``."""
        parts = {
            name: part and part.to_state()
            for name in ("rebuilds", "venn_abers", "applicability")
            for part in [getattr(self, name)]
        }
        save_model(self.model, folder, facts={"facts": dict(self.facts), "parts": parts})


def load_released(folder: Path) -> ReleasedModel:
    """Read what ``ReleasedModel.save`` wrote.

    Raises
    ------
    ModelError
        If the folder is damaged, or holds a model that was not released.
    """
    stored = load_model(folder)
    if not isinstance(stored.model, CalibratedModel) or set(stored.facts) != {"facts", "parts"}:
        raise ModelError(
            f"{folder.name} must hold a released model, it holds another one. Take the folder "
            "that develop or recalibrate wrote."
        )
    parts = stored.facts["parts"]
    try:
        return ReleasedModel(
            model=stored.model,
            rebuilds=parts["rebuilds"]
            and Rebuilds.from_state(parts["rebuilds"], model=stored.model),
            venn_abers=parts["venn_abers"] and VennAbers.from_state(parts["venn_abers"]),
            applicability=parts["applicability"]
            and Applicability.from_state(parts["applicability"]),
            facts=stored.facts["facts"],
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelError(
            f"{folder.name} must hold a released model with all its parts, one of them cannot be "
            f"read ({type(error).__name__}). Take another copy."
        ) from None

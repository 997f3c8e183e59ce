"""What there is at one landmark before any model: outcomes, vectors, rows and splits."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.errors import NotEstimableError
from icans_risk.features import FeatureSpecification, build_with_inputs
from icans_risk.models.landmarks import LANDMARK
from icans_risk.outcome import Policy, count_flow, derive_outcomes
from icans_risk.splits import Split, repeated_grouped_folds
from icans_risk.study import Study
from icans_risk.workflow.grades_at import current_grades
from icans_risk.workflow.inputs import study_endpoints
from icans_risk.workflow.rows import ModelRows

__all__ = ["LandmarkData", "prepare_landmark", "split_rows"]


@dataclass(frozen=True)
class LandmarkData:
    """Outcomes and vectors of all episodes at one landmark.

    Attributes
    ----------
    landmark_h, horizon_h : float
        Hours since infusion.
    cohort_hash : str
        Of the whole cohort.
    episodes : DataFrame
        Of the cohort, in its order.
    outcomes : mapping of str to DataFrame
        The outcomes table under each policy, the primary one first.
    flows : mapping of str to dict
        Where every episode went, under each policy.
    vectors : DataFrame
        One row per episode, at risk or not.
    known : DataFrame
        As of ``ModelRows``, one row per episode.
    inputs : DataFrame
        The events that were used.
    analytes : tuple of str
        Full names of what the vectors read; an input that is none of them only decided about
        others.
    """

    landmark_h: float
    horizon_h: float
    cohort_hash: str
    episodes: pd.DataFrame
    outcomes: Mapping[str, pd.DataFrame]
    flows: Mapping[str, Mapping[str, int]]
    vectors: pd.DataFrame
    known: pd.DataFrame
    inputs: pd.DataFrame
    analytes: tuple[str, ...]

    @property
    def primary(self) -> pd.DataFrame:
        """The outcomes table of the primary analysis."""
        return next(iter(self.outcomes.values()))

    def rows(self, policy: str) -> ModelRows:
        """Return the episodes whose outcome is known under a policy.

        Raises
        ------
        NotEstimableError
            If there is none.
        """
        outcomes = self.outcomes[policy]
        known = outcomes["event"].notna().to_numpy()
        if not known.any():
            raise NotEstimableError(
                "no patient at risk has a known outcome, a model needs some with and some without "
                "the endpoint. Choose another landmark, horizon or end-of-observation policy."
            )
        return ModelRows(
            vectors=self.vectors[known],
            known=self.known[known],
            event=outcomes.loc[known, "event"].to_numpy().astype(np.int64),
            weight=outcomes.loc[known, "weight"].to_numpy(),
            patient=self.episodes.loc[known, "patient_id"].to_numpy(dtype=object),
        )


def prepare_landmark(
    study: Study, cohort: Cohort, specification: FeatureSpecification, *, landmark_h: float
) -> LandmarkData:
    """Derive outcomes under every policy of a study, and build the vectors.

    Parameters
    ----------
    study : Study
        What to predict.
    cohort : Cohort
        Of whom.
    specification : FeatureSpecification
        Fitted.
    landmark_h : float
        Hours since infusion.
    """
    policies = dict.fromkeys([study.outcome.end_of_observation, *study.outcome.sensitivity])
    outcomes = {policy: _outcomes(study, cohort, landmark_h, policy=policy) for policy in policies}
    vectors, inputs = build_with_inputs(cohort, specification, [landmark_h])
    known = current_grades(cohort, landmark_h).set_axis(vectors.index)
    return LandmarkData(
        landmark_h=landmark_h,
        horizon_h=study.outcome.horizon_h(landmark_h),
        cohort_hash=cohort.hash(),
        episodes=cohort.episodes,
        outcomes={str(policy): table for policy, table in outcomes.items()},
        flows={policy: count_flow(table) for policy, table in outcomes.items()},
        vectors=vectors,
        known=known.assign(**{LANDMARK: np.float32(landmark_h)}),
        inputs=inputs,
        analytes=specification.analytes,
    )


def split_rows(study: Study, rows: ModelRows) -> list[Split]:
    """Partition rows as a study says, the same for every model."""
    return repeated_grouped_folds(
        rows.event,
        rows.patient,
        folds=study.validation.folds,
        repeats=study.validation.repeats,
        seed=study.seed,
    )


def _outcomes(study: Study, cohort: Cohort, landmark_h: float, *, policy: Policy) -> pd.DataFrame:
    return derive_outcomes(
        cohort,
        (landmark_h,),
        endpoint=study_endpoints(study)[0],
        scale=study.outcome.scale,
        horizon_h=study.outcome.horizon_h,
        policy=policy,
    )

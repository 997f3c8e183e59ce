"""Whom of a cohort the model may judge: facts about the rows, and what was learnt of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import NotEstimableError
from icans_risk.features import FeatureSpecification
from icans_risk.models.abstention import ANSWERED
from icans_risk.models.applicability import Applicability
from icans_risk.models.circumstances import Circumstances
from icans_risk.models.rebuilds import RiskInterval
from icans_risk.serving import circumstances_at, has_cns_tumour
from icans_risk.splits import Split
from icans_risk.study import Study
from icans_risk.workflow.column_facts import ColumnFacts
from icans_risk.workflow.landmark_data import LandmarkData
from icans_risk.workflow.plans import Fit, ModelPlan
from icans_risk.workflow.rows import ModelRows

__all__ = ["Judge", "circumstances_of", "levels_among"]

MOST_IMPORTANT = 10


@dataclass(frozen=True)
class Judge:
    """Learns whom a model may judge, and says it of the cohort that it was developed on.

    Attributes
    ----------
    study : Study
        Its ``models.answering``.
    data : LandmarkData
        The cohort at the landmark.
    specification : FeatureSpecification
        Fitted.
    plan : ModelPlan
        The model.
    """

    study: Study
    data: LandmarkData
    specification: FeatureSpecification
    plan: ModelPlan

    def learn(self, fit: Fit, rows: ModelRows) -> Applicability | None:
        """Learn from training rows; None where they are too few for it."""
        facts, wanted = ColumnFacts.of(self.specification), self.study.models.answering
        table = self.plan.table(rows)
        trained = self.data.vectors.index.get_indexer(table.index)
        tumour = has_cns_tumour(self.data.episodes.iloc[trained])
        judge = Applicability(
            modality_of_column=facts.modality,
            trained_on_synthetic=self.study.data_kind == "synthetic",
            trained_on_cns_tumours=bool(tumour.any()),
            required_modalities=wanted.required_modalities,
            important=_most_important(fit, table, facts.modality),
            categories=facts.categories,
            hard_limits=facts.limits,
            decision_threshold=wanted.decision_threshold,
            stale_after_h=wanted.stale_after_h,
            range_margin=wanted.range_margin,
            false_alarm_rate=wanted.false_alarm_rate,
            widest_interval=wanted.widest_range,
        )
        try:
            return judge.fit(table, groups=rows.patient)
        except NotEstimableError:
            return None

    def held_out_reasons(
        self,
        fits: Sequence[Fit],
        splits: Sequence[Split],
        rows: ModelRows,
        *,
        final: Applicability | None,
        interval: RiskInterval | None,
    ) -> pd.DataFrame:
        """Say of everyone at risk whether a model that had not seen them would answer.

        Parameters
        ----------
        fits : sequence of Fit
            The models of the folds, in the order of the splits.
        splits : sequence of Split
            Of ``rows``; the first repeat is used.
        rows : ModelRows
            Episodes with a known outcome.
        final : Applicability or None
            Learnt from all rows, for those whose outcome is unknown.
        interval : RiskInterval or None
            Held-out, of everyone at risk.

        Returns
        -------
        DataFrame
            ``status`` and ``reasons`` of everyone at risk, in the order of the vectors.
        """
        at_risk = np.flatnonzero(self.data.primary["at_risk"].to_numpy())
        index = self.data.vectors.index[at_risk]
        place = index.get_indexer(rows.vectors.index)
        first = [(fit, split) for fit, split in zip(fits, splits, strict=True) if split.repeat == 0]
        asked = [
            (self.learn(fit, rows.take(split.train)), place[split.test], place[split.train])
            for fit, split in first
        ]
        asked.append((final, np.setdiff1d(np.arange(len(index)), place), place))
        told = [
            self._check(judge, index, places, trained=trained, interval=interval)
            for judge, places, trained in asked
        ]
        return pd.concat(told).reindex(index)

    def _check(
        self,
        judge: Applicability | None,
        index: pd.Index,
        places: NDArray[np.intp],
        *,
        trained: NDArray[np.intp],
        interval: RiskInterval | None,
    ) -> pd.DataFrame:
        asked = index[places]
        if judge is None or not len(places):
            return pd.DataFrame({"status": ANSWERED, "reasons": [()] * len(places)}, index=asked)
        facts = circumstances_of(
            self.study,
            self.data,
            asked,
            levels_of=index[trained],
            static=self.specification.levels or (),
        )
        own = interval and RiskInterval(
            interval.low[places], interval.high[places], interval.is_widened[places]
        )
        return judge.check(
            self.data.vectors.loc[asked, list(self.plan.columns)], facts, interval=own
        )


def circumstances_of(
    study: Study,
    data: LandmarkData,
    index: pd.Index,
    *,
    levels_of: pd.Index,
    static: Iterable[str],
) -> Circumstances:
    """Collect the facts about some of the episodes at risk of the cohort of a study.

    Parameters
    ----------
    study : Study
        The study.
    data : LandmarkData
        The cohort at the landmark.
    index : Index
        Episode and landmark of the rows that are asked about.
    levels_of : Index
        The same of the rows whose categories are known.
    static : iterable of str
        Names of the categories.
    """
    episodes = data.episodes.set_index("episode_id", drop=False)
    asked, known = (episodes.loc[i.get_level_values("episode_id")] for i in (index, levels_of))
    return circumstances_at(
        asked,
        data.inputs,
        landmark_h=data.landmark_h,
        analytes=data.analytes,
        levels=levels_among(known, static),
        is_real=study.data_kind == "real",
    )


def levels_among(episodes: pd.DataFrame, static: Iterable[str]) -> dict[str, list[str]]:
    """List the levels that some episodes have, by category."""
    return {name: sorted(set(episodes[name].dropna().astype(str))) for name in static}


def _most_important(fit: Fit, table: pd.DataFrame, measured: Iterable[str]) -> list[str]:
    """Name the measured columns that move the risks of the training rows most."""
    size = np.abs(fit.model.contributions(table)[:, :-1]).mean(axis=0)
    ranked = pd.Series(size, table.columns)[list(measured)]
    ranked = ranked[ranked > 0].sort_values(ascending=False, kind="stable")
    return [str(name) for name in ranked.index[:MOST_IMPORTANT]]

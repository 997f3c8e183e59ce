"""Find the doses that were given in response to toxicity and alter what is measured later.

A *response dose* is one of an analyte that the catalogue marks as altering measurements:
collected after the infusion, of more than nothing, and ordered neither by protocol nor as
prophylaxis. What everybody gets is local practice and no response.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from icans_risk.features.admission import ADMITTED_ORDERS
from icans_risk.features.choices import Measurement, Window
from icans_risk.features.onset import find_first_above
from icans_risk.features.rows import arrange_rows
from icans_risk.features.specification import FeatureSpecification

__all__ = ["Doses", "find_doses"]

_AFTER_INFUSION = Window("after_infusion", "infusion", 0, None)


class Doses(NamedTuple):
    """The response doses that were known at each landmark.

    Attributes
    ----------
    analytes : tuple of str
        Full names of the treatments that were looked for.
    first_h : ndarray of shape (n_episodes, n_landmarks, n_analytes)
        Hours since infusion of the first dose of each; NaN without one.
    landmark, position : ndarray of shape (n_known,)
        Every known dose: number of the landmark, row of the events.
    """

    analytes: tuple[str, ...]
    first_h: NDArray[np.float64]
    landmark: NDArray[np.int64]
    position: NDArray[np.int64]

    @property
    def first_of_any_h(self) -> NDArray[np.float64]:
        """The first dose of any treatment, by episode and landmark; infinity without one."""
        first: NDArray[np.float64] = np.fmin.reduce(self.first_h, axis=2, initial=np.inf)
        return first

    def last_hours(self, specification: FeatureSpecification) -> NDArray[np.float64]:
        """Say up to which hour values count, by episode and landmark; infinity for all."""
        first = self.first_of_any_h
        is_cut = specification.treatment_policy == "censor"
        return first if is_cut else np.full(first.shape, np.inf)

    def given(self, treatments: Sequence[str]) -> NDArray[np.float64]:
        """Say what was given, by episode, landmark and treatment, 0 or 1."""
        numbers = [self.analytes.index(name) for name in treatments]
        return (~np.isnan(self.first_h[:, :, numbers])).astype(np.float64)

    def first_h_at(
        self, episodes: pd.DataFrame, rows: pd.DataFrame, landmark: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Look up the first dose of any treatment for rows of events at landmarks."""
        episode = pd.Index(episodes["episode_id"]).get_indexer(pd.Index(rows["episode_id"]))
        first_h: NDArray[np.float64] = self.first_of_any_h[episode, landmark]
        return first_h

    def read_by(
        self, specification: FeatureSpecification, episodes: pd.DataFrame, events: pa.Table
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """List the doses that decide about vectors: (landmark, row of ``events``).

        Under ``censor`` those are the first ones; otherwise those of treatments with a
        column.
        """
        doses = events.take(self.position).to_pandas()
        if specification.treatment_policy == "censor":
            first_h = self.first_h_at(episodes, doses, self.landmark)
            is_read = doses["collected_h"].to_numpy() == first_h
        else:
            names = doses["modality"].astype("str") + "." + doses["analyte"].astype("str")
            is_read = names.isin(specification.treatments or ()).to_numpy(dtype=bool)
        return self.landmark[is_read], self.position[is_read]


def find_doses(
    episodes: pd.DataFrame,
    events: pa.Table,
    landmarks: NDArray[np.float64],
    *,
    treatments: Sequence[str],
) -> Doses:
    """Find the response doses that were known at each landmark.

    A dose counts from its collection, once it is known; of its versions the latest one
    available at the landmark stands for all.

    Parameters
    ----------
    episodes : DataFrame
        In the layout ``EPISODES``.
    events : pyarrow.Table
        In the layout ``EVENTS``.
    landmarks : ndarray of shape (n_landmarks,)
        Hours since infusion.
    treatments : sequence of str
        Full names of the analytes that alter measurements.

    Returns
    -------
    Doses
        None at all where ``treatments`` is empty.
    """
    shape = (len(episodes), landmarks.size)
    if not treatments:
        none = np.empty(0, dtype=np.int64)
        return Doses((), np.empty((*shape, 0)), none, none)
    wanted = tuple(Measurement(name, (_AFTER_INFUSION.name,), ("first",)) for name in treatments)
    doses, place = _response_doses(events, treatments)
    rows = arrange_rows(
        doses,
        episodes["episode_id"].tolist(),
        FeatureSpecification((_AFTER_INFUSION,), wanted, presence="informative"),
        latest=float(landmarks.max()),
        with_position=True,
    )
    used = np.zeros((landmarks.size, rows.value.size), dtype=np.bool_)
    first_h = find_first_above(
        0.0,
        rows,
        landmarks,
        analytes=np.ones(len(treatments), dtype=np.bool_),
        bounds=(np.zeros(shape), np.full(shape, np.inf)),
        used=used,
    )
    landmark, row = np.nonzero(used & (rows.value > 0.0))
    return Doses(tuple(treatments), first_h, landmark, place[rows.position[row]])


def _response_doses(
    events: pa.Table, treatments: Sequence[str]
) -> tuple[pa.Table, NDArray[np.int64]]:
    """Take the doses, and where each stood; what everybody gets counts as nothing given."""
    names = pa.array([name.partition(".")[2] for name in treatments], pa.string())
    is_dose = pc.is_in(events["analyte"].cast(pa.string()), names)
    doses = events.filter(is_dose)
    is_usual = pc.is_in(doses["ordered_as"].cast(pa.string()), pa.array(ADMITTED_ORDERS))
    value = pc.if_else(is_usual, 0.0, doses["value"])
    place: NDArray[np.int64] = np.flatnonzero(is_dose.to_numpy())
    return doses.set_column(doses.column_names.index("value"), "value", value), place

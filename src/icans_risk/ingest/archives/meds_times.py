"""Where the rows of a cohort stand in time in a folder of the Medical Event Data Standard."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from meds import schema as standard

from icans_risk.errors import CohortError

__all__ = ["Timeline"]

HOURS_PER_YEAR = 24 * 365.25
# A patient's episodes lie so far apart, and rows no further from them than half of it, so
# that no row of one stands among those of another.
BETWEEN_H = 50 * HOURS_PER_YEAR
MICROSECONDS_PER_HOUR = 3.6e9

_TIME = pa.timestamp("us")


@dataclass(frozen=True)
class Timeline:
    """Subject and hour 0 of each episode.

    Attributes
    ----------
    subjects, starts_h : Series
        By ``episode_id``: the number of the patient, from 1, and the hours from 1970 to
        the infusion.
    """

    subjects: pd.Series
    starts_h: pd.Series

    @classmethod
    def of(cls, episodes: pd.DataFrame) -> "Timeline":
        """Take patients in the order of the table, and set the episodes of each apart."""
        ids = pd.Index(episodes["episode_id"])
        subjects = pd.Series(pd.factorize(episodes["patient_id"])[0] + 1, index=ids)
        number = episodes.get("infusion_number", pd.Series(np.nan, index=episodes.index))
        ranked = episodes.iloc[np.argsort(number.to_numpy(), kind="stable")]
        order = ranked.groupby("patient_id").cumcount().reindex(episodes.index)
        return cls(subjects, pd.Series(order.to_numpy() * BETWEEN_H, index=ids))

    def place(
        self,
        table: pa.Table,
        episode_ids: pd.Series,
        *,
        code: pd.Series | str,
        number: pd.Series | None = None,
        hours: pd.Series | None = None,
        available: pd.Series | None = None,
    ) -> pa.Table:
        """Put the standard's columns before those of a table.

        Parameters
        ----------
        table : pyarrow.Table
            Rows of the cohort.
        episode_ids : Series
            Whose they are.
        code, number : Series or str, Series
            What each row says.
        hours, available : Series, optional
            When, and from when on it could be known; without them at the infusion.

        Raises
        ------
        CohortError
            If a row lies more than 25 years from its infusion.
        """
        rows = len(table)
        codes = [code] * rows if isinstance(code, str) else code
        first = {
            "subject_id": pa.array(episode_ids.map(self.subjects), pa.int64()),
            "time": self._times(episode_ids, hours),
            "code": pa.array(codes, pa.string()),
            "numeric_value": _narrow(number, rows),
            "text_value": pa.nulls(rows, pa.large_string()),
            "available_time": self._times(episode_ids, hours if available is None else available),
        }
        return pa.table(first | dict(zip(table.column_names, table.columns, strict=True)))

    def deaths(self, episodes: pd.DataFrame) -> pa.Table:
        """Make a row for the death that ends a patient's last episode."""
        last_start = self.starts_h.groupby(self.subjects.to_numpy()).transform("max")
        is_last = (self.starts_h == last_start).to_numpy()
        died = episodes.get("died_h", pd.Series(np.nan, index=episodes.index))
        dead = episodes[is_last & died.notna().to_numpy()]
        nothing = pa.table({"patient_id": pa.array(dead["patient_id"], pa.string())})
        hours = died.loc[dead.index]
        return self.place(nothing, dead["episode_id"], code=standard.death_code, hours=hours)

    def _times(self, episode_ids: pd.Series, hours: pd.Series | None) -> pa.Array:
        relative = np.zeros(len(episode_ids)) if hours is None else hours.to_numpy()
        far = int((np.abs(relative) >= BETWEEN_H / 2).sum())
        if far:
            raise CohortError(
                f"expected times within 25 years of the infusion, {far} lie further away. The "
                "standard sets a patient's episodes apart by that; leave these rows out."
            )
        total = (episode_ids.map(self.starts_h).to_numpy() + relative) * MICROSECONDS_PER_HOUR
        return pa.array(np.rint(total).astype("int64"), pa.int64()).cast(_TIME)


def _narrow(number: pd.Series | None, rows: int) -> pa.Array:
    if number is None:
        return pa.nulls(rows, pa.float32())
    with np.errstate(over="ignore"):
        narrow = number.to_numpy(dtype="float64").astype("float32")
    # What 32 bits cannot hold is empty rather than infinite; ``value`` has it.
    return pa.array(narrow, pa.float32(), mask=~np.isfinite(narrow))

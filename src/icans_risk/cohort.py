"""The tables that rooms exchange: their columns, their types, their checks.

Times are hours since infusion (float64, negative before it). Identifiers are strings.
Missing is missing: a grade that was not recorded is never grade 0.

Two clocks run through every table. A value *describes* the patient at one time
(``collected_h``, ``assessed_h``) and *can be known* at another (``available_h``). A value
recorded for day ``d`` covers ``[24 d, 24 (d + 1))``; it is dated at the end of that day on
both clocks, because it may describe the day's last minute. Grades keep the start of their
cover as well (``covers_from_h``): an outcome is dated at its earliest possible moment, a
predictor at its latest, so that neither error can flatter a model.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from icans_risk.errors import CohortError

__all__ = [
    "CONTRIBUTIONS",
    "EPISODES",
    "EVENTS",
    "GRADES",
    "INPUTS",
    "OUTCOMES",
    "PREDICTIONS",
    "Cohort",
    "Column",
    "check_table",
    "hash_table",
]

Kind = Literal["text", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    kind : {"text", "number", "flag"}
        Text is str, number is float64, flag is bool.
    required : bool
        Whether a table without the column is refused.
    nullable : bool
        Whether cells may be missing.
    values : tuple of str
        The vocabulary of a text column; empty where any text may stand.
    """

    kind: Kind
    required: bool = True
    nullable: bool = False
    values: tuple[str, ...] = ()


Table = Mapping[str, Column]

_OPTIONAL_TEXT = Column("text", required=False, nullable=True)
_OPTIONAL_NUMBER = Column("number", required=False, nullable=True)

ROUTES = ("intravenous", "intracerebroventricular", "intratumoral")
MODALITIES = ("plasma", "csf", "eeg", "imaging", "clinical", "treatment")
ORDERED_AS = ("protocol", "prophylaxis", "clinical", "unknown")
SCALES = ("ASTCT", "CARTOX", "CTCAE")

EPISODES: Table = {
    "episode_id": Column("text"),
    "patient_id": Column("text"),
    "followed_until_h": Column("number"),
    "site": _OPTIONAL_TEXT,
    "era": _OPTIONAL_TEXT,
    "product": _OPTIONAL_TEXT,
    "target_antigen": _OPTIONAL_TEXT,
    "costimulatory_domain": _OPTIONAL_TEXT,
    "car_generation": _OPTIONAL_TEXT,
    "delivery_route": Column("text", required=False, nullable=True, values=ROUTES),
    "infusion_number": _OPTIONAL_NUMBER,
    "dose_cells_per_kg": _OPTIONAL_NUMBER,
    "disease": _OPTIONAL_TEXT,
    "cns_tumour": Column("flag", required=False),
    "lymphodepletion": _OPTIONAL_TEXT,
    "lymphodepletion_start_h": _OPTIONAL_NUMBER,
    "bridging": _OPTIONAL_TEXT,
    "prophylaxis": _OPTIONAL_TEXT,
    "prior_lines": _OPTIONAL_NUMBER,
    "age_years": _OPTIONAL_NUMBER,
    "sex": _OPTIONAL_TEXT,
    "ecog": _OPTIONAL_NUMBER,
    "ice_baseline": _OPTIONAL_NUMBER,
    "tumour_volume_ml": _OPTIONAL_NUMBER,
    "discharged_h": _OPTIONAL_NUMBER,
    "died_h": _OPTIONAL_NUMBER,
    "death_cause": Column("text", required=False, nullable=True, values=("icans", "other")),
}

EVENTS: Table = {
    "episode_id": Column("text"),
    "modality": Column("text", values=MODALITIES),
    "analyte": Column("text"),
    "collected_h": Column("number"),
    "available_h": Column("number"),
    "value": Column("number"),
    "censored": Column("text", values=("", "<", ">")),
    "ordered_as": Column("text", values=ORDERED_AS),
    "assay": Column("text"),
    "version": Column("number"),
}

GRADES: Table = {
    "episode_id": Column("text"),
    "covers_from_h": Column("number"),
    "assessed_h": Column("number"),
    "available_h": Column("number"),
    "scale": Column("text", values=SCALES),
    "icans_grade": Column("number", nullable=True),
    "crs_grade": Column("number", nullable=True),
    "tian_grade": Column("number", nullable=True),
    "ice_total": Column("number", nullable=True),
    "capd_total": Column("number", nullable=True),
    "deciding_domain": Column("text", nullable=True),
}

OUTCOMES: Table = {
    "episode_id": Column("text"),
    "landmark_h": Column("number"),
    "at_risk": Column("flag"),
    "excluded_because": Column("text"),
    "event": Column("number", nullable=True),
    "competing": Column("flag"),
    "weight": Column("number"),
    "onset_h": Column("number", nullable=True),
    "observed_until_h": Column("number"),
}

PREDICTIONS: Table = {
    "episode_id": Column("text"),
    "landmark_h": Column("number"),
    "status": Column("text"),
    "risk": Column("number", nullable=True),
    "risk_low": Column("number", nullable=True),
    "risk_high": Column("number", nullable=True),
    "model": Column("text"),
}

CONTRIBUTIONS: Table = {
    "episode_id": Column("text"),
    "landmark_h": Column("number"),
    "column": Column("text"),
    "contribution_logit": Column("number"),
}

INPUTS: Table = {
    "episode_id": Column("text"),
    "landmark_h": Column("number"),
    "modality": Column("text"),
    "analyte": Column("text"),
    "collected_h": Column("number"),
    "available_h": Column("number"),
    "value": Column("number"),
}


def check_table(frame: pd.DataFrame, table: Table, *, name: str) -> pd.DataFrame:
    """Return the table in its declared types, or say what is wrong with it.

    Parameters
    ----------
    frame : DataFrame
        The rows; extra columns are kept as they are.
    table : mapping of str to Column
        The contract, for example ``EVENTS``.
    name : str
        What the table is called in an error.

    Returns
    -------
    DataFrame
        A copy with a fresh index, declared columns first and in their order.

    Raises
    ------
    CohortError
        If a column is missing, a cell that must be filled is empty, or a cell has
        another type or a word outside the vocabulary.
    """
    absent = [c for c, spec in table.items() if spec.required and c not in frame.columns]
    if absent:
        raise CohortError(
            f"{name} needs the columns {absent}, found {sorted(map(str, frame.columns))}. "
            "Add them, or map other columns to these names."
        )
    present = [c for c in table if c in frame.columns]
    extra = [c for c in frame.columns if c not in table]
    checked = {c: _check_column(frame[c], table[c], where=f"{name}.{c}") for c in present}
    return pd.DataFrame(checked | {c: frame[c].to_numpy() for c in extra}).reset_index(drop=True)


def _check_column(column: pd.Series, spec: Column, *, where: str) -> pd.Series:
    column = column.reset_index(drop=True)
    _refuse(column.isna() & (not spec.nullable), where, "must be filled")
    if spec.kind == "number":
        numbers = pd.to_numeric(column, errors="coerce").astype("float64")
        wrong = (numbers.isna() & column.notna()) | np.isinf(numbers)
        _refuse(wrong, where, "must be finite numbers")
        return numbers
    if spec.kind == "flag":
        _refuse(~column.isin([True, False]), where, "must be true or false")
        return column.astype(bool)
    if spec.values:
        _refuse(column.notna() & ~column.isin(spec.values), where, f"must be one of {spec.values}")
    return column.astype("str").where(column.notna(), None)


def _refuse(bad: pd.Series, where: str, expected: str) -> None:
    if bad.any():
        rows = [int(i) for i in np.flatnonzero(bad.to_numpy())]
        more = ", ..." if len(rows) > 5 else ""
        raise CohortError(
            f"{where} {expected}, {len(rows)} cells do not (row positions "
            f"{', '.join(map(str, rows[:5]))}{more}). Mend them in the source or its mapping."
        )


def hash_table(frame: pd.DataFrame) -> str:
    """Hash the parsed values of a table, blind to the order of rows and columns.

    Parameters
    ----------
    frame : DataFrame
        Any table of text, numbers and flags.

    Returns
    -------
    str
        SHA-256 in hexadecimal.

    Examples
    --------
    >>> a = pd.DataFrame({"x": [1.0, 2.0], "y": ["p", "q"]})
    >>> hash_table(a) == hash_table(a.iloc[::-1][["y", "x"]])
    True
    """
    columns = sorted(map(str, frame.columns))
    rows = pd.util.hash_pandas_object(frame[columns], index=False, categorize=False)
    digest = hashlib.sha256("\x1f".join(columns).encode())
    digest.update(np.sort(rows.to_numpy(dtype="uint64")).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Cohort:
    """The infusions of a study with all that was measured and graded around them.

    Parameters
    ----------
    episodes : DataFrame
        One row per infusion, see ``EPISODES``.
    events : DataFrame
        One row per measured value, see ``EVENTS``.
    grades : DataFrame
        One row per toxicity assessment, see ``GRADES``.

    Raises
    ------
    CohortError
        If a table breaks its contract, an episode stands twice, or a row belongs to
        no episode.
    """

    episodes: pd.DataFrame
    events: pd.DataFrame
    grades: pd.DataFrame

    def __post_init__(self) -> None:
        for name, table in (("episodes", EPISODES), ("events", EVENTS), ("grades", GRADES)):
            checked = check_table(getattr(self, name), table, name=name)
            object.__setattr__(self, name, checked)
        self._check_episodes()
        self._check_times()

    def _check_episodes(self) -> None:
        ids = self.episodes["episode_id"]
        if ids.empty:
            raise CohortError("A cohort needs at least one episode, got none. Check the source.")
        _refuse(ids.duplicated(), "episodes.episode_id", "must be unique")
        for name in ("events", "grades"):
            orphans = ~getattr(self, name)["episode_id"].isin(ids)
            _refuse(orphans, f"{name}.episode_id", "must name a known episode")

    def _check_times(self) -> None:
        late = self.events["available_h"] < self.events["collected_h"]
        _refuse(late, "events.available_h", "must not precede collected_h")
        late = self.grades["available_h"] < self.grades["assessed_h"]
        _refuse(late, "grades.available_h", "must not precede assessed_h")
        late = self.grades["assessed_h"] < self.grades["covers_from_h"]
        _refuse(late, "grades.assessed_h", "must not precede covers_from_h")

    def hash(self) -> str:
        """Hash the cohort's parsed values, whatever file and order they came in."""
        parts = [hash_table(t) for t in (self.episodes, self.events, self.grades)]
        return hashlib.sha256("".join(parts).encode()).hexdigest()

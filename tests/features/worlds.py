"""Worlds of features, and generated cases in them that are full of ties.

A *world* is a specification with the analytes that it reads; a *case* is a few patients in a
world, with events and landmarks, and a *ward* is one of many patients. One whole number is
one panel of events, so that cases are cheap to generate and shrink to few and plain rows.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import GRADES, SCALES, Cohort
from icans_risk.features import (
    CHANGE_KINDS,
    STATISTICS,
    Change,
    FeatureSpecification,
    Measurement,
    ScoreChoice,
    Window,
    build_features,
    derive_events,
)

CATALOGUE = load_catalogue()

CRS, PROTEIN, CRP = "clinical.crs_grade", "csf.protein", "plasma.crp"
BLOOD = ("plasma.ldh", "plasma.creatinine", "plasma.platelets", CRP)
HEMATOTOX = ("plasma.platelets", "plasma.neutrophils", "plasma.haemoglobin", CRP, "plasma.ferritin")
GUST = ("clinical.temperature", "plasma.il6", "plasma.mcp1")
# Derived measurements, and what is measured for each; a ratio that the laboratory reports
# itself stands for the derived one.
DERIVED = {
    "plasma.ang2_ang1_ratio": (
        ("plasma.ang2", "plasma.ang1"), ("plasma.ang1",), ("plasma.ang2_ang1_ratio",),
    ),
    "csf.albumin_quotient": (
        ("csf.albumin", "plasma.albumin"), ("csf.albumin",), ("plasma.albumin",),
    ),
    "plasma.nfl_for_age": (("plasma.nfl",),),
}  # fmt: skip

WINDOWS = (
    Window("baseline", "infusion", None, 0),
    Window("early", "infusion", 0, 24),
    Window("recent", "landmark", -24, 0),
    Window("since_chemo", "lymphodepletion", 0, 72),
    Window("to_date", "infusion", None, None),
    Window("around_crs", "crs_onset", -24, 24),
)
ALL_WINDOWS = tuple(window.name for window in WINDOWS)
INTENSITY = ("count", "hours_since_last")
QUIET = tuple(name for name in STATISTICS if name not in INTENSITY)


class World(NamedTuple):
    """A specification, the analytes measured together, and what is derived from them."""

    name: str
    specification: FeatureSpecification
    panels: tuple[tuple[str, ...], ...]
    values: tuple[float, ...] = (0.0, 1.0, 2.0, -0.0, -1.5, 0.1, 80.0)
    derived: tuple[str, ...] = ()


PROTOCOL_ONLY = World(
    "protocol only",
    FeatureSpecification(
        WINDOWS,
        (
            Measurement(PROTEIN, ("to_date",), QUIET, threshold=1.0),
            Measurement(PROTEIN, ("recent", "around_crs"), ("first",)),
            Measurement(CRS, ALL_WINDOWS, ("last", "max")),
        ),
        static=("age_years",),
    ),
    ((CRS,), (PROTEIN,)),
)
INFORMATIVE = World(
    "informative presence",
    FeatureSpecification(
        WINDOWS,
        (
            Measurement(CRS, ALL_WINDOWS, ("count",)),
            Measurement(PROTEIN, ("to_date",), STATISTICS, threshold=0.0, minimum_count=2),
            Measurement(PROTEIN, ("recent",), ("last",), maximum_age_h=1.0),
            Measurement("treatment.tocilizumab", ("early", "to_date"), ("count", "max")),
        ),
        presence="informative",
    ),
    ((CRS,), (PROTEIN,), ("treatment.tocilizumab",)),
)
CHANGES = World(
    "changes",
    FeatureSpecification(
        WINDOWS,
        (),
        changes=(
            Change(CRP, ("baseline", "to_date"), tuple(CHANGE_KINDS)),
            Change(CRP, ("around_crs", "recent"), ("difference", "slope_per_day"), of="max"),
            Change(CRS, ("early", "around_crs"), ("log2_ratio", "difference"), of="mean"),
            Change(PROTEIN, ("baseline", "recent"), tuple(CHANGE_KINDS), of="median"),
        ),
    ),
    ((CRS,), (CRP,), (PROTEIN,)),
)
SCORES = World(
    "scores",
    FeatureSpecification(
        WINDOWS,
        (),
        scores=(
            *(ScoreChoice(name, ALL_WINDOWS) for name in ("easix", "m_easix")),
            *(ScoreChoice(name, ("early", "around_crs")) for name in ("log2_easix", "s_easix")),
            ScoreChoice("car_hematotox"),
            ScoreChoice("gust_36h"),
        ),
    ),
    (BLOOD, HEMATOTOX, GUST, (CRS,)),
    # In an order in which a panel of the rule, and one of the points, lies on all its cut-offs.
    (0.5, 0.0, 38.9, 16.0, 1343.5, 75.0, 1.2, 9.0, 30.0, 650.0, 175.0, 2000.0),
)
DERIVING = tuple(
    World(
        name,
        FeatureSpecification(
            WINDOWS,
            (Measurement(name, ("recent", "to_date", "around_crs"), ("last", "mean", "sd")),),
            changes=(Change(name, ("baseline", "to_date"), ("difference",)),),
        ),
        (*panels, (CRS,)),
        (2.0, 4.0, 0.0, 30.0, 0.1, 7.0),
        (name,),
    )
    for name, panels in DERIVED.items()
)
# Nothing in them refers to the infusion: whether a lumbar puncture is admitted does.
_MOVING = tuple(window for window in WINDOWS if window.anchor != "infusion")
MOVING = World(
    "relative time",
    FeatureSpecification(
        _MOVING,
        tuple(
            Measurement(name, tuple(w.name for w in _MOVING), STATISTICS, threshold=0.5)
            for name in (CRS, PROTEIN)
        ),
        presence="informative",
        scores=(ScoreChoice("s_easix", ("recent", "around_crs")),),
        changes=(Change(CRS, ("since_chemo", "recent"), tuple(CHANGE_KINDS)),),
    ),
    ((CRS,), (PROTEIN,), ("plasma.ldh", "plasma.platelets")),
)
MOVING_DERIVING = tuple(
    world._replace(
        name=f"relative time, {world.name}",
        specification=FeatureSpecification(
            _MOVING,
            (Measurement(world.name, ("recent", "around_crs"), ("last", "mean")),),
            presence="informative",
        ),
    )
    for world in DERIVING
)
MEASURED = (PROTOCOL_ONLY, INFORMATIVE, CHANGES, SCORES)

PATIENTS = ("p", "q", "r")


@cache
def episodes_of(n_patients):
    """Patients of three kinds: the start of lymphodepletion is early, not known, or late."""
    kind = np.arange(n_patients) % len(PATIENTS)
    names = [
        f"{PATIENTS[k]}{number}" if number > 2 else PATIENTS[k] for number, k in enumerate(kind)
    ]
    columns = {
        "episode_id": _text(tuple(names)),
        "patient_id": _text(tuple(names)),
        "followed_until_h": np.full(n_patients, 500.0),
        "lymphodepletion_start_h": np.array([-72.0, np.nan, -24.0])[kind],
        "age_years": np.array([61.0, np.nan, 45.0])[kind],
        "died_h": np.array([np.nan, np.nan, 300.0])[kind],
    }
    return pd.DataFrame(columns)


LANDMARKS = ((24.0,), (0.0, 24.0, 72.0), (72.0, 24.0), (24.0, 24.5))

# Beside each landmark, and beside the bounds of the windows, on both sides and on them.
_MOMENT = 1e-9
_TIMES = (
    6, 24, 24 + _MOMENT, 0, -24, 72, 72 + _MOMENT, 0.5, 23.5, 48, 24 - _MOMENT, -72, -80, -0.5, 90,
)  # fmt: skip
_LAGS = (0, 0, 18, 24, 0.5, 48, 18 + _MOMENT)
_ASSAYS = ("", "", "elisa")
_ORDERS = ("protocol", "protocol", "clinical", "prophylaxis", "unknown")
_VERSIONS = (1.0, 2.0, 1.0)


@cache
def _text(choices):
    return pd.array(list(choices), dtype="str")


@cache
def _numbers(choices):
    return np.array(choices, dtype=np.float64)


@cache
def _names(panels):
    """The modalities and analytes of all panels, one panel after the other."""
    names = [full_name.partition(".") for panel in panels for full_name in panel]
    return _text(tuple(name[0] for name in names)), _text(tuple(name[2] for name in names))


def code_shape(world):
    """How many choices there are for each part of a panel."""
    choices = (world.panels, world.values, _VERSIONS, _ASSAYS, _ORDERS, _LAGS, _TIMES)
    return tuple(map(len, choices))


def events_of(world, codes, patients):
    """Decode whole numbers to rows of events: one number is one panel of one patient's draw.

    ``patients`` says whose, for each of them.
    """
    digits = np.unravel_index(np.array(codes, dtype=np.int64), code_shape(world))
    length = np.array([len(panel) for panel in world.panels])
    repeats = length[digits[0]]
    panel, value, version, assay, order, lag, time = (np.repeat(digit, repeats) for digit in digits)
    within = np.arange(panel.size) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    name = (np.cumsum(length) - length)[panel] + within
    modalities, analytes = _names(world.panels)
    collected = _numbers(_TIMES)[time]
    columns = {
        "episode_id": patients.take(np.repeat(np.arange(repeats.size), repeats)),
        "modality": modalities.take(name),
        "analyte": analytes.take(name),
        "collected_h": collected,
        "available_h": collected + _numbers(_LAGS)[lag],
        "value": _numbers(world.values)[(value + within) % len(world.values)],
        "censored": _text(("",)).take(np.zeros_like(name)),
        "ordered_as": _text(_ORDERS).take(order),
        "assay": _text(_ASSAYS).take(assay),
        "version": _numbers(_VERSIONS)[version],
    }
    return pd.DataFrame(columns)


def grades_of(episodes, chance, n_rows):
    """Grades of no meaning, for vectors that must not look at them."""
    assessed = _numbers(_TIMES)[chance.integers(len(_TIMES), size=n_rows)]
    empty = np.full(n_rows, np.nan)
    columns = {
        "episode_id": episodes["episode_id"].array.take(
            chance.integers(len(episodes), size=n_rows)
        ),
        "covers_from_h": assessed - 24,
        "assessed_h": assessed,
        "available_h": assessed,
        "scale": _text(tuple(SCALES)).take(chance.integers(len(SCALES), size=n_rows)),
        "icans_grade": chance.integers(5, size=n_rows).astype(np.float64),
        "deciding_domain": _text(("ice",)).take(np.zeros(n_rows, dtype=np.int64)),
    }
    return pd.DataFrame({name: columns.get(name, empty) for name in GRADES})


NO_GRADES = grades_of(episodes_of(3), np.random.default_rng(0), 0)


class Case(NamedTuple):
    """Patients in a world, with events and landmarks."""

    world: World
    episodes: pd.DataFrame
    events: pd.DataFrame
    landmarks: tuple[float, ...]

    @property
    def n_patients(self):
        """How many there are of whom anything was measured."""
        return self.events["episode_id"].nunique()

    def vectors(self, events=None, landmarks=None, **tables):
        """F(E, T), of this case's events and landmarks or of others."""
        cohort = self.cohort(self.events if events is None else events, **tables)
        hours = self.landmarks if landmarks is None else landmarks
        return build_features(cohort, self.world.specification, hours, catalogue=CATALOGUE)

    def cohort(self, events, *, episodes=None, grades=NO_GRADES):
        """A cohort of these events and what is derived from them."""
        episodes = self.episodes if episodes is None else episodes
        if self.world.derived:
            derived = derive_events(events, episodes, self.world.derived)
            events = pd.concat([events, derived], ignore_index=True)
        return cohort_of(events, episodes=episodes, grades=grades)

    def more_events(self, chance):
        """About two further panels for each patient."""
        return _any_events(self.world, self.episodes, chance, n_panels=2 * len(self.episodes))

    def grades(self, chance):
        """About two grades for each patient."""
        return grades_of(self.episodes, chance, 2 * len(self.episodes))

    def one_row_each(self, chance, among=None):
        """The positions of one row of each patient who has one among some."""
        rows = np.arange(len(self.events)) if among is None else np.flatnonzero(among)
        rows = pd.Series(chance.permutation(rows))
        is_first = ~self.events["episode_id"].iloc[rows].duplicated().to_numpy()
        return np.sort(rows[is_first].to_numpy())


def cohort_of(events, *, episodes, grades=NO_GRADES):
    """A cohort whose tables are not checked again: that would cost more than all the rest."""
    cohort = object.__new__(Cohort)
    tables = {
        "episodes": episodes.reset_index(drop=True),
        "events": events.reset_index(drop=True),
        "grades": grades,
    }
    for name, table in tables.items():
        object.__setattr__(cohort, name, table)
    return cohort


def are_refused(events, presence):
    """Whether the reason of its order keeps each event out, from the written definition."""
    is_at_risk = events["modality"].isin(["csf", "eeg", "imaging", "treatment"])
    is_for_cause = events["ordered_as"].isin(["clinical", "unknown"])
    return is_at_risk & is_for_cause & (events["collected_h"] > 0) & (presence == "protocol_only")


def _any_events(world, episodes, chance, *, n_panels):
    codes = chance.integers(math.prod(code_shape(world)), size=n_panels)
    patients = episodes["episode_id"].array.take(chance.integers(len(episodes), size=n_panels))
    return events_of(world, codes, patients)


def ward(world, chance, n_patients):
    """A case of many patients, with about six panels each."""
    episodes = episodes_of(n_patients)
    events = _any_events(world, episodes, chance, n_panels=6 * n_patients)
    return Case(world, episodes, events, LANDMARKS[chance.integers(len(LANDMARKS))])


# Most of what is measured is the first patient's, so that her results have versions.
_WHOSE = _text(("p", "p", "p", "q", "r"))


def cases(world):
    """Small cases of three patients, which shrink."""
    last = math.prod(code_shape(world)) - 1
    panels = st.lists(st.tuples(st.integers(0, last), st.integers(0, 4)), min_size=2, max_size=24)

    def make(panels, landmarks):
        codes, whose = zip(*panels, strict=True)
        events = events_of(world, codes, _WHOSE.take(list(whose)))
        return Case(world, episodes_of(3), events, landmarks)

    return st.builds(make, panels, st.sampled_from(LANDMARKS))

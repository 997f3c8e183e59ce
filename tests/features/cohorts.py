"""Small cohorts, a stand-in catalogue, and the strategies that generate hard ones."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from icans_risk.cohort import EVENTS, GRADES, Cohort
from icans_risk.features import (
    CHANGE_KINDS,
    STATISTICS,
    Change,
    FeatureSpecification,
    Measurement,
    Window,
)

FAST = settings(
    deadline=None,
    max_examples=60,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

CRS = "clinical.crs_grade"
PROTEIN = "csf.protein"
ANALYTES = (CRS, PROTEIN, "plasma.crp")
# Those that alter what is measured after them.
DOSES = ("treatment.tocilizumab", "treatment.steroid")


@dataclass(frozen=True)
class Entry:
    """What the room reads of a catalogue entry."""

    name: str
    modality: str
    label: str
    unit: str
    leak_class: str = "safe"
    alters_measurements: bool = False


CATALOGUE = {
    f"{entry.modality}.{entry.name}": entry
    for entry in (
        Entry("crs_grade", "clinical", "CRS grade", "1"),
        Entry("protein", "csf", "CSF protein", "mg/dL"),
        Entry("crp", "plasma", "C-reactive protein", "mg/L"),
        Entry("il6", "plasma", "Interleukin-6", "pg/mL"),
        Entry("tocilizumab", "treatment", "Tocilizumab", "mg", "response_to_outcome", True),
        Entry("steroid", "treatment", "Steroid", "mg", "response_to_outcome", True),
        Entry("levetiracetam", "treatment", "Levetiracetam", "mg", "response_to_outcome"),
        Entry("draws_per_day", "plasma", "Blood draws in a day", "1", "testing_intensity"),
        Entry("ice", "clinical", "ICE score", "1", "outcome_component"),
    )
}

WINDOWS = (
    Window("baseline", "infusion", None, 0),
    Window("early", "infusion", 0, 24),
    Window("recent", "landmark", -24, 0),
    Window("since_chemo", "lymphodepletion", 0, 72),
    Window("to_date", "infusion", None, None),
    Window("around_crs", "crs_onset", -24, 24),
)
# The same stretch as to_date under another name, for a second set of options.
STRICT = Window("strict", "infusion", None, None)

INTENSITY = ("count", "hours_since_last")
QUIET = tuple(name for name in STATISTICS if name not in INTENSITY)
OF_THRESHOLD = ("above_fraction", "hours_above", "hours_to_first_above")
SPECIFICATION = FeatureSpecification(
    windows=(*WINDOWS, STRICT),
    measurements=tuple(
        measurement
        for analyte in (CRS, PROTEIN)
        for measurement in (
            Measurement(analyte, tuple(w.name for w in WINDOWS), QUIET, threshold=1.0),
            Measurement(analyte, ("to_date",), OF_THRESHOLD, threshold=-0.5),
            Measurement(
                analyte, ("strict",), QUIET, threshold=0.0, minimum_count=2, maximum_age_h=24
            ),
        )
    ),
    static=("age_years",),
    changes=(
        Change(CRS, ("baseline", "to_date"), tuple(CHANGE_KINDS)),
        Change(CRS, ("early", "around_crs"), ("log2_ratio",), of="max"),
        Change(PROTEIN, ("baseline", "recent"), tuple(CHANGE_KINDS), of="median"),
        # Of an analyte that no measurement reads.
        Change("plasma.crp", ("baseline", "early"), ("difference",)),
    ),
)
INFORMATIVE = replace(
    SPECIFICATION,
    presence="informative",
    measurements=(
        *SPECIFICATION.measurements,
        Measurement(CRS, tuple(w.name for w in WINDOWS), INTENSITY),
        Measurement(PROTEIN, ("strict",), INTENSITY, minimum_count=2),
    ),
)
CENSORED = replace(SPECIFICATION, treatment_policy="censor")
INFORMATIVE_CENSORED = replace(INFORMATIVE, treatment_policy="censor")
INCLUDED = replace(
    INFORMATIVE,
    treatment_policy="include_before_landmark",
    treatments=DOSES,
    # Whatever is a feature of its own beside what a dose tells.
    measurements=(
        *INFORMATIVE.measurements,
        Measurement(DOSES[0], ("to_date",), ("max", "count")),
    ),
)
LANDMARKS = (0.0, 24.0, 72.0)


def event(analyte, collected_h, value, *, available_h=None, episode_id="p", **other):
    """One row of events, known when it was collected unless said otherwise."""
    modality, _, name = analyte.partition(".")
    row = {
        "episode_id": episode_id,
        "modality": modality,
        "analyte": name,
        "collected_h": collected_h,
        "available_h": collected_h if available_h is None else available_h,
        "value": value,
        "censored": "",
        "ordered_as": "protocol",
        "assay": "",
        "version": 1.0,
    }
    return row | other


def make_cohort(events, *, episodes=None, grades=None):
    """A cohort of the episodes p, q and r."""
    if episodes is None:
        episodes = pd.DataFrame(
            {
                "episode_id": ["p", "q", "r"],
                "patient_id": ["P", "Q", "R"],
                "followed_until_h": [500.0, 500.0, 500.0],
                "lymphodepletion_start_h": [-72.0, np.nan, -24.0],
                "age_years": [61.0, np.nan, 45.0],
            }
        )
    grades = pd.DataFrame(columns=list(GRADES)) if grades is None else grades
    return Cohort(episodes, pd.DataFrame(events, columns=list(EVENTS)), grades)


def events(
    *,
    analytes=ANALYTES,
    orders=("protocol", "prophylaxis", "clinical", "unknown"),
):
    """Rows full of ties: between times, with landmarks and bounds, of versions and assays."""
    times = [-80, -72, -48, -24, -23.5, -1, 0, 0.5, 6, 23.5, 24, 24.5, 48, 71.5, 72, 72.5, 90]
    return st.builds(
        lambda analyte, collected, lag, value, **other: event(
            analyte, collected, value, available_h=collected + lag, **other
        ),
        analyte=st.sampled_from(analytes),
        collected=st.sampled_from(times),
        lag=st.sampled_from([0, 0, 0, 0.5, 24, 48]),
        value=st.sampled_from([0.0, -0.0, -1.5, 0.1, 1.0, 2.0, 80.0]),
        episode_id=st.sampled_from(["p", "q", "r"]),
        ordered_as=st.sampled_from(orders),
        assay=st.sampled_from(["", "", "elisa"]),
        version=st.sampled_from([1.0, 1.0, 2.0]),
    )


def event_lists(**options):
    """Up to thirty rows, some of them twice."""
    return st.lists(events(**options), max_size=30).flatmap(
        lambda rows: st.just(rows + rows[: len(rows) // 4])
    )

"""A run, patients and findings that the tests of the pages share; all invented."""

import dataclasses
import math

import numpy as np
import pandas as pd

from icans_risk.report import AnalyteText, EpisodeResult, Rate, RunContext

NAN = float("nan")

RUN = RunContext(
    study_title="Severe ICANS after CAR T-cell therapy, one centre",
    data_kind="real",
    endpoint="ICANS grade 3 or higher (ASTCT)",
    landmark_h=72.0,
    horizon_h=336.0,
    model_name="booster",
    run_id="3f9c01ab",
    package_version="0.1.0",
    profile="quick",
    training=Rate(n=76, events=17),
    cohort_rate=Rate(n=76, events=17),
    product_rates={"axi-cel": Rate(n=50, events=14), "brexu-cel": Rate(n=4, events=3)},
    metrics={
        "auroc": (0.71, 0.58, 0.83),
        "calibration_slope": (0.82, 0.31, 1.44),
        "calibration_intercept": (-0.08, -0.61, 0.47),
        "brier": (0.152, 0.112, 0.198),
    },
    comparators=[
        ("Product alone", 0.64, 0.53, 0.75),
        ("Product and current CRS grade", 0.73, 0.61, 0.84),
    ],
    sample_size_verdict=(
        "17 events are fewer than the 61 that a model of this size needs: expect its risks to "
        "be too extreme in new patients."
    ),
    observation_policy="Patients discharged without the endpoint count as free of it.",
    treatment_policy="Treatment after the landmark is ignored: it is part of local practice.",
    reasons={
        "already_at_endpoint": "The endpoint had already been recorded at the landmark.",
        "not_under_observation": "The patient was not under observation at the landmark.",
        "no_data_before_landmark": "No value that the model uses was available at the landmark.",
        "unlike_training": "The patient's values are unlike those of the training patients.",
    },
    analytes={
        "clinical.crs_grade": AnalyteText(label="CRS grade (ASTCT)", unit="{grade}"),
        "plasma.crp": AnalyteText(label="C-reactive protein", unit="mg/dL"),
        "plasma.ferritin": AnalyteText(label="Ferritin", unit="ng/mL"),
        "plasma.ldh": AnalyteText(label="Lactate dehydrogenase", unit="U/L"),
        "static.product": AnalyteText(label="CAR T-cell product"),
        "static.age_years": AnalyteText(label="Age", unit="years"),
    },
    columns={
        "clinical.crs_grade.max.to_date": "Highest CRS grade from infusion to the landmark",
        "plasma.crp.max.early": "Highest C-reactive protein of the first three days",
    },
)

INPUTS = pd.DataFrame(
    [
        ("clinical", "crs_grade", 24.0, 24.0, 0.0, False),
        ("clinical", "crs_grade", 72.0, 72.0, 2.0, True),
        ("plasma", "crp", 30.0, 31.5, 4.2, False),
        ("plasma", "crp", 54.0, 55.5, 12.25, True),
        ("plasma", "ferritin", 54.0, 60.0, 1834.0, True),
    ],
    columns=["modality", "analyte", "collected_h", "available_h", "value", "after_treatment"],
)

CONTRIBUTIONS = {
    "clinical.crs_grade": 0.62,
    "plasma.crp": 0.41,
    "plasma.ferritin": 0.08,
    "static.product": -0.35,
    "static.age_years": -0.9,
    "plasma.ldh": 0.0,
}


def contributions(values: dict[str, float]) -> pd.DataFrame:
    """Put contributions into the table that the page takes."""
    return pd.DataFrame(
        {"analyte": list(values), "contribution_logit": list(values.values())}
    ).astype({"analyte": "str", "contribution_logit": "float64"})


def logit(risk: float) -> float:
    return math.log(risk / (1 - risk))


def answered(risk: float = 0.143, **changes: object) -> EpisodeResult:
    """Return an answered patient; the base is what makes the sum right."""
    moved = contributions(CONTRIBUTIONS)
    episode = EpisodeResult(
        episode_id="AX-017",
        product="axi-cel",
        status="answered",
        inputs=INPUTS,
        values={
            "clinical.crs_grade.max.to_date": 2.0,
            "plasma.crp.max.early": 12.25,
            "plasma.ldh.max.early": NAN,
            "static.product": "axi-cel",
            "static.age_years": 63.0,
        },
        contributions=moved,
        risk=risk,
        risk_low=risk * 0.6,
        risk_high=1 - (1 - risk) * 0.91,
        base_logit=logit(risk) - moved["contribution_logit"].sum(),
    )
    return dataclasses.replace(episode, **changes)


def silent(status: str = "no_data_before_landmark", **changes: object) -> EpisodeResult:
    """Return a patient without an estimate."""
    episode = EpisodeResult(
        episode_id="KY-004",
        product=None,
        status=status,
        inputs=INPUTS.iloc[:0],
        values={},
        contributions=contributions({}),
    )
    return dataclasses.replace(episode, **changes)


FINDINGS = [
    {
        "code": "grade_missing",
        "severity": "note",
        "file": "grades.xlsx",
        "sheet": "daily",
        "column": "ICANS",
        "rows": list(range(40, 65)),
        "count": 25,
        "message": "A grade is empty. It stays missing; it is not grade 0.",
        "action": "Fill it in if it was recorded elsewhere.",
    },
    {
        "code": "day_twice",
        "severity": "error",
        "file": "grades.xlsx",
        "sheet": "daily",
        "column": None,
        "rows": [413, 414],
        "count": 1,
        "message": "One patient has a day twice with different grades.",
        "action": "Look up which row is right and delete the other.",
        "patient_id": "SECRET-99",
    },
    {
        "code": "unit_assumed",
        "severity": "warning",
        "file": "labs.csv",
        "sheet": "",
        "column": "CRP",
        "rows": [],
        "count": 212,
        "message": "No unit is given; mg/L was assumed from the values.",
        "action": "Name the unit in the study file.",
    },
]

COUNTS = {"Rows read": 1200, "Patients": 80, "Graded days": 1131, "Days without a grade": 69}

COHORT = pd.DataFrame(
    {
        "Product": ["axi-cel", "tisa-cel", "brexu-cel"],
        "Patients": [52, 20, 4],
        "Reached the endpoint": [14, 1, 3],
        "Median age, years": [63.0, 66.5, np.nan],
    }
)

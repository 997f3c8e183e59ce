"""A run and a patient of whom everything is known that a page can show; all invented."""

import dataclasses

import numpy as np
import pandas as pd

from icans_risk.report import AnalyteText, GroupFigures, Window
from report.examples import CONTRIBUTIONS, INPUTS, NAN, RUN, answered, contributions, logit

__all__ = ["FULL_RUN", "GRADES", "TAKEN", "full", "full_silent"]

_KNOWN = {
    "clinical.crs_grade": AnalyteText(label="CRS grade (ASTCT)", unit="{grade}", turnaround_h=0),
    "plasma.crp": AnalyteText(
        label="C-reactive protein", unit="mg/L", reference=(None, 5.0), middle=(30.0, 90.0)
    ),
    "plasma.ferritin": AnalyteText(
        label="Ferritin", unit="ng/mL", reference=(11.0, 409.0), middle=(400.0, 1500.0)
    ),
    "plasma.ldh": AnalyteText(label="Lactate dehydrogenase", unit="U/L", turnaround_h=3.0),
    "plasma.il6": AnalyteText(label="Interleukin-6", unit="pg/mL", turnaround_h=72.0),
    "csf.protein": AnalyteText(label="CSF protein", unit="mg/dL", turnaround_h=2.0),
    "static.product": AnalyteText(label="Product"),
    "static.age_years": AnalyteText(label="Age", unit="years", middle=(55.0, 70.0)),
}

FULL_RUN = dataclasses.replace(
    RUN,
    analytes=_KNOWN,
    landmarks_h=(24.0, 48.0, 72.0, 84.0),
    windows=[
        Window(name="baseline", start_h=None, end_h=0.0),
        Window(name="early", start_h=0.0, end_h=72.0),
    ],
    together=[("plasma.crp", "plasma.ferritin")],
    groups=[
        GroupFigures(
            column="product",
            level="axi-cel",
            n=50,
            events=14,
            observed_expected=(1.1, 0.8, 1.5),
            auroc=(0.66, 0.52, 0.79),
        )
    ],
)

TAKEN = pd.DataFrame(
    [
        ("plasma", "crp", 30.0, 31.5, True),
        ("plasma", "ferritin", 54.0, 60.0, True),
        ("plasma", "il6", 54.0, NAN, False),
        ("csf", "protein", 70.0, NAN, False),
        ("csf", "il6", 70.0, NAN, False),
        ("eeg", "abnormal", 60.0, 66.0, False),
        ("imaging", "metabolic_tumour_volume", -300.0, -228.0, True),
        ("treatment", "tocilizumab", 40.0, 40.0, False),
        ("treatment", "tocilizumab", 48.0, 48.0, False),
        ("treatment", "levetiracetam", -24.0, -24.0, False),
    ],
    columns=["modality", "analyte", "collected_h", "available_h", "is_input"],
)

GRADES = pd.DataFrame(
    [(24.0, 0.0, 0.0), (30.0, 0.0, 1.0), (72.0, 1.0, 2.0)],
    columns=["assessed_h", "icans_grade", "crs_grade"],
)

_COURSE = pd.DataFrame(
    [
        (24.0, "answered", 0.21, 0.12, 0.33),
        (48.0, "too_few_inputs", NAN, NAN, NAN),
        (72.0, "answered", 0.143, 0.0858, 0.22013),
    ],
    columns=["landmark_h", "status", "risk", "risk_low", "risk_high"],
)

_MOVES = pd.DataFrame(
    [
        ("csf.protein", 0.01, 0.9, 0.5),
        ("plasma.ldh", 0.14, 0.15, 0.0001),
        ("plasma.il6", 0.1, 0.3, 0.042),
    ],
    columns=["analyte", "risk_low", "risk_high", "reduction"],
)

STABLE = dict.fromkeys(CONTRIBUTIONS, 1.0) | {"static.age_years": 0.84, "plasma.il6": 0.5}


def full(**changes: object):
    """Return an answered patient with everything that a page can show."""
    moved = contributions(CONTRIBUTIONS | {"plasma.il6": 0.0, "csf.protein": 0.0})
    episode = answered(
        contributions=moved,
        base_logit=logit(0.143) - moved["contribution_logit"].sum(),
        agreement=STABLE,
        moves=_MOVES,
        trajectory=_COURSE,
        taken=TAKEN,
        grades=GRADES,
        levels={"product": "axi-cel"},
    )
    return dataclasses.replace(episode, **changes)


def full_silent(**changes: object):
    """Return the same patient without an estimate."""
    nothing = {
        "status": "unlike_training",
        "risk": NAN,
        "risk_low": NAN,
        "risk_high": NAN,
        "base_logit": NAN,
        "contributions": contributions({}),
        "inputs": INPUTS.assign(value=np.float64(1.0)),
    }
    return full(**(nothing | changes))

"""Invented patients over several landmarks."""

import dataclasses

from icans_risk.report import page_name, patient_report, render_patient
from icans_risk.workflow.run_pages import LandmarkPages
from report.examples import INPUTS, RUN, answered, silent

__all__ = ["landmark_pages"]

# Risk at the first landmark; every third landmark of every fourth patient has no estimate.
RISKS = (0.02, 0.06, 0.11, 0.19, 0.24, 0.38, 0.52, 0.81)
PRODUCTS = ("axi-cel", "brexu-cel", None)


def landmark_pages(*landmarks: float) -> list[LandmarkPages]:
    """Make the pages of eight patients at some landmarks, with all that a folder holds."""
    return [_at(landmark_h, step) for step, landmark_h in enumerate(landmarks)]


def _at(landmark_h: float, step: int) -> LandmarkPages:
    run = dataclasses.replace(RUN, landmark_h=landmark_h)
    known = INPUTS[INPUTS["available_h"] <= landmark_h]
    reports = {}
    for number, risk in enumerate(RISKS):
        names = {"episode_id": f"AX-{number:03d}", "product": PRODUCTS[number % 3]}
        if (number + step) % 4 == 0:
            episode = silent(list(RUN.reasons)[(number + step) % len(RUN.reasons)], **names)
        else:
            episode = answered(risk * (1 + step / 10) / (1 + risk), inputs=known, **names)
        reports[page_name(number + 1)] = patient_report(run, episode)
    pages = {name: render_patient(report) for name, report in reports.items()}
    others = {"quality.html": "<p>data", "study.html": "<p>study"}
    return LandmarkPages(f"{landmark_h:g}h", run, reports, pages | others)

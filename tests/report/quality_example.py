"""A reading of invented data, as ``QualityReport.to_dict`` lays it out."""

from report.examples import COUNTS, FINDINGS

NOTHING_FOUND = {"headlines": [], "counts": COUNTS, "findings": [], "tables": {}}

HEADLINE = "The block of units separates the outcome: CRP is in mg/dL where most were ill."

_KINDS = ("plasma", "csf", "eeg", "imaging", "clinical", "treatment")


def step(name, rows, detail=None, message=None, remedy=None):
    return {"step": name, "detail": detail, "rows": rows, "message": message, "remedy": remedy}


def analyte(name, label, **changes):
    return {
        "analyte": name,
        "label": label,
        "unit": "mg/L",
        "units_seen": ["mg/L"],
        "assays_seen": [],
        "kept": 800,
        "missing": 50,
        "quarantined": 100,
        "duplicates": 40,
        "superseded": 10,
        "impossible": 30,
        "episodes": 75,
        "unusual": 4,
        "corrected": 3,
        "censored_share": 0.25,
        "median": 12.5,
        "p5": 0.6,
        "p95": 180.0,
        "first_h": -200.0,
        "last_h": 500.0,
    } | changes


def density(modality, severe, per_day):
    return [
        {
            "modality": modality,
            "day": day,
            "severe": severe,
            "episodes": 20,
            "values": 20 * rate,
            "per_episode_day": float(rate),
        }
        for day, rate in per_day.items()
    ]


TABLES = {
    "flow": [
        step("in", 2000),
        step("missing", 60, "not done"),
        step("missing", 40, ""),
        step("quarantined", 150, "unknown_unit", "The unit is unknown.", "Translate it."),
        step("quarantined", 50, "new_code"),
        step("duplicate", 80),
        step("kept", 1620),
    ],
    "analytes": [
        analyte("plasma.crp", "C-reactive protein", units_seen=["mg/L", "mg/dL"]),
        analyte("plasma.ldh", "Lactate dehydrogenase", missing=0, quarantined=0, unit="U/L"),
        analyte(
            "csf.il6", "CSF interleukin-6", kept=3, episodes=2, missing=0, quarantined=0,
            duplicates=0, superseded=0, impossible=0, unusual=0, corrected=0, unit="",
            units_seen=[], censored_share=None, median=None, p5=None, p95=None, first_h=None,
            last_h=None,
        ),
    ],
    "sites": [
        {"site": "north", "episodes": 50, "without_values": 1, "rows": 2000,
         "missing_share": 0.05, "quarantined_share": 0.1, "analytes": 3},
        {"site": None, "episodes": 30, "without_values": 30, "rows": 0,
         "missing_share": None, "quarantined_share": None, "analytes": 0},
    ],
    "eras": [
        {"era": "2025-Q1", "episodes": 49, "rows": 2000, "missing_share": 0.05,
         "quarantined_share": 0.0001, "analytes": 3},
    ],
    "availability": [
        {"modality": "plasma", "availability": "given", "values": 1215, "median_hours": 2.5},
        {"modality": "csf", "availability": "catalogue_turnaround", "values": 405,
         "median_hours": None},
    ],
    "ordered_as": [
        {"modality": "csf", "infusion": "after", "protocol": 3, "prophylaxis": 0, "clinical": 4,
         "unknown": 1},
    ],
    "modalities": [
        dict.fromkeys(_KINDS, False) | {"plasma": True, "episodes": 42},
        dict.fromkeys(_KINDS, False) | {"episodes": 31},
        dict.fromkeys(_KINDS) | {"episodes": 7},
    ],
    "timeline": [
        {"modality": "plasma", "day": -1, "values": 400},
        {"modality": "plasma", "day": 2, "values": 1217},
        {"modality": "csf", "day": 5, "values": 3},
    ],
    "density": [
        *density("plasma", True, {-1: 4, 0: 9, 1: 9}),
        *density("plasma", False, {-1: 4, 0: 3, 1: 3}),
        *density("csf", True, {0: 1}),
    ],
    "tested_after": [
        {"modality": "csf", "severe": False, "episodes": 60, "tested": 6, "share": 0.1},
        {"modality": "csf", "severe": True, "episodes": 20, "tested": 15, "share": 0.75},
    ],
}  # fmt: skip

QUALITY = {"headlines": [HEADLINE], "counts": COUNTS, "findings": FINDINGS, "tables": TABLES}

"""An assessment with every table that there is, in invented figures."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.report import Assessment, Stability
from icans_risk.report.study import study_report
from report.examples import RUN

NAN = float("nan")
MODELS = {"model": "Boosted trees", "score": "m-EASIX", "prevalence": "Prevalence"}
THRESHOLDS = (0.1, 0.2, 0.3)


def interval(name: str, estimate: float, half: float) -> dict[str, float]:
    return {name: estimate, f"{name}_low": estimate - half, f"{name}_high": estimate + half}


def no_interval(*names: str) -> dict[str, float]:
    return {f"{name}{end}": NAN for name in names for end in ("", "_low", "_high")}


def _model(name: str, auroc: float, ratio: float, slope: float) -> dict[str, Any]:
    errors = {"ici": 0.021, "e50": 0.018, "e90": 0.044, "emax": 0.09}
    return {
        "model": name, "label": MODELS[name], "auroc_in_folds": auroc - 0.01,
        "estimable_folds": 19, "folds": 20, "calibration_method": "spline",
    } | interval("auroc", auroc, 0.07) | interval("average_precision", 0.4, 0.1) | interval(
        "brier", 0.101, 0.02
    ) | interval("discrimination_slope", 0.15, 0.05) | interval(
        "observed_expected", ratio, 0.3
    ) | interval("calibration_intercept", 0.1, 0.4) | interval(
        "calibration_slope", slope, 0.3
    ) | errors  # fmt: skip


def performance() -> pd.DataFrame:
    flat = _model("prevalence", 0.5, 1.0, 1.0) | {"auroc_in_folds": 0.5}
    flat |= no_interval("auroc", "average_precision", "discrimination_slope", "calibration_slope")
    flat |= dict.fromkeys(("ici", "e50", "e90", "emax"), NAN)
    rows = [_model("model", 0.78, 1.12, 0.83), _model("score", 0.74, 0.95, 1.05), flat]
    return pd.DataFrame(rows).set_index("model")


def ranking() -> pd.DataFrame:
    kinds = {"everyone": (120, 30), "no_syndrome": (112, 25), "later": (113, 23),
             "no_syndrome_later": (108, 21)}  # fmt: skip
    rows = []
    for among, (patients, events) in kinds.items():
        for model, auroc in (("model", 0.78), ("score", 0.74), ("prevalence", NAN)):
            counts = {"patients": patients, "patients_with_event": events}
            rows.append(
                {"among": among, "model": model, "auroc_in_folds": 0.7} | counts
                | interval("auroc", auroc - 0.01 * (30 - events), 0.08)
            )  # fmt: skip
    return pd.DataFrame(rows)


def level(name: str, patients: float, events: float, auroc: float) -> dict[str, Any]:
    judged = {"status": "not estimable" if np.isnan(auroc) else "estimated"}
    return {"level": name, "patients": patients, "events": events} | judged | interval(
        "auroc", auroc, 0.1
    ) | interval("observed_expected", auroc + 0.3, 0.4) | interval(
        "calibration_slope", auroc + 0.1, 0.5
    )  # fmt: skip


def groups() -> list[dict[str, Any]]:
    return [level("axi-cel", 80, 22, 0.7), level("tisa-cel", NAN, NAN, NAN)]


def decision() -> pd.DataFrame:
    curves = {"model": (0.15, 0.1, 0.06), "score": (0.14, 0.11, 0.03), "prevalence": (0.14, 0, 0),
              "treat all": (0.16, 0.06, -0.07), "treat none": (0, 0, 0)}  # fmt: skip
    rows = []
    for model, benefits in curves.items():
        for at, benefit in zip(THRESHOLDS, benefits, strict=True):
            ends = {"low": benefit - 0.05, "high": benefit + 0.05}
            line = {"model": model, "threshold": at, "net_benefit": float(benefit)} | ends
            rows.append(line | interval("avoided", 100 * benefit, 12))
    return pd.DataFrame(rows)


def thresholds() -> pd.DataFrame:
    measures = {"sensitivity": 0.8, "specificity": 0.6, "ppv": 0.4, "npv": NAN,
                "alarms_per_100": 40.0, "missed_events_per_100": 5.0}  # fmt: skip
    return pd.DataFrame(
        {"threshold": 0.2, "model": model, "measure": name, "estimate": value,
         "low": value * 0.8, "high": value * 1.1}
        for model in ("model", "score")
        for name, value in measures.items()
    )  # fmt: skip


def transport() -> pd.DataFrame:
    metrics = {"auroc": 0.71, "observed_expected": 1.02, "calibration_slope": 0.84}
    return pd.DataFrame(
        {"by": "site", "model": model, "metric": name, "mean": mean, "low": mean - 0.1,
         "high": mean + 0.1, "prediction_low": mean - 0.2, "prediction_high": mean + 0.2,
         "used": 3, "levels": 3}
        for model in ("model", "score")
        for name, mean in metrics.items()
    )  # fmt: skip


def internal_external() -> pd.DataFrame:
    sites = [level("north", 40, 12, 0.72), level("south", 41, 11, 0.69), level("west", 39, 7, NAN)]
    period = [level("2022", 44, 13, 0.75)]
    return pd.DataFrame(
        row | {"by": by, "model": model}
        for model in ("model", "score")
        for by, rows in (("site", sites), ("time", period))
        for row in rows
    )


def policies() -> pd.DataFrame:
    measures = {"patients": 120.0, "events": 30.0, "prevalence": 0.25,
                "auroc_in_folds.everyone": 0.77, "auroc.everyone": 0.78,
                "auroc_in_folds.later": 0.7, "auroc.later": 0.71, "observed_expected": 1.12,
                "calibration_intercept": 0.1, "calibration_slope": 0.83, "ici": 0.021}  # fmt: skip
    rows = []
    for policy, factor in (("discharged_well", 1.0), ("observed_only", 0.9)):
        line = {"policy": policy, "model": "model", "threshold": NAN}
        for name, value in measures.items():
            ends = {"low": value - 0.1, "high": value + 0.1} if "." in name else {}
            rows.append(line | {"measure": name, "estimate": factor * value} | ends)
        benefit = {"measure": "net_benefit", "threshold": 0.2, "estimate": 0.1, "low": 0.05}
        rows.append(line | benefit | {"high": 0.15})
    return pd.DataFrame(rows)


def assessment(**changes: Any) -> Assessment:
    risks = np.linspace(0.05, 0.55, 11)
    curve = {"predicted": risks, "observed": risks**0.9, "low": risks * 0.6, "high": risks * 1.6}
    bins = {"events": [2.0, 5, 6, 9, 4, 4], "others": [40.0, 20, 15, 9, NAN, NAN]}
    quantiles = {"p5": 0.08, "q1": 0.2, "median": 0.31, "q3": 0.42, "p95": 0.53, "mean": 0.32}
    found = Assessment(
        landmark_h=72.0, policy="discharged_well", models=MODELS, constant=("prevalence",),
        simple="score", episodes=120, patients=118, events=30, prevalence=0.25,
        events_after_onset=5, early_events=7, lead_h=(36.0, 60.5, 96.0), resamples=500,
        performance=performance(), ranking=ranking(),
        within_product=pd.DataFrame(
            row | {"model": model} for model in ("model", "score") for row in groups()
        ),
        differences=pd.DataFrame(
            [interval("difference", 0.04, 0.06) | {"z": 1.3, "p_value": 0.19}],
            index=pd.Index(["score"], name="model"),
        ),
        calibration=pd.DataFrame(curve | {"method": "spline", "estimable": 498}),
        distribution=pd.DataFrame(
            {"low": [k / 10 for k in range(6)], "high": [(k + 1) / 10 for k in range(6)]} | bins
        ),
        quantiles=pd.DataFrame(
            [quantiles, {name: value / 2 for name, value in quantiles.items()}],
            index=pd.Index(["events", "others"], name="outcome"),
        ),
        decision=decision(),
        benefit_difference=pd.DataFrame(
            {"threshold": at} | interval("difference", value, 0.02)
            for at, value in zip(THRESHOLDS, (0.01, -0.01, 0.03), strict=True)
        ),
        range_declared=True, because="One event found is worth nine needless alarms.",
        thresholds=thresholds(),
        subgroups=pd.DataFrame(row | {"column": "product"} for row in groups()),
        not_compared={"disease": "one level only"},
        internal_external=internal_external(), transport=transport(),
        not_left_out={"era": "not recorded"}, policies=policies(), smallest_group=10, fewest=5,
    )  # fmt: skip
    return dataclasses.replace(found, **changes)


FLOW = {
    "discharged_well": {
        "episodes": 130, "excluded_died_before_landmark": 2,
        "excluded_endpoint_before_landmark": 8, "at_risk": 120, "events": 30,
        "events_after_onset": 5, "competing_deaths": 3, "free_of_endpoint": 87,
        "outcome_unknown": 0,
    },
    "observed_only": {
        "episodes": 130, "excluded_died_before_landmark": 2,
        "excluded_endpoint_before_landmark": 8, "at_risk": 120, "events": 30,
        "events_after_onset": 5, "competing_deaths": 3, "free_of_endpoint": 60,
        "outcome_unknown": 27,
    },
}  # fmt: skip

_SIZES = {"all_of": 120.0, "events_of": 30.0, "others_of": 90.0}


def _number(name: str, median: float) -> dict[str, Any]:
    cuts = {"q1": median - 8, "median": median, "q3": median + 7.5}
    groups = {f"{group}_{cut}": value for group in ("all", "events", "others")
              for cut, value in cuts.items()}  # fmt: skip
    return {"characteristic": name, "level": "", "kind": "number"} | groups


def _counted(name: str, level: str, counts: tuple[float, float, float]) -> dict[str, Any]:
    cells = dict(zip(("all", "events", "others"), counts, strict=True))
    kind = "count" if level else "missing"
    return {"characteristic": name, "level": level, "kind": kind} | cells | _SIZES


CHARACTERISTICS = pd.DataFrame(
    [
        _number("age_years", 63.0),
        _counted("sex", "female", (50, 12, 38)),
        _counted("sex", "male", (66, 18, 48)),
        _counted("sex", "", (NAN, NAN, NAN)),
        _counted("disease", "LBCL", (120, 30, 90)),
    ]
)

_INPUTS = [
    ("plasma.crp", "C-reactive protein", "early", (120, 30, 90)),
    ("plasma.il6", "Interleukin-6", "early", (60, 20, 40)),
    ("csf.il6", "CSF interleukin-6", "baseline", (NAN, NAN, NAN)),
    ("eeg.theta_relative", "Relative theta power", "early", (0, 0, 0)),
]
MEASURED = pd.DataFrame(
    {"input": name, "label": label, "modality": name.split(".")[0], "window": window}
    | dict(zip(("all", "events", "others"), counts, strict=True))
    | _SIZES
    for name, label, window, counts in _INPUTS
)


def stability(**changes: Any) -> Stability:
    risks = np.linspace(0.05, 0.6, 12)
    grid = pd.Index([0.0, 0.2, 0.4, 0.6], name="predicted")
    found = Stability(
        rebuilds=200,
        failed=3,
        predictions=pd.DataFrame(
            {"risk": risks, "low": risks * 0.5, "high": risks * 1.5, "mean_error": 0.04}
        ),
        calibration=pd.DataFrame(
            {"observed_expected": 1.0, "calibration_intercept": 0.0,
             "calibration_slope": [0.8, 1.0, 1.2]},
            index=pd.Index([0, 1, 2], name="rebuild"),
        ),
        curves=pd.DataFrame([[NAN, 0.1, 0.3, NAN], [0.05, 0.25, 0.5, 0.7]], columns=grid),
        decisions=pd.DataFrame([[0.1, 0.05], [0.12, 0.04]], columns=[0.1, 0.3]),
        classification=pd.DataFrame(
            [{"threshold": 0.2, "mean_share": 0.08, "unsettled": 0.21}]
        ),
        optimism=pd.DataFrame(
            {"apparent": [0.91, 0.05], "optimism": [0.1, -0.03], "corrected": [0.81, 0.08],
             "out_of_bag": [0.76, 0.09], "point632plus": [0.8, NAN]},
            index=pd.Index(["auroc", "brier"], name="metric"),
        ),
    )  # fmt: skip
    return dataclasses.replace(found, **changes)


AUDIT = [
    {"check": "missingness_only", "verdict": "fail", "sentence": "Presence alone ranks as well."},
    {"check": "unit_blocks", "verdict": "not_assessable", "sentence": "One laboratory only."},
    {"check": "permuted_labels", "verdict": "pass", "sentence": "Nothing is left by chance."},
]
TRIPOD = [
    {"item": "1", "section": "Title", "asks": "Name the kind.", "status": "asked of the author",
     "text": "Give the title."},
    {"item": "10", "section": "Methods", "asks": "Sample size.", "status": "filled from the run",
     "text": "By the criteria of Riley."},
]  # fmt: skip
READS: dict[str, pd.DataFrame] = {
    "inputs": pd.DataFrame(
        [
            ("Ferritin", 0.41, 3.2, True, 0.55), ("Fibrinogen", 0.2, 2.0, True, 0.02),
            ("Sodium", 0.05, -0.4, False, 0.0), ("Imaging", 0.0001, 0.0, False, 0.0),
        ],
        columns=["label", "mean_abs", "support_z", "supported", "named"],
    ),
    "modality_by_window": pd.DataFrame(
        [("Blood", "baseline", 0.12), ("Blood", "early", 0.4), ("Bedside", "early", 0.2)],
        columns=["modality_words", "window_words", "mean_abs"],
    ),
}  # fmt: skip
PARTS: dict[str, Any] = {
    "flow": FLOW,
    "characteristics": CHARACTERISTICS,
    "measured_inputs": MEASURED,
    "stability": stability(),
    "reads": READS,
    "audit": AUDIT,
    "candidate_parameters": 12,
    "tripod": TRIPOD,
    "made": {"Study file (SHA-256)": "ab" * 32, "Seed": 7},
}


def report(run: Any = RUN, found: Assessment | None = None, **changes: Any) -> dict[str, Any]:
    """Make the report of the example, with some parts replaced."""
    return study_report(run, found or assessment(), **PARTS | changes)


NOTHING: dict[str, Any] = {
    "characteristics": None, "measured_inputs": None, "stability": None, "reads": {}, "audit": (),
    "candidate_parameters": None, "tripod": (), "made": {},
}  # fmt: skip

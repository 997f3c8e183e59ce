"""From what a finished run left behind to what it can say of itself.

A run leaves its summary, its study file and its features as plain data in the tracking
store; from those three the reporting tables can be made at any later time. What none of
them says is left out here, and the tables then say so.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from icans_risk.errors import IcansRiskError
from icans_risk.report.collect_model import abstention_facts, model_facts
from icans_risk.report.facts import RunFacts
from icans_risk.report.sizes import sample_size_facts
from icans_risk.report.wording import span

__all__ = ["collect_facts"]

_SOURCES = {
    "cohort": "a cohort folder",
    "daily": "a table of daily records",
    "infusions": "tables of an export",
    "meds": "a MEDS archive",
    "omop": "an OMOP archive",
}
_MEASURES = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "brier": "Brier score",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
    "observed_expected": "observed over expected",
}
_OF_SUMMARY = ("title", "data_kind", "profile", "treatment_policy", "presence")
_HASHES = ("study_hash", "cohort_hash", "feature_hash", "run_id")

Plain = Mapping[str, Any]


def collect_facts(
    summary: Plain,
    *,
    landmark_h: float,
    study: Plain | None = None,
    features: Plain | None = None,
) -> RunFacts:
    """Collect what a run says of one landmark.

    Parameters
    ----------
    summary : mapping
        The run's summary, as ``develop`` returns it and the store keeps it.
    landmark_h : float
        Which landmark, in hours since infusion.
    study : mapping, optional
        The study as plain data, defaults included.
    features : mapping, optional
        The fitted feature specification as plain data.

    Returns
    -------
    RunFacts
        What the three say. Whoever knows more adds it, group by group.

    Raises
    ------
    IcansRiskError
        If the run has no such landmark.
    """
    landmark = _landmark(summary, landmark_h)
    plan = study or {}
    groups = {
        "study": _study(summary, plan),
        "data": _data(summary, plan),
        "outcome": _outcome(landmark, plan),
        "flow": _flow(landmark),
        "predictors": _predictors(landmark, features or {}, plan.get("models", {})),
        "missing": {"handling": "as_missing"},
        "sample_size": sample_size_facts(
            landmark["patients"],
            landmark["events"],
            landmark["candidate_parameters"],
            auroc=landmark["models"]["booster"]["metrics"]["auroc"]["estimate"],
            is_calibrated=True,
        ),
        "validation": _validation(plan),
        "model": model_facts(landmark, plan),
        "performance": _performance(landmark),
        "abstention": abstention_facts(landmark),
        "software": {name: summary.get(name) for name in _HASHES}
        | {"package": summary.get("icans_risk")},
    }
    return cast("RunFacts", {name: _known(group) for name, group in groups.items()})


def _landmark(summary: Plain, landmark_h: float) -> Plain:
    landmarks: list[Plain] = summary["landmarks"]
    for landmark in landmarks:
        if landmark["landmark_h"] == landmark_h:
            return landmark
    known = [landmark["landmark_h"] for landmark in landmarks]
    raise IcansRiskError(f"expected a landmark of the run {known}, got {landmark_h:g}. Name one.")


def _known(group: Plain) -> dict[str, Any]:
    return {name: fact for name, fact in group.items() if fact is not None and fact != []}


def _study(summary: Plain, plan: Plain) -> Plain:
    disease = plan.get("data", {}).get("episodes", {}).get("disease") or {}
    return {name: summary.get(name) for name in _OF_SUMMARY} | {
        "name": summary.get("study"),
        "kind": "development",
        "seed": plan.get("seed"),
        "diseases": [disease["value"]] if disease.get("value") else None,
    }


def _data(summary: Plain, plan: Plain) -> Plain:
    cohort, quality = summary["cohort"], summary.get("quality", {})
    tables, severities = quality.get("tables", {}), _severities(quality)
    sites = [row for row in tables.get("sites", []) if row["site"] is not None]
    eras = [row["era"] for row in tables.get("eras", []) if row["era"] is not None]
    sources = [words for key, words in _SOURCES.items() if plan.get("data", {}).get(key)]
    return {
        "source": sources[0] if sources else None,
        "patients": cohort["patients"],
        "episodes": cohort["episodes"],
        "values": cohort["events"],
        "grades": cohort["grades"],
        "sites": len(sites) or None,
        "site_counts": {str(row["site"]): row["episodes"] for row in sites} or None,
        "first_era": eras[0] if eras else None,
        "last_era": eras[-1] if eras else None,
        "availability_given": _availability_given(tables.get("availability", [])),
        **_rows(tables.get("flow", []), quality.get("counts", {})),
        **severities,
    }


def _severities(quality: Plain) -> Plain:
    if "findings" not in quality:
        return {}
    found = [finding["severity"] for finding in quality["findings"]]
    return {"warnings": found.count("warning"), "notes": found.count("note")}


def _rows(flow: Iterable[Plain], counts: Plain) -> Plain:
    steps = [(step["step"], step["rows"]) for step in flow]
    if steps:
        return {
            "rows_read": sum(rows for name, rows in steps if name == "in"),
            "rows_set_aside": sum(rows for name, rows in steps if name == "quarantined"),
        }
    # A daily table, and a cohort folder, is refused rather than read in part.
    tables = [counts[name] for name in ("episodes", "events", "grades") if name in counts]
    if "rows" not in counts and not tables:
        return {}
    return {"rows_read": counts.get("rows", sum(tables)), "rows_set_aside": 0}


def _availability_given(rows: Iterable[Plain]) -> float | None:
    values = [(row["availability"], row["values"]) for row in rows]
    total = sum(number for _, number in values)
    given = sum(number for how, number in values if how == "given")
    return given / total if total else None


def _outcome(landmark: Plain, plan: Plain) -> Plain:
    return {
        "endpoint": landmark["endpoint"],
        "scale": plan.get("outcome", {}).get("scale"),
        "landmark_h": landmark["landmark_h"],
        "horizon_h": landmark["horizon_h"],
        "policy": landmark["primary_policy"],
    }


def _flow(landmark: Plain) -> Plain:
    flow = landmark["flow"][landmark["primary_policy"]]
    prefix = "excluded_"
    excluded = {
        name.removeprefix(prefix).replace("_", " "): number
        for name, number in flow.items()
        if name.startswith(prefix)
    }
    kept = {name: number for name, number in flow.items() if not name.startswith(prefix)}
    return kept | {"excluded": excluded}


def _predictors(landmark: Plain, features: Plain, models: Plain) -> Plain:
    measured = features.get("measurements", [])
    analytes = sorted({one["analyte"] for one in measured})
    modalities = [name.split(".")[0] for name in analytes]
    statistics = [name for one in measured for name in one["statistics"]]
    return {
        "candidates": landmark["candidate_parameters"],
        "values": landmark["values"],
        "values_after_treatment": landmark["values_after_treatment"],
        "selection": "none" if models.get("budget") is None else "budget",
        "levels": "whole_cohort",
        "analytes": len(analytes) or None,
        "modalities": {name: modalities.count(name) for name in dict.fromkeys(modalities)} or None,
        "windows": [_window(window) for window in features.get("windows", [])],
        "statistics": list(dict.fromkeys(statistics)),
        "scores": [one["score"] for one in features.get("scores", [])],
        "static": list(features.get("static", [])),
    }


def _window(window: Plain) -> str:
    start, end = window["start_h"], window["end_h"]
    anchor = str(window["anchor"]).replace("_", " ")
    if start is None and end is None:
        limits = "all times"
    elif start is None:
        limits = f"up to {span(end)}"
    else:
        limits = f"from {span(start)}" + ("" if end is None else f" to {span(end)}")
    return f"{window['name']} ({limits} since {anchor})"


def _validation(plan: Plain) -> Plain:
    settings = plan.get("validation", {})
    given = {name: settings.get(name) for name in ("folds", "repeats", "resamples")}
    return given | {"scheme": "repeated_folds", "clusters": "none"}


def _performance(landmark: Plain) -> Plain:
    booster = landmark["models"]["booster"]["metrics"]
    policy, auroc = landmark["primary_policy"], booster["auroc"]
    main = (policy, landmark["patients"], landmark["events"], auroc)
    others = [
        (name, one["patients"], landmark["flow"][name]["events"], one["metrics"]["auroc"])
        for name, one in landmark["sensitivity"].items()
    ]
    keys = ("name", "patients", "events", "auroc")
    return {name: booster[name] for name in _MEASURES if name in booster} | {
        "measures": [words for name, words in _MEASURES.items() if name in booster],
        "comparators": {
            model["label"]: model["metrics"]["auroc"]
            for name, model in landmark["models"].items()
            if name != "booster" and model["metrics"]["auroc"]["estimate"] is not None
        },
        "analyses": [
            dict(zip(keys, (one[0].replace("_", " "), *one[1:]), strict=True))
            for one in (main, *others)
        ],
    }

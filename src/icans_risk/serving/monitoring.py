"""Hold new data against what a model was made for: breaches of the contract, and drift.

A breach needs no large sample. A median of ten patients or more that lies outside the middle
90 % of the training patients is a shifted unit or another assay, and hardly chance; an assay that
training never saw is one patient's worth of news. Shares are compared by Fisher's exact test at
1 in 1,000 and must differ by 15 of 100 as well. How often clean data breach it, and what is
noticed: ``benchmarks/studies/monitoring.csv``.

Drift of single columns is a table in order of size and no test: with 40 columns some p-value is
always small, and at a centre's numbers an index above a usual limit is noise.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from icans_risk.cohort import Cohort
from icans_risk.features import FeatureSpecification, build_features
from icans_risk.serving.contract import FEWEST, read_by

__all__ = ["LEAST_PATIENTS", "check_contract", "describe_drift"]

LEAST_PATIENTS = 10
LARGEST_P = 1e-3
LEAST_DIFFERENCE = 0.15

_CHECKS = ("analyte", "check", "learnt", "found", "patients", "verdict")
BREACH, FINE, TOO_FEW = "breach", "as learnt", "too few"

Facts = Mapping[str, Any]


def check_contract(
    cohort: Cohort, contract: Facts, *, specification: FeatureSpecification, landmark_h: float
) -> pd.DataFrame:
    """Hold a cohort against the data that a model was made for.

    Parameters
    ----------
    cohort : Cohort
        New patients.
    contract : mapping
        From ``learn_contract``.
    specification : FeatureSpecification
        That it was learnt with.
    landmark_h : float
        Hours since infusion.

    Returns
    -------
    DataFrame
        ``analyte, check, learnt, found, patients, verdict``: for each analyte that the model
        reads its ``values`` (unit), ``turnaround_h``, ``measured`` (missingness), ``assay``
        and ``ordered_unknown``; breaches first.
    """
    now = _current(cohort, specification, landmark_h)
    n_now, n_then = len(cohort.episodes), int(contract["episodes"])
    rows: list[dict[str, Any]] = []
    for name, learnt in contract["analytes"].items():
        found = now[name]
        for check, told in _check_analyte(learnt, found, n_now=n_now, n_then=n_then):
            rows.append({"analyte": name, "check": check, **told})
    table = pd.DataFrame(rows, columns=list(_CHECKS))
    order = table["verdict"].map({BREACH: 0, FINE: 1, TOO_FEW: 2})
    return table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def describe_drift(
    cohort: Cohort, contract: Facts, *, specification: FeatureSpecification, landmark_h: float
) -> pd.DataFrame:
    """List the columns by how far they moved, as a picture and no test.

    Parameters
    ----------
    cohort, contract, specification, landmark_h
        As for ``check_contract``.

    Returns
    -------
    DataFrame
        ``column, shift, missing_then, missing_now, patients``: ``shift`` is the new median
        minus the old one in old interquartile ranges, missing where there are too few; columns
        with the largest shift first.
    """
    vectors = build_features(cohort, specification, [landmark_h])
    rows = []
    for name, learnt in contract["columns"].items():
        values = vectors[name].dropna()
        rows.append(
            {
                "column": name,
                "shift": _shift(values, learnt["quantiles"]),
                "missing_then": learnt["missing"] / contract["episodes"],
                "missing_now": 1.0 - len(values) / len(vectors),
                "patients": len(values),
            }
        )
    table = pd.DataFrame(rows)
    order = np.argsort(-table["shift"].abs().fillna(-1.0), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _current(
    cohort: Cohort, specification: FeatureSpecification, landmark_h: float
) -> dict[str, dict[str, Any]]:
    inputs, source = read_by(cohort, specification, landmark_h)
    medians = inputs.groupby(["name", "episode_id"])[["value", "turnaround_h"]].median()
    unknown = source[source["ordered_as"] == "unknown"]
    found = {}
    for name in specification.analytes:
        own = medians[medians.index.get_level_values("name") == name]
        assays = source[source["name"] == name]
        found[name] = {
            "value": own["value"],
            "turnaround_h": own["turnaround_h"],
            "measured": len(own),
            "assays": assays.groupby("assay")["episode_id"].nunique(),
            "ordered_unknown": int(unknown[unknown["name"] == name]["episode_id"].nunique()),
        }
    return found


def _check_analyte(
    learnt: Facts, found: Facts, *, n_now: int, n_then: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "values", _check_median(found["value"], learnt["value"])
    yield "turnaround_h", _check_median(found["turnaround_h"], learnt["turnaround_h"])
    for check in ("measured", "ordered_unknown"):
        yield (
            check,
            _check_share((int(found[check]), n_now), (int(learnt[check]), n_then)),
        )
    unseen = found["assays"].drop(learnt["assays"], errors="ignore")
    yield (
        "assay",
        {
            "learnt": f"{len(learnt['assays'])} names",
            "found": f"{len(unseen)} unknown names",
            "patients": int(unseen.sum()),
            "verdict": BREACH if len(unseen) else FINE,
        },
    )


def _check_median(values: pd.Series, learnt: list[float] | None) -> dict[str, Any]:
    patients = len(values)
    if learnt is None or patients < LEAST_PATIENTS:
        told = "" if learnt is None else _span(learnt)
        return {"learnt": told, "found": "", "patients": patients, "verdict": TOO_FEW}
    median, (low, _, high) = float(values.median()), learnt
    return {
        "learnt": _span(learnt),
        "found": f"median {median:.4g}",
        "patients": patients,
        "verdict": FINE if low <= median <= high else BREACH,
    }


def _span(learnt: list[float]) -> str:
    low, median, high = learnt
    return f"median {median:.4g}, 90 % within {low:.4g} to {high:.4g}"


def _check_share(now: tuple[int, int], then: tuple[int, int]) -> dict[str, Any]:
    share_now, share_then = (count / max(total, 1) for count, total in (now, then))
    told = {
        "learnt": f"{100 * share_then:.0f} % of {then[1]}",
        "found": f"{100 * share_now:.0f} % of {now[1]}",
        "patients": now[1],
    }
    if now[1] < LEAST_PATIENTS or then[1] < FEWEST:
        return told | {"verdict": TOO_FEW}
    table = np.array([[count, total - count] for count, total in (now, then)])
    is_rare = fisher_exact(table).pvalue < LARGEST_P
    is_large = abs(share_now - share_then) >= LEAST_DIFFERENCE
    return told | {"verdict": BREACH if is_rare and is_large else FINE}


def _shift(values: pd.Series, quantiles: list[float] | None) -> float:
    if quantiles is None or len(values) < LEAST_PATIENTS:
        return float("nan")
    _, lower, median, upper, _ = quantiles
    if upper <= lower:
        return float("nan")
    return (float(values.median()) - median) / (upper - lower)

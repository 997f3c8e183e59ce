"""Cohorts without a leak, to plant one in, and a pipeline that is fitted in no time."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from icans_risk.evaluation.audit import Audit, AuditPlan, AuditRows, AuditTables, audit_model
from icans_risk.splits import repeated_grouped_folds


def cohort(seed: int = 1, *, patients: int = 300, effect: float = 1.2) -> AuditRows:
    """Draw eight positive plasma markers, the first two of which move the risk."""
    draw = np.random.default_rng(seed)
    logs = draw.normal(size=(patients, 8))
    risk = 1 / (1 + np.exp(1.2 - effect * (logs[:, 0] + logs[:, 1]) / 1.4))
    vectors = pd.DataFrame(np.exp(logs), columns=[f"plasma.m{k}.last.early" for k in range(8)])
    vectors["static.age_years"] = draw.normal(60, 10, patients).round(1)
    vectors = vectors.astype("float32")
    vectors.index = pd.Index([f"E{k:04d}" for k in range(patients)], name="episode_id")
    event = (draw.random(patients) < risk).astype(np.int64)
    patient = np.array([f"P{k:04d}" for k in range(patients)], dtype=object)
    return AuditRows(vectors, event, np.ones(patients), patient)


def tables(rows: AuditRows, **given: Any) -> AuditTables:
    """Describe a cohort with two sites and two products that mean nothing."""
    draw = np.random.default_rng(99)
    size = len(rows.vectors)
    places = pd.DataFrame(
        {"site": draw.choice(["north", "south"], size), "era": draw.choice(["old", "new"], size)}
    )
    plain = AuditTables(
        counts=pd.DataFrame(index=range(size)),
        groupings=places,
        protocol=places[["site"]],
        modality_of_column={name: name.split(".")[0] for name in rows.vectors},
    )
    return replace(plain, **given)


def with_columns(rows: AuditRows, **columns: Any) -> AuditRows:
    """Return the rows with more columns; two underscores in a name stand for a dot."""
    named = {name.replace("__", "."): np.float32(values) for name, values in columns.items()}
    return rows.with_vectors(rows.vectors.assign(**named))


def refit(rows: AuditRows):
    """Fit a line to logarithms and to who has a value, by ridge: fast, and it ranks."""
    values = rows.vectors.to_numpy(np.float64)
    known = np.isfinite(values)
    X = np.hstack([np.log1p(np.abs(np.where(known, values, 0.0))), known])

    def fit_predict(train, test, seed):
        centre, spread = X[train].mean(axis=0), X[train].std(axis=0)
        scaled = (X - centre) / np.where(spread > 0, spread, np.inf)
        weight = rows.weight[train, None]
        share = np.average(rows.event[train], weights=rows.weight[train])
        bent = scaled[train].T @ (weight * scaled[train]) + 5.0 * np.eye(X.shape[1])
        slope = np.linalg.solve(
            bent, scaled[train].T @ (weight[:, 0] * (rows.event[train] - share))
        )
        return expit(4 * (scaled[test] @ slope))

    return fit_predict


def audit(rows: AuditRows, *, permutations: int = 0, seed: int = 5, **given: Any) -> Audit:
    """Audit rows on five folds by patient."""
    splits = repeated_grouped_folds(rows.event, rows.patient, folds=5, repeats=1, seed=3)
    settings = {"tables": tables(rows), "plan": AuditPlan(permutations=permutations), "seed": seed}
    pipeline = given.pop("refit", refit)
    return audit_model(pipeline, rows, splits, **(settings | given))

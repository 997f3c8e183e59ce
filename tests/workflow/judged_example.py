"""Patients, outcomes and held-out risks of three plain models, fitted in earnest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from icans_risk.evaluation import cross_validate
from icans_risk.splits import repeated_grouped_folds
from icans_risk.workflow.judged import HeldOutRisks

LABELS = {"model": "The model", "product": "Product alone", "prevalence": "Prevalence"}
LANDMARK_H = 72.0


@dataclass(frozen=True)
class Rows:
    vectors: pd.DataFrame
    event: Any
    weight: Any
    patient: Any


def make_rows(n: int = 240, *, seed: int = 1) -> tuple[Rows, pd.DataFrame, pd.DataFrame]:
    """Draw patients whose marker and product move the risk; every fifth event is nearly there."""
    generator = np.random.default_rng(seed)
    marker = generator.normal(size=n)
    product = np.where(np.arange(n) % 3 == 0, "tisa-cel", "axi-cel")
    event = generator.random(n) < expit(-1.3 + 1.3 * marker + 0.8 * (product == "axi-cel"))
    names = [f"E{i:03d}" for i in range(n)]
    index = pd.MultiIndex.from_arrays(
        [names, np.full(n, LANDMARK_H)], names=["episode_id", "landmark_h"]
    )
    vectors = pd.DataFrame(
        {"plasma.marker.last.early": marker, "static.product.axi-cel": product == "axi-cel"},
        index=index,
        dtype="float32",
    )
    episodes = pd.DataFrame(
        {
            "episode_id": names,
            "patient_id": [f"P{i:03d}" for i in range(n)],
            "site": np.array(["north", "south", "west"])[np.arange(n) % 3],
            "era": np.array(["2020", "2021", "2022"])[np.arange(n) // (n // 3 + 1)],
            "product": product,
            "disease": "LBCL",
            "cns_tumour": np.arange(n) % 4 == 0,
            "age_years": np.where(np.arange(n) % 7 == 0, np.nan, 50.0 + np.arange(n) % 30),
            "sex": np.where(np.arange(n) % 2, "female", "male"),
            "prior_lines": 1.0 + np.arange(n) % 9,
        }
    )
    order = np.cumsum(event)
    lead = np.where(order % 5 == 0, 24.0, 30.0 + order % 40)
    outcomes = pd.DataFrame(
        {
            "episode_id": names,
            "landmark_h": LANDMARK_H,
            "event": event.astype(float),
            "onset_h": np.where(event, LANDMARK_H + lead, np.nan),
            "had_syndrome": np.arange(n) % 20 == 0,
        }
    )
    patient = episodes["patient_id"].to_numpy(dtype=object)
    return Rows(vectors, event.astype(np.int64), np.ones(n), patient), episodes, outcomes


def fit_on(rows: Rows, columns: list[str]) -> Callable[..., Any]:
    """Return what fits a logistic regression; without columns, the share of events."""
    X = rows.vectors[columns].to_numpy()

    def fit_predict(train: Any, test: Any, seed: int) -> Any:
        if not columns:
            return np.full(len(test), rows.event[train].mean())
        fitted = LogisticRegression().fit(X[train], rows.event[train])
        return fitted.predict_proba(X[test])[:, 1]

    return fit_predict


def fits(rows: Rows) -> dict[str, Callable[..., Any]]:
    columns = list(rows.vectors.columns)
    chosen = {"model": columns, "product": columns[1:], "prevalence": []}
    return {name: fit_on(rows, some) for name, some in chosen.items()}


def hold_out(rows: Rows, episodes: pd.DataFrame, outcomes: pd.DataFrame) -> HeldOutRisks:
    splits = repeated_grouped_folds(rows.event, rows.patient, folds=4, repeats=2, seed=3)
    probabilities = {
        name: cross_validate(fit, splits, n_rows=len(rows.event), seed=3)
        for name, fit in fits(rows).items()
    }
    return HeldOutRisks.align(rows, probabilities, splits, episodes=episodes, outcomes=outcomes)

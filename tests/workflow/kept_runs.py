"""Runs in a real store, kept as ``develop`` keeps them, without minutes of fitting."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from icans_risk.tracking import RunRecord, log_run, open_store

__all__ = ["keep_run", "make_rows", "see"]


def make_rows(rows: int = 300, *, seed: int = 0) -> dict[str, Any]:
    """Patients, some with two rows, and what causes their event."""
    draw = np.random.default_rng(seed)
    cause = draw.normal(size=rows)
    event = (draw.random(rows) < 1 / (1 + np.exp(1.6 - 1.3 * cause))).astype(int)
    patient = np.minimum(np.arange(rows), rows - 10)
    return {"event": event, "weight": np.ones(rows), "patient": patient, "cause": cause}


def see(rows: dict[str, Any], noise: float, *, seed: int = 1) -> list[float]:
    """The risks of a model that sees the cause through noise."""
    seen = rows["cause"] + np.random.default_rng(seed).normal(0, noise, len(rows["cause"]))
    risks: list[float] = (1 / (1 + np.exp(1.6 - 1.1 * seen))).tolist()
    return risks


def keep_run(
    uri: str,
    folder: Path,
    rows: dict[str, Any],
    risks: dict[str, list[float]],
    *,
    summary: dict[str, Any] | None = None,
    landmark: dict[str, Any] | None = None,
    evaluation: Any = None,
    held_out: bool = True,
    model: Path | None = None,
) -> str:
    """Keep a run with one landmark; changes are of its summary and of that landmark.

    A released model is kept as ``develop`` keeps it.
    """
    metrics = {name: {"estimate": 0.5, "low": 0.4, "high": 0.6} for name in ("auroc", "brier")}
    flat = metrics | {"auroc": {"estimate": None, "low": None, "high": None}}
    models = {
        name: {
            "label": name.replace("_", " ").capitalize(),
            "folds": 15,
            "unreleased_folds": 0,
            "metrics": flat if len(set(risk)) == 1 else metrics,
        }
        for name, risk in risks.items()
    }
    at = {
        "landmark_h": 72.0,
        "horizon_h": 336.0,
        "endpoint": "ICANS grade 3 or higher (ASTCT)",
        "primary_policy": "discharged_well",
        "kept_model": {"is_released": True},
        "models": models,
    } | (landmark or {})
    told = {
        "study": "demo",
        "data_kind": "synthetic",
        "treatment_policy": "ignore",
        "presence": "protocol_only",
        "cohort_hash": "c0" * 32,
        "landmarks": [at],
    } | (summary or {})
    study = {"study": "demo", "outcome": {"scale": "ASTCT"}}
    if evaluation is not None:
        study["evaluation"] = evaluation
    folder.mkdir(exist_ok=True)
    file = folder / "demo.yaml"
    file.write_text(yaml.safe_dump(study), encoding="utf-8")
    held = {name: rows[name].tolist() for name in ("event", "weight", "patient")} | {"risk": risks}
    documents: dict[str, Any] = {"study/summary.json": told}
    if held_out:
        documents[f"held_out/{at['landmark_h']:g}h.json"] = held
    store = open_store(uri, artifacts=folder / "artifacts", experiment=str(told["study"]))
    name = f"{at['landmark_h']:g}"
    tags = {"study": "demo", "data_kind": told["data_kind"], "cohort_hash": told["cohort_hash"]}
    child = RunRecord(
        f"{name} h booster", tags=tags | {"model": "booster", "landmark_h": name},
        scoring_model=model,
    )  # fmt: skip
    return log_run(
        store,
        RunRecord(
            "demo",
            tags=tags,
            files={"study": file},
            folders={} if model is None else {f"models/{name}h": model},
            documents=documents,
            children=[] if model is None else [child],
        ),
    )

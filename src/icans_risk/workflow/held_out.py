"""Held-out risks of every model as a run keeps them: to be compared later, without identifiers."""

from typing import Any

import numpy as np

from icans_risk.workflow.landmark import LandmarkResult

__all__ = ["describe_held_out"]


def describe_held_out(result: LandmarkResult) -> dict[str, Any]:
    """Write down outcomes and held-out risks of the rows of one landmark.

    Rows are in the order of their episodes' identifiers, which are not written down: two runs
    on the same cohort, endpoint, landmark and policy have the same rows in the same order.

    Parameters
    ----------
    result : LandmarkResult
        Of the landmark.

    Returns
    -------
    dict
        ``event`` and ``weight`` of each row; ``patient``, a number that rows of one patient
        share; ``risk`` by model, repeats averaged on the logit scale.
    """
    rows = result.rows
    order = np.argsort(rows.vectors.index.get_level_values("episode_id").astype(str), kind="stable")
    _, first, patient = np.unique(
        rows.patient[order].astype(str), return_index=True, return_inverse=True
    )
    # Numbered as they come, so that the numbers tell nothing of the identifiers' order.
    number = np.argsort(np.argsort(first))[patient]
    return {
        "event": rows.event[order].tolist(),
        "weight": rows.weight[order].tolist(),
        "patient": number.tolist(),
        "risk": {name: model.risk[order].tolist() for name, model in result.models.items()},
    }

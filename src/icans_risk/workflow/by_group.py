"""How the model does among those whom it answers for or not, and by what was measured."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.evaluation import METRICS
from icans_risk.models.abstention import ABSTENTIONS, ANSWERED
from icans_risk.models.modalities import modality_pattern
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.plain import plain

__all__ = ["describe_answering", "describe_patterns"]

# With fewer patients a group is a story about single patients.
SMALLEST_GROUP = 10


def describe_answering(result: LandmarkResult) -> dict[str, Any]:
    """Count whom a model that had not seen them would answer for, and judge it in each group.

    An abstention must not hide the patients at most risk: how many of those who get no
    answer had the event stands beside how many did among the others.

    Returns
    -------
    dict
        ``rules`` in words, ``reasons`` (patients by reason; one may have several) and
        ``groups``: ``all``, ``answered`` and ``not_answered``, each with patients, events and
        held-out figures.
    """
    told = result.answered.loc[result.rows.vectors.index]
    is_answered = (told["status"] == ANSWERED).to_numpy()
    groups = {
        "all": np.ones(len(told), dtype=bool),
        "answered": is_answered,
        "not_answered": ~is_answered,
    }
    counted = Counter(code for codes in told["reasons"] for code in codes)
    return {
        "rules": [abstention.rule.rstrip(".") for abstention in ABSTENTIONS.values()],
        "reasons": dict(sorted(counted.items())),
        "groups": {name: _judge(result, here) for name, here in groups.items()},
    }


def describe_patterns(result: LandmarkResult) -> list[dict[str, Any]]:
    """Judge the model by which modalities a patient has, the commonest pattern first."""
    pattern = modality_pattern(result.main.plan.table(result.rows))
    found = [
        {"modalities": str(name), **_judge(result, pattern == name)}
        for name in pd.Series(pattern).value_counts().index
    ]
    return sorted(found, key=lambda row: (-row["patients"], row["modalities"]))


def _judge(result: LandmarkResult, here: Any) -> dict[str, Any]:
    event, risk = result.rows.event[here], result.main.risk[here]
    weight, n = result.rows.weight[here], int(here.sum())
    figures: dict[str, float | None] = dict.fromkeys(("mean_risk", "brier", "auroc"))
    if n >= SMALLEST_GROUP:
        figures["mean_risk"] = plain(float(np.average(risk, weights=weight)))
        figures |= {name: plain(METRICS[name](event, risk, weight)) for name in ("brier", "auroc")}
    return {"patients": n, "events": int(event.sum()), **figures}

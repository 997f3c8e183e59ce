"""Judge a released model on a cohort that it was not fitted on.

Run it from the repository: ``python pipelines/external_validation.py MODEL COHORT``. MODEL is what
``icans-risk evaluate`` takes: a folder, ``models:/NAME@champion`` or a run; COHORT is a cohort
folder. Whom the model gave no answer is counted, and not judged.
"""

import sys
from pathlib import Path

from icans_risk.workflow.external import evaluate_model


def main(model: str, cohort: Path) -> None:
    """Print every metric with its interval, beside the one of the model's own study."""
    found = evaluate_model(model, cohort)
    for one in found["models"]:
        print(
            f"{one['landmark_h']:g} h, {found['data_kind']} patients: {one['judged']} judged, "
            f"{one['events']} with the endpoint; {one['answered']} of {one['at_risk']} answered"
        )
        for name, metric in one["metrics"].items():
            before = one["in_development"].get(name)
            print(f"{name}: {in_words(metric)}; in its own study {in_words(before)}")


def in_words(metric: dict[str, float | None] | None) -> str:
    """Write a figure with its interval."""
    if metric is None or metric["estimate"] is None:
        return "not estimable"
    if metric["low"] is None:
        return f"{metric['estimate']:.3f}"
    return f"{metric['estimate']:.3f} ({metric['low']:.3f} to {metric['high']:.3f})"


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

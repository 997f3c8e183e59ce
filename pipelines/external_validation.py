"""Judge a released model on a cohort that it was not fitted on.

Run it from the repository: ``python pipelines/external_validation.py MODEL COHORT``. MODEL is what
``icans-risk score`` takes: a folder, ``models:/NAME@champion`` or a run; COHORT is a cohort folder.
Whom the model gave no answer is counted, and not judged.
"""

import sys
from pathlib import Path

from icans_risk import derive_outcomes
from icans_risk.cohort import read_cohort_folder, read_manifest
from icans_risk.evaluation import METRICS, metric_interval
from icans_risk.serving import score
from icans_risk.workflow.model_sources import load_models


def main(model: str, folder: Path) -> None:
    """Score the cohort, join the outcomes, print every metric with its interval."""
    cohort, kind = read_cohort_folder(folder), read_manifest(folder).data_kind
    for served in load_models([model]):
        predictions = score(cohort, [served], data_kind=kind).predictions
        outcomes = derive_outcomes(
            cohort,
            (served.landmark_h,),
            endpoint=served.endpoint,
            scale=served.facts["scale"],
            horizon_h=lambda _, until_h=served.horizon_h: until_h,
            policy=served.facts["end_of_observation"],
        )
        rows = predictions.merge(outcomes, on=["episode_id", "landmark_h"])
        rows = rows.merge(cohort.episodes[["episode_id", "patient_id"]], on="episode_id")
        is_known = rows["at_risk"] & rows["event"].notna()
        judged = rows[is_known & (rows["status"] == "answered")]
        print(f"{served.landmark_h:g} h, {kind} patients: {len(judged)} judged, "
              f"{int(judged['event'].sum())} with the endpoint")  # fmt: skip
        print(rows["status"].value_counts().to_string())
        for name in METRICS:
            found = metric_interval(
                name,
                judged["event"].to_numpy(float),
                judged["risk"].to_numpy(float),
                weight=judged["weight"].to_numpy(float),
                groups=judged["patient_id"].to_numpy(object),
                seed=0,
            )
            print(f"{name}: {found.estimate:.3f} ({found.low:.3f} to {found.high:.3f})")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

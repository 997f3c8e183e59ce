"""Develop the study of 80 real patients through the public interface.

Run it from the repository: ``python pipelines/develop.py [STUDY.yaml]``. It does what
``icans-risk develop`` does, step by step, so that a step can be replaced.
"""

import sys
from pathlib import Path

from icans_risk import (
    build_features,
    derive_outcomes,
    develop,
    load_study,
    read_cohort,
    specify_features,
    study_endpoints,
)

STUDY = Path(__file__).parents[1] / "configs" / "nulisa80.yaml"


def main(study_file: Path) -> None:
    """Look at the cohort, its vectors and outcomes, then develop the study."""
    study = load_study(study_file)
    cohort, quality = read_cohort(study)
    print(f"{len(cohort.episodes)} episodes, {len(quality.findings)} data-quality findings")

    landmarks = study.outcome.landmarks_h
    vectors = build_features(cohort, specify_features(study, cohort), landmarks)
    print(f"{len(vectors)} vectors of {vectors.shape[1]} columns")

    outcomes = derive_outcomes(
        cohort,
        landmarks,
        endpoint=study_endpoints(study)[0],
        scale=study.outcome.scale,
        horizon_h=study.outcome.horizon_h,
        policy=study.outcome.end_of_observation,
    )
    print(outcomes.groupby("landmark_h")[["at_risk", "event"]].sum().to_string())

    summary = develop(study_file)
    for landmark in summary["landmarks"]:
        print(landmark["sample_size"]["verdict"])
    print(summary["mlflow_ui"])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else STUDY)

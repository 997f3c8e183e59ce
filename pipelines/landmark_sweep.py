"""Develop a study at several landmarks and print what a later prediction gains.

Run it from the repository: ``python pipelines/landmark_sweep.py STUDY.yaml 24 48 72``. Patients at
risk become fewer from landmark to landmark, so figures of two landmarks are of other patients. The
changed study is written to the current folder, because the run's name and hash are its own.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from icans_risk import develop, load_study


def sweep(study_file: Path, landmarks_h: Sequence[float]) -> Path:
    """Write the study of several landmarks."""
    study = load_study(study_file)
    content = study.model_dump(mode="json", exclude_none=True)
    content["study"] = f"{study.study}-sweep"
    content["outcome"]["landmarks_h"] = list(landmarks_h)
    file = Path(f"{content['study']}.yaml")
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return file


def main(study_file: Path, landmarks_h: Sequence[float]) -> None:
    """Develop the changed study and print a line for each landmark."""
    summary = develop(sweep(study_file, landmarks_h))
    print("landmark  patients  events  AUROC (95 % interval)")
    for landmark in summary["landmarks"]:
        auroc = landmark["models"]["booster"]["metrics"]["auroc"]
        ends = [auroc[name] for name in ("estimate", "low", "high")]
        shown = "not estimable" if None in ends else "{:.2f} ({:.2f} to {:.2f})".format(*ends)
        print(
            f"{landmark['landmark_h']:6g} h  {landmark['patients']:8}  {landmark['events']:6}  "
            f"{shown}"
        )
    print(summary["mlflow_ui"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), [float(hours) for hours in sys.argv[2:]] or [24.0, 48.0, 72.0])

"""Develop a study with each product left out in turn, and print how the others' model does on it.

Run it from the repository: ``python pipelines/leave_one_product_out.py STUDY.yaml [COLUMN]``. With
``site``, ``disease`` or ``era`` as COLUMN the same is asked of those. The changed study is written
to the current folder, because the run's name and hash are its own.
"""

import sys
from pathlib import Path

import yaml

from icans_risk import develop, load_study


def leave_out(study_file: Path, column: str) -> Path:
    """Write the study that leaves each level of a column out."""
    study = load_study(study_file)
    content = study.model_dump(mode="json", exclude_none=True)
    content["study"] = f"{study.study}-without-each-{column}"
    content["evaluation"]["leave_out"] = [column]
    file = Path(f"{content['study']}.yaml")
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return file


def main(study_file: Path, column: str) -> None:
    """Develop the changed study and print what each level got from the others."""
    summary = develop(leave_out(study_file, column))
    for landmark in summary["landmarks"]:
        judged = landmark["assessment"]
        print(f"{landmark['landmark_h']:g} h, {landmark['events']} events")
        for row in judged["internal_external"]:
            if row["model"] == "booster":
                auroc = "not estimable" if row["auroc"] is None else f"AUROC {row['auroc']:.2f}"
                print(f"  without {row['level']}: {row['status']}, {auroc}")
        for name, why_not in judged["not_left_out"].items():
            print(f"  {name} cannot be left out: {why_not}")
    print(summary["mlflow_ui"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "product")

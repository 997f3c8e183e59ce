"""A released model of a small synthetic study, and patients whom it was not fitted on."""

from dataclasses import dataclass
from pathlib import Path

from icans_risk.cohort import Cohort, read_cohort_folder
from icans_risk.serving import RawTables, ServedModel, load_served
from icans_risk.study import Study
from icans_risk.workflow.inputs import specify_features
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.landmarks import develop_landmarks
from icans_risk.workflow.reading import read_cohort
from workflow.small import small_study, write_cohort

__all__ = ["Example", "make_example", "raw"]


@dataclass(frozen=True)
class Example:
    """What was made, and where it lies."""

    study: Study
    trained_on: Cohort
    results: list[LandmarkResult]
    models: list[Path]
    cohort_folder: Path

    @property
    def served(self) -> ServedModel:
        """The model of the first landmark."""
        return load_served(self.models[0])

    @property
    def cohort(self) -> Cohort:
        """Patients whom it was not fitted on."""
        return read_cohort_folder(self.cohort_folder)


def make_example(folder: Path) -> Example:
    """Develop and release the models of two landmarks."""
    study = small_study(
        folder / "study.yaml",
        write_cohort(folder / "here", patients=260, seed=3),
        models={"booster": {"rounds": 40}, "rebuilds": 5},
        outcome={"landmarks_h": [72, 96]},
    )
    cohort, _ = read_cohort(study)
    results = develop_landmarks(study, cohort, specify_features(study, cohort))
    models = []
    for result in results:
        models.append(folder / f"{result.data.landmark_h:g}h")
        assert result.released is not None
        result.released.save(models[-1])
    return Example(study, cohort, results, models, write_cohort(folder / "b", patients=60, seed=5))


def raw(cohort: Cohort) -> RawTables:
    """The tables of a cohort, to be spoilt: each cell may hold anything."""
    tables = (cohort.episodes, cohort.events, cohort.grades)
    return RawTables(*(table.astype(object) for table in tables))

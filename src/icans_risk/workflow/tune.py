"""Search the booster's settings on everyone, in a journal that other processes may share."""

from pathlib import Path
from typing import Any

from icans_risk.models.pipeline import Pipeline, Tuning
from icans_risk.models.tuning import TuningProgress, TuningResult
from icans_risk.study import load_study
from icans_risk.workflow.inputs import specify_features
from icans_risk.workflow.landmark_data import prepare_landmark
from icans_risk.workflow.plain import plain
from icans_risk.workflow.plans import model_plans
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.reading import read_cohort

__all__ = ["tune_study"]


def tune_study(
    study_file: Path | str,
    *,
    journal: Path | None,
    landmark_h: float | None = None,
    trials: int | None = None,
    workers: int = 1,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Search the settings of a study's booster at one landmark.

    What is found is no evidence: it was chosen on the folds that it is judged on. To say how
    well a tuned model does, ``develop`` tunes anew inside each outer fold.

    Parameters
    ----------
    study_file : path-like
        The study.
    journal : Path or None
        File of the trials. Where it exists, the search goes on; several processes may name
        the same file and share the work. None keeps them in memory.
    landmark_h : float, optional
        Hours since infusion; by default the study's first.
    trials : int, optional
        Trials in all; by default the study's, or 50.
    workers : int
        Threads of this process.
    progress : Progress
        Told about each trial.

    Returns
    -------
    dict
        Plain data: the chosen settings, their inner log loss, all trials, the importance of
        each setting.

    Raises
    ------
    StudyError, CohortError, NotEstimableError
        If the study, its data or the number of patients do not allow it.
    IcansRiskError
        If the journal is of another search.
    """
    study = load_study(study_file)
    cohort, _ = read_cohort(study, progress=progress)
    specification = specify_features(study, cohort)
    at = study.outcome.landmarks_h[0] if landmark_h is None else landmark_h
    rows = prepare_landmark(study, cohort, specification, landmark_h=at).rows(
        study.outcome.end_of_observation
    )
    plan = model_plans(study, specification)[0]
    built = plan.pipeline or Pipeline()
    wanted = built.tuning or Tuning()
    total = wanted.trials if trials is None else trials
    progress.stage(f"{at:g} h: trials", steps=total)

    def tell(told: TuningProgress) -> None:
        best = "" if told.best_loss is None else f"best {told.best_loss:.4f}"
        progress.at(told.finished, best)

    search = Pipeline(settings=built.settings, tuning=Tuning(trials=total, folds=wanted.folds))
    found = search.search(
        plan.table(rows),
        rows.event,
        sample_weight=rows.weight,
        groups=rows.patient,
        seed=study.seed,
        workers=workers,
        journal=journal,
        on_trial=tell,
    )
    return {
        "landmark_h": at,
        "patients": len(rows.event),
        "events": int(rows.event.sum()),
        **_describe(found),
    }


def _describe(found: TuningResult) -> dict[str, Any]:
    records = found.trials.astype(object).where(found.trials.notna(), None)
    return {
        "trials": found.n_trials,
        "given_up": found.n_pruned,
        "inner_log_loss": plain(float(found.trials["loss"].min())),
        "chosen": found.best_parameters,
        "importance": found.importance,
        "all_trials": records.to_dict("records"),
    }

"""What a study may ask of its models, end to end on a small synthetic cohort."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icans_risk.cohort import Cohort
from icans_risk.errors import StudyError
from icans_risk.models.fusion import LateFusion
from icans_risk.tracking import RunRecord
from icans_risk.workflow.artifacts import list_tables
from icans_risk.workflow.cuts import check_cuts
from icans_risk.workflow.findings import LandmarkFindings
from icans_risk.workflow.held_out import describe_held_out
from icans_risk.workflow.inputs import specify_features
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.landmarks import develop_landmarks
from icans_risk.workflow.model_runs import list_model_runs
from icans_risk.workflow.pages import predict_episodes
from icans_risk.workflow.progress import SILENT
from icans_risk.workflow.reading import read_cohort
from icans_risk.workflow.scrutiny import scrutinise
from icans_risk.workflow.summary import describe_landmark
from icans_risk.workflow.validation import Effort
from workflow.small import small_study, write_cohort


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("small") / "made", patients=200, seed=3)


def develop(tmp_path: Path, cohort: Path, effort: Effort | None = None, **changes: Any):
    study = small_study(tmp_path / "study.yaml", cohort, **changes)
    read, _ = read_cohort(study)
    return study, develop_landmarks(study, read, specify_features(study, read), effort=effort)


def only(found: tuple[Any, list[LandmarkResult]]) -> LandmarkResult:
    return found[1][0]


def test_threads_change_no_number(tmp_path: Path, cohort: Path) -> None:
    wanted = {"rebuilds": 12}
    one, two = (
        only(develop(tmp_path, cohort, Effort(workers), models=wanted)) for workers in (1, 2)
    )
    np.testing.assert_array_equal(one.main.probabilities, two.main.probabilities)
    assert one.released is not None
    assert two.released is not None
    assert one.released.rebuilds is not None
    assert two.released.rebuilds is not None
    assert one.released.rebuilds.to_state() == two.released.rebuilds.to_state()


def test_a_tuned_study_tunes_in_each_fold_and_keeps_every_trial(
    tmp_path: Path, cohort: Path
) -> None:
    journals = tmp_path / "journals"
    journals.mkdir()
    wanted = {"tuning": {"trials": 3, "folds": 2}}
    study, results = develop(tmp_path, cohort, Effort(1, journals), models=wanted)
    (result,) = results
    assert len(list(journals.glob("booster-72h-*.journal"))) == 4, "three folds and everyone"
    released = [fit for fit in (*result.main.fits, result.fit) if fit.is_released]
    assert result.fit in released
    assert {fit.tuning and fit.tuning.n_trials for fit in released} == {3}
    again = only(develop(tmp_path, cohort, Effort(1, journals), models=wanted))
    np.testing.assert_array_equal(again.main.probabilities, result.main.probabilities)
    told = describe_landmark(study, result)["kept_model"]["tuning"]
    assert told["trials"] == 3
    scrutiny = scrutinise(study, result, effort=Effort(), progress=SILENT)
    found = LandmarkFindings(result, scrutiny, {})
    tables = list_tables(found)
    assert len(tables["tuning/72h/trials.csv"]) == 3
    assert len(tables["tuning/72h/outer_folds.csv"]) == len(released) - 1
    (run,) = list_model_runs(study, found, shared=RunRecord("study"), folders={})
    assert run.parameters["rounds"] == result.fit.tuning.best_parameters["rounds"]
    losses = [trial.metrics["inner_log_loss"] for trial in run.children]
    assert losses == sorted(losses)
    assert run.children[0].parameters["rounds"] == run.parameters["rounds"]
    assert {trial.tags["run_kind"] for trial in run.children} == {"trial"}


def test_a_sensitivity_analysis_of_other_patients_has_tunings_of_its_own(
    tmp_path: Path, cohort: Path
) -> None:
    journals = tmp_path / "journals"
    journals.mkdir()
    result = only(
        develop(
            tmp_path,
            cohort,
            Effort(1, journals),
            models={"tuning": {"trials": 2, "folds": 2}},
            outcome={"sensitivity": ["observed_only"], "until_h": 600},
        )
    )
    other = result.sensitivity["observed_only"]
    assert len(other.risk) < len(result.main.risk)
    assert len(list(journals.glob("booster-72h-*.journal"))) == 3 + 3 + 1


def test_late_fusion_is_one_switch(tmp_path: Path, cohort: Path) -> None:
    result = only(develop(tmp_path, cohort, models={"fusion": "late", "modality_dropout": 0.2}))
    assert result.released is not None
    assert isinstance(result.released.model.base_, LateFusion)
    assert set(result.released.model.base_.weights_) == {"clinical", "plasma", "static"}


def test_one_model_for_all_landmarks_is_compared_with_one_for_each(
    tmp_path: Path, cohort: Path
) -> None:
    study, results = develop(
        tmp_path, cohort, models={"stacked_landmarks": True}, outcome={"landmarks_h": [24, 72]}
    )
    for result in results:
        stacked = result.models["stacked_landmarks"]
        assert np.isfinite(stacked.risk).all()
        assert stacked.plan.columns[-1] == "static.landmark_h"
        for fit, split in zip(stacked.fits, result.splits, strict=True):
            assert fit.model.landmarks_h_ == (24.0, 72.0)
            tested = set(result.rows.patient[split.test])
            assert stacked.plan.pool is not None
            assert tested & set(stacked.plan.pool.patient) == tested
    assert describe_landmark(study, results[1])["models"]["stacked_landmarks"]["folds"] == 3


def test_a_patient_who_is_tested_trains_at_no_landmark(tmp_path: Path, cohort: Path) -> None:
    _, results = develop(
        tmp_path, cohort, models={"stacked_landmarks": True}, outcome={"landmarks_h": [24, 72]}
    )
    result = results[1]
    plan, split = result.models["stacked_landmarks"].plan, result.splits[0]
    tested = result.rows.patient[split.test]
    fit = plan.fit(result.rows.take(split.train), seed=1, held_out=tested)
    assert plan.pool is not None
    other = plan.pool.take(~np.isin(plan.pool.patient, tested))
    expected = plan.__class__(**{**vars(plan), "pool": other}).fit(result.rows, seed=1)
    assert fit.model.to_state() == expected.model.to_state()


def test_several_cuts_cannot_cross_and_the_predicted_one_is_the_endpoint(
    tmp_path: Path, cohort: Path
) -> None:
    result = only(develop(tmp_path, cohort, models={"cuts": [2, 3]}))
    low, high = result.by_grade
    assert (low.cut, high.cut) == (2, 3)
    assert low.events >= high.events == result.rows.event.sum()
    assert (low.risk >= high.risk).all()
    assert np.isfinite(low.metrics["auroc"].estimate)


def test_cuts_must_hold_the_endpoint(tmp_path: Path, cohort: Path) -> None:
    study = small_study(tmp_path / "study.yaml", cohort, models={"cuts": [2, 4]})
    with pytest.raises(StudyError, match=r"cut of the first endpoint, 3, got \[2, 4\]"):
        check_cuts(study)


def shuffled(cohort: Cohort, seed: int) -> Cohort:
    """Give every value of an analyte to some other patient, and all one product."""
    draw = np.random.default_rng(seed)
    values = cohort.events.groupby("analyte")["value"].transform(
        lambda values: draw.permutation(values.to_numpy())
    )
    episodes = cohort.episodes.assign(product="one")
    return Cohort(episodes, cohort.events.assign(value=values), cohort.grades)


def test_a_cohort_without_signal_lets_no_model_out_and_no_page_shows_a_risk(
    tmp_path: Path, cohort: Path
) -> None:
    study = small_study(tmp_path / "study.yaml", cohort)
    read, _ = read_cohort(study)
    result = next(
        found
        for seed in range(10)
        for noise in [shuffled(read, seed)]
        for found in develop_landmarks(study, noise, specify_features(study, noise))
        if found.released is None
    )
    told = describe_landmark(study, result)
    assert told["kept_model"] == {"is_released": False}
    assert told["models"]["booster"]["unreleased_folds"] == result.main.unreleased
    predictions = predict_episodes(read, result)
    assert "answered" not in set(predictions["status"])
    assert "not_released" in set(predictions["status"])
    assert predictions["risk"].isna().all()


def test_who_gets_no_answer_is_counted_with_what_became_of_them(
    tmp_path: Path, cohort: Path
) -> None:
    answering = {"decision_threshold": 0.15, "widest_range": 0.9}
    study, results = develop(tmp_path, cohort, models={"rebuilds": 25, "answering": answering})
    told = describe_landmark(study, results[0])["answering"]
    groups = told["groups"]
    assert told["reasons"]["unstable"] > 0
    for name in ("patients", "events"):
        parts = groups["answered"][name] + groups["not_answered"][name]
        assert parts == groups["all"][name]
    assert groups["all"]["patients"] == len(results[0].rows.event)
    assert groups["not_answered"]["auroc"] is not None
    patterns = describe_landmark(study, results[0])["by_modalities"]
    assert sum(row["patients"] for row in patterns) == len(results[0].rows.event)


def test_held_out_risks_are_kept_without_identifiers_and_in_one_order(
    tmp_path: Path, cohort: Path
) -> None:
    study = small_study(tmp_path / "study.yaml", cohort)
    read, _ = read_cohort(study)
    turned = Cohort(read.episodes[::-1], read.events, read.grades)
    told = []
    for some in (read, turned):
        (result,) = develop_landmarks(study, some, specify_features(study, some))
        told.append(describe_held_out(result))
    first, second = told
    assert first["event"] == second["event"]
    np.testing.assert_allclose(first["risk"]["booster"], second["risk"]["booster"], atol=1e-6)
    assert first["patient"] == list(range(len(first["event"])))
    assert set(first) == {"event", "weight", "patient", "risk"}

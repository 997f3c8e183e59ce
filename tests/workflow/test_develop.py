"""The whole path on the 80 real patients."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icans_risk.cohort import Cohort
from icans_risk.errors import IcansRiskError, LeakageError, NotEstimableError, StudyError
from icans_risk.explanation import fold_by_analyte
from icans_risk.features import build_features
from icans_risk.outcome import Endpoint, derive_outcomes
from icans_risk.study import Study, load_study
from icans_risk.workflow.inputs import choose_columns, specify_features
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.landmarks import develop_landmarks
from icans_risk.workflow.pages import predict_episodes
from icans_risk.workflow.reading import read_cohort
from icans_risk.workflow.reads import describe_reads


@pytest.fixture(scope="module")
def study(study_file: Path) -> Study:
    """The study with as little resampling as will do."""
    study = load_study(study_file)
    validation = study.validation.model_copy(update={"repeats": 2, "resamples": 100})
    models = study.models.model_copy(update={"calibration_folds": 3, "rebuilds": 40})
    return study.model_copy(update={"validation": validation, "models": models})


@pytest.fixture(scope="module")
def cohort(study: Study) -> Cohort:
    return read_cohort(study)[0]


def develop_once(study: Study, cohort: Cohort) -> LandmarkResult:
    specification = specify_features(study, cohort)
    return develop_landmarks(study, cohort, specification)[0]


def stored(result: LandmarkResult) -> str:
    """All that is kept of the model, as it would be written."""
    assert result.released is not None
    return json.dumps(result.released.model.to_state(), allow_nan=False)


@pytest.fixture(scope="module")
def result(study: Study, cohort: Cohort) -> LandmarkResult:
    return develop_once(study, cohort)


def test_the_summary_counts_every_patient(developed: Any) -> None:
    summary = developed.summary
    assert summary["cohort"]["patients"] == 80
    assert summary["cohort"]["at_endpoint_ever"] == 12
    (landmark,) = summary["landmarks"]
    assert landmark["flow"] == {
        "discharged_well": {
            "episodes": 80, "excluded_endpoint_before_landmark": 1, "at_risk": 79, "events": 11,
            "events_after_onset": 1,
            "competing_deaths": 0, "free_of_endpoint": 68, "outcome_unknown": 0,
        },
        "observed_only": {
            "episodes": 80, "excluded_endpoint_before_landmark": 1, "at_risk": 79, "events": 11,
            "events_after_onset": 1,
            "competing_deaths": 0, "free_of_endpoint": 24, "outcome_unknown": 44,
        },
    }  # fmt: skip


def test_the_summary_is_strict_json_and_says_what_it_is(developed: Any) -> None:
    text = json.dumps(developed.summary, allow_nan=False)
    assert json.loads(text)["research_use_only"] is True
    prevalence = developed.summary["landmarks"][0]["models"]["prevalence"]
    assert prevalence["auroc_in_folds"] == 0.5
    assert prevalence["metrics"]["calibration_slope"]["estimate"] is None


def test_a_sample_this_small_is_called_too_small(developed: Any) -> None:
    (landmark,) = developed.summary["landmarks"]
    assert landmark["candidate_parameters"] == 11
    assert landmark["sample_size"]["n_required"] > 1000
    assert landmark["sample_size"]["verdict"].startswith("The sample is too small: 79 patients")


def test_the_interval_of_11_events_is_wide(developed: Any) -> None:
    auroc = developed.summary["landmarks"][0]["models"]["booster"]["metrics"]["auroc"]
    assert auroc["high"] - auroc["low"] > 0.2


def test_there_is_a_page_for_every_patient(developed: Any) -> None:
    names = {page.name for page in developed.pages.iterdir()}
    assert len([name for name in names if name.startswith("patient-")]) == 80
    assert {"index.html", "quality.html"} <= names


def test_the_printed_risk_is_the_validated_one(result: LandmarkResult, cohort: Cohort) -> None:
    predictions = predict_episodes(cohort, result).set_index("episode_id")
    printed = predictions.loc[result.rows.vectors.index.get_level_values(0), "risk"]
    np.testing.assert_allclose(printed, result.models["booster"].risk, atol=1e-6)
    answered = predictions[predictions["status"] == "answered"]
    assert len(answered) == 79
    assert (answered["risk_low"] <= answered["risk"]).all()
    assert (answered["risk"] <= answered["risk_high"]).all()


def test_what_the_model_reads_is_told_of_the_printed_contributions(result: LandmarkResult) -> None:
    tables = describe_reads(result)
    folded = fold_by_analyte(result.held_out.contributions).drop(columns="base")
    inputs = tables["inputs"].set_index("analyte")
    assert inputs["mean_abs"].is_monotonic_decreasing
    assert inputs["mean_abs"].to_dict() == pytest.approx(folded.abs().mean().to_dict())
    assert set(tables["columns"]["column"]) == set(result.main.plan.columns)
    # Nobody's page names what held-out patients do not bear out, or what was not measured.
    assert (inputs.loc[~inputs["supported"], "named"] == 0).all()
    assert (inputs["named"] <= inputs["measured"]).all()


def test_who_reached_the_endpoint_before_gets_no_number(
    result: LandmarkResult, cohort: Cohort
) -> None:
    predictions = predict_episodes(cohort, result)
    (silent,) = predictions[predictions["status"] != "answered"].to_dict("records")
    assert silent["status"] == "already_at_endpoint"
    assert np.isnan(silent["risk"])


def test_the_same_study_gives_the_same_numbers(
    study: Study, cohort: Cohort, result: LandmarkResult
) -> None:
    again = develop_once(study, cohort)
    for name, model in result.models.items():
        assert np.array_equal(model.risk, again.models[name].risk)
        pd.testing.assert_frame_equal(
            pd.DataFrame(map(vars, model.metrics.values())),
            pd.DataFrame(map(vars, again.models[name].metrics.values())),
        )
    assert stored(result) == stored(again)


def test_the_order_of_patients_changes_no_vector_and_no_tree(
    study: Study, cohort: Cohort, result: LandmarkResult
) -> None:
    shuffled = Cohort(
        cohort.episodes.sample(frac=1, random_state=1),
        cohort.events.sample(frac=1, random_state=2),
        cohort.grades.sample(frac=1, random_state=3),
    )
    assert shuffled.hash() == cohort.hash()
    again = develop_once(study, shuffled)
    pd.testing.assert_frame_equal(again.data.vectors.sort_index(), result.data.vectors.sort_index())
    assert stored(result) == stored(again)


def test_grades_after_the_landmark_change_outcomes_and_no_vector(
    study: Study, cohort: Cohort
) -> None:
    later = cohort.grades["available_h"] > 72
    grades = cohort.grades.assign(
        icans_grade=cohort.grades["icans_grade"].where(~later, 4.0),
    )
    other = Cohort(cohort.episodes, cohort.events, grades)
    specification = specify_features(study, cohort)
    pd.testing.assert_frame_equal(
        build_features(cohort, specification, [72.0]), build_features(other, specification, [72.0])
    )
    arguments: dict[str, Any] = {
        "endpoint": Endpoint(), "scale": "ASTCT", "horizon_h": lambda _: 360.0,
        "policy": "discharged_well",
    }  # fmt: skip
    assert derive_outcomes(other, (72.0,), **arguments)["event"].sum() > 11


def test_events_after_the_landmark_change_no_vector(study: Study, cohort: Cohort) -> None:
    late = cohort.events["available_h"] > 72
    assert late.any()
    cut = Cohort(cohort.episodes, cohort.events[~late], cohort.grades)
    changed = cohort.events.assign(value=cohort.events["value"].where(~late, 1.0))
    other = Cohort(cohort.episodes, changed, cohort.grades)
    specification = specify_features(study, cohort)
    vectors = build_features(cohort, specification, [72.0])
    pd.testing.assert_frame_equal(vectors, build_features(cut, specification, [72.0]))
    pd.testing.assert_frame_equal(vectors, build_features(other, specification, [72.0]))


def test_a_drug_is_refused_as_a_feature(study: Study, cohort: Cohort) -> None:
    choice = study.features.measurements[0].model_copy(
        update={"analytes": ("treatment.corticosteroid",)}
    )
    features = study.features.model_copy(update={"measurements": (choice,)})
    asking = study.model_copy(update={"features": features})
    specification = specify_features(asking, cohort)
    with pytest.raises(LeakageError, match=r"treatment\.corticosteroid"):
        build_features(cohort, specification, [72.0])


def test_a_cohort_without_the_endpoint_says_so(study: Study, cohort: Cohort) -> None:
    endpoint = study.outcome.endpoints[0].model_copy(update={"at_least": 5})
    outcome = study.outcome.model_copy(update={"endpoints": (endpoint,)})
    with pytest.raises(NotEstimableError):
        develop_once(study.model_copy(update={"outcome": outcome}), cohort)


def test_a_landmark_at_which_nobody_is_left_says_so(study: Study, cohort: Cohort) -> None:
    outcome = study.outcome.model_copy(update={"until_h": 1000.0, "landmarks_h": (900.0,)})
    with pytest.raises(NotEstimableError, match="no patient at risk"):
        develop_once(study.model_copy(update={"outcome": outcome}), cohort)


def test_a_comparator_of_unknown_columns_is_refused_with_the_nearest() -> None:
    with pytest.raises(StudyError, match=r"nearest is 'static\.product\.axi-cel'"):
        choose_columns(["static.produkt"], ["static.product.axi-cel"])


def test_a_patient_with_unknown_outcome_is_explained_by_all_models(
    study: Study, cohort: Cohort
) -> None:
    outcome = study.outcome.model_copy(
        update={"end_of_observation": "observed_only", "sensitivity": ()}
    )
    result = develop_once(study.model_copy(update={"outcome": outcome}), cohort)
    assert len(result.rows.event) == 35
    predictions = predict_episodes(cohort, result)
    # Nine are of a product, or have courses, that the 35 others do not show.
    assert (predictions["status"] == "answered").sum() == 70
    weights = result.rows.weight
    assert weights.sum() == pytest.approx(79.0)
    assert result.held_out.margin.notna().all()


def test_every_error_of_ours_is_a_value_error() -> None:
    assert issubclass(IcansRiskError, ValueError)

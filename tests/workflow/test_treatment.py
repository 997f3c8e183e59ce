"""Studies under each treatment policy, from the study file to the pages."""

from pathlib import Path
from typing import Any

import pytest

from icans_risk.cohort import Cohort
from icans_risk.features import computable_share
from icans_risk.ingest import QualityReport
from icans_risk.study import Study, load_study
from icans_risk.synthetic import simulate
from icans_risk.workflow.inputs import specify_features
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.landmarks import develop_landmarks
from icans_risk.workflow.pages import describe_run, predict_episodes, render_pages
from icans_risk.workflow.run_pages import render_run
from icans_risk.workflow.summary import describe_landmark, describe_study
from icans_risk.workflow.words import PRESENCE_NOTES, TREATMENTS
from ingest.exports import base_study, write_study

POLICIES = ("ignore", "censor", "include_before_landmark")
FEATURES: dict[str, Any] = {
    "windows": {"early": {"anchor": "infusion", "start_h": 0, "end_h": 72}},
    "measurements": [
        {"analytes": ["plasma.crp", "clinical.temperature"], "windows": ["early"],
         "statistics": ["last", "max"]}
    ],
    "scores": [{"score": "m_easix", "windows": ["early"]}],
    "static": ["age_years"],
}  # fmt: skip


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return simulate(150, seed=12).cohort


class Run:
    """One study, developed and rendered."""

    def __init__(self, folder: Path, cohort: Cohort, policy: str) -> None:
        presence = "informative" if policy == "include_before_landmark" else "protocol_only"
        study = base_study()
        changes: dict[str, Any] = {
            "treatment_policy": policy,
            "features": FEATURES | {"presence": presence},
            "models": study["models"] | {"comparators": [], "rebuilds": 0, "calibration_folds": 2},
            "validation": {"folds": 3, "repeats": 1, "resamples": 100},
        }
        changes["models"]["booster"]["rounds"] = 10
        changes["outcome"] = study["outcome"] | {"sensitivity": []}
        self.study: Study = load_study(write_study(folder, study["data"], **changes))
        self.specification = specify_features(self.study, cohort)
        self.result: LandmarkResult = develop_landmarks(self.study, cohort, self.specification)[0]
        self.context = describe_run(
            self.study, cohort, self.result, specification=self.specification, run_id="0123456789"
        )
        quality = QualityReport()
        self.pages = render_run([render_pages(cohort, self.result, quality, run=self.context)])
        self.summary = describe_study(
            self.study, cohort, quality, specification=self.specification
        ) | {"landmarks": [describe_landmark(self.study, self.result)]}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> dict[str, Run]:
    return {policy: Run(tmp_path_factory.mktemp("study"), cohort, policy) for policy in POLICIES}


def answered_pages(run: Run) -> list[str]:
    pages = [text for name, text in run.pages.items() if name.startswith("patient-")]
    return [page for page in pages if 'data-test="estimate"' in page]


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_runs_and_is_stated_on_every_page(runs: dict[str, Run], policy: str) -> None:
    run = runs[policy]
    assert run.specification.treatment_policy == policy
    assert len(answered_pages(run)) > 100
    assert all(TREATMENTS[policy] in page for page in answered_pages(run))


def test_values_after_treatment_are_marked_unless_they_are_cut(runs: dict[str, Run]) -> None:
    after = {p: run.summary["landmarks"][0]["values_after_treatment"] for p, run in runs.items()}
    assert after["ignore"] > 0
    assert after["include_before_landmark"] > after["ignore"]
    assert after["censor"] == 0
    marked = [page for page in answered_pages(runs["ignore"]) if ">after treatment<" in page]
    assert 0 < len(marked) < len(answered_pages(runs["ignore"]))
    assert all(">after treatment<" not in page for page in runs["censor"].pages.values())


def test_a_page_under_censor_names_the_dose_and_does_not_count_it_as_an_input(
    runs: dict[str, Run],
) -> None:
    pages = [page for page in answered_pages(runs["censor"]) if "does not count, because" in page]
    assert pages
    assert all("Tocilizumab given" in page or "orticosteroid given" in page for page in pages)
    known = len(runs["censor"].context.analytes)
    assert all(f"of the {known} inputs that the model knows" in page for page in pages)


def test_what_was_given_is_an_input_with_words_for_those_who_got_none(runs: dict[str, Run]) -> None:
    run = runs["include_before_landmark"]
    column = "treatment.tocilizumab.given.to_landmark"
    given = run.result.data.vectors[column]
    assert set(given) == {0.0, 1.0}
    assert {"not given" in page for page in run.pages.values()} == {True, False}
    assert all("are inputs of the model" in page for page in answered_pages(run))


def test_whoever_has_nothing_but_a_dose_gets_no_number(
    tmp_path: Path, cohort: Cohort, runs: dict[str, Run]
) -> None:
    doses = runs["censor"].result.data.inputs.query("modality == 'treatment'")["episode_id"]
    risk = predict_episodes(cohort, runs["censor"].result).set_index("episode_id")
    patient = next(e for e in doses if risk.loc[e, "status"] == "answered")
    other = cohort.events[
        (cohort.events["episode_id"] != patient) | (cohort.events["modality"] == "treatment")
    ]
    bare = Cohort(cohort.episodes, other, cohort.grades)
    found = predict_episodes(bare, Run(tmp_path, bare, "censor").result).set_index("episode_id")
    assert found.loc[patient, "status"] == "no_data_before_landmark"


def test_informative_presence_is_printed_first_on_every_page_and_in_the_summary(
    runs: dict[str, Run],
) -> None:
    (note,) = PRESENCE_NOTES["informative"]
    for policy, run in runs.items():
        is_informative = policy == "include_before_landmark"
        assert all((note in page) == is_informative for page in run.pages.values())
        assert run.summary["presence"] == run.study.features.presence


def test_a_score_says_for_how_many_patients_it_could_be_computed(runs: dict[str, Run]) -> None:
    run = runs["ignore"]
    (share,) = computable_share(run.result.rows.vectors).to_dict("records")
    words = f"it could be computed for {share['computable']} of {share['episodes']} patients"
    assert run.context.columns["score.m_easix.early"].endswith(words)
    assert all(words in page for page in answered_pages(run))
    assert run.summary["landmarks"][0]["scores"] == [
        {"column": "score.m_easix.early", "computable": share["computable"]}
    ]

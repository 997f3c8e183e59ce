"""What was found at a landmark becomes the study report."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icans_risk.report import Assessment, RunContext
from icans_risk.study import Study
from icans_risk.workflow.findings import LandmarkFindings
from icans_risk.workflow.inputs import specify_features
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.landmarks import develop_landmarks
from icans_risk.workflow.pages import describe_run
from icans_risk.workflow.progress import SILENT
from icans_risk.workflow.reading import read_cohort
from icans_risk.workflow.scrutiny import Scrutiny, scrutinise
from icans_risk.workflow.study_page import render_study_page
from icans_risk.workflow.validation import Effort
from report.parsing import Page, parse
from workflow.small import small_study, write_cohort

COMPARATORS = [
    {"name": "product", "label": "Product", "model": "logistic", "columns": ["static.product"]},
    {"name": "everything", "label": "All", "model": "elastic_net", "columns": "all"},
    {"name": "prevalence", "label": "Prevalence", "model": "prevalence", "columns": []},
]


@pytest.fixture(scope="module")
def developed_small(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Study, LandmarkResult, RunContext]:
    folder: Path = tmp_path_factory.mktemp("small")
    study = small_study(
        folder / "study.yaml",
        write_cohort(folder / "simulated", patients=220),
        models={"comparators": COMPARATORS, "rebuilds": 6},
        outcome={"sensitivity": ["observed_only"]},
    )
    evaluation = study.evaluation.model_copy(
        update={
            "smallest_group": 5,
            "subgroups": ("sex",),
            "leave_out": ("era",),
            "audit": False,
        }
    )
    study = study.model_copy(update={"evaluation": evaluation})
    cohort, _ = read_cohort(study)
    specification = specify_features(study, cohort)
    (result,) = develop_landmarks(study, cohort, specification)
    run = describe_run(study, cohort, result, specification=specification, run_id="0123456789")
    return study, result, run


@pytest.fixture(scope="module")
def scrutiny(developed_small: Any) -> Scrutiny:
    study, result, _ = developed_small
    return scrutinise(study, result, effort=Effort(), progress=SILENT)


@pytest.fixture(scope="module")
def found(scrutiny: Scrutiny) -> Assessment:
    return scrutiny.assessment


@pytest.fixture(scope="module")
def page(developed_small: Any, scrutiny: Scrutiny) -> Page:
    _, result, run = developed_small
    findings = LandmarkFindings(result=result, scrutiny=scrutiny, facts={"data": {"sites": 6}})
    hashes = {f"{name}_hash": name * 8 for name in ("study", "cohort", "feature")}
    html = render_study_page(findings, run, hashes)
    assert len(html.encode()) < 300_000
    return parse(html)


def test_the_assessment_agrees_with_the_validation(developed_small: Any, found: Assessment) -> None:
    _, result, _ = developed_small
    assert list(found.models) == ["booster", "product", "everything", "prevalence"]
    for name, model in result.models.items():
        for metric in ("brier", "observed_expected"):
            interval = model.metrics[metric]
            row = found.performance.loc[name]
            assert row[metric] == pytest.approx(interval.estimate)
            assert row[f"{metric}_low"] == pytest.approx(interval.low)
        assert found.performance.loc[name, "auroc_in_folds"] == pytest.approx(
            model.auroc_in_folds.mean
        )
    assert found.simple == "product"
    assert found.fewest == 1


def test_every_policy_of_the_study_is_judged_on_its_own_rows(
    developed_small: Any, found: Assessment
) -> None:
    _, result, _ = developed_small
    table = found.policies.set_index(["policy", "measure"])["estimate"]
    for policy in ("discharged_well", "observed_only"):
        assert table[policy, "events"] == result.data.flows[policy]["events"]


def test_levels_are_left_out_for_the_booster_and_the_best_simple_model(found: Assessment) -> None:
    assert set(found.internal_external["model"]) == {"booster", "product"}
    assert set(found.internal_external["by"]) == {"era", "time"}


def test_stability_is_that_of_the_rebuilds_that_are_kept(
    developed_small: Any, scrutiny: Scrutiny
) -> None:
    _, result, _ = developed_small
    stability = scrutiny.stability
    assert stability is not None
    assert stability.rebuilds - stability.failed == 6
    assert stability.failed == result.released.rebuilds.failed
    own = result.released.model.predict_proba(result.main.plan.table(result.rows))[:, 1]
    np.testing.assert_allclose(stability.predictions["risk"], own)


def test_the_page_has_every_panel_and_does_not_say_that_nothing_was_left_out(page: Page) -> None:
    panels = {
        "limits", "short", "flow", "characteristics", "measured", "outcome", "performance",
        "calibration", "distribution", "decision", "stability", "subgroups",
        "internal-external", "policies", "sample-size", "tripod", "made",
    }  # fmt: skip
    assert panels <= set(page.texts)
    assert "SYNTHETIC DATA" in page.text("synthetic")
    limits = page.text("limits")
    assert "another cohort was never tried" in limits
    assert "product or period was never tried" not in limits
    assert "52 items:" in page.text("tripod")
    assert "studystudy" in page.text("made")
    assert "nan" not in page.text("performance").lower()

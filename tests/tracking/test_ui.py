"""The line that the command prints shows the run in MLflow's own interface."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from mlflow import MlflowClient

from browser import chromium
from mlflow_server import serving

pytestmark = [pytest.mark.slow, pytest.mark.needs_browser]


@pytest.fixture(scope="module")
def ui(developed: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the interface as the line says."""
    _, command, *arguments = developed.summary["mlflow_ui"].split()
    with serving(command, arguments, tmp_path_factory.mktemp("ui")) as address:
        yield address


@contextmanager
def opened(ui: str, developed: Any, path: str, *, until: str) -> Iterator[Any]:
    """Open a page of the study's experiment, and wait for a text that shows that it is there."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    # Columns beyond the window are not made, and the assistant would take half of it.
    closed = """
        localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true');
        localStorage.setItem('mlflow.assistant.panelOpen_v1', 'false');
    """
    with chromium(2000) as driver:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": closed})
        driver.get(f"{ui}/#/experiments/{developed.summary['experiment_id']}{path}")
        WebDriverWait(driver, 90).until(lambda d: until in d.find_element(By.TAG_NAME, "body").text)
        yield driver


def shown(driver: Any, what: str) -> list[str]:
    """The texts of all that a selector finds, from above to below."""
    script = """
        const place = e => e.getBoundingClientRect();
        return [...document.querySelectorAll(arguments[0])]
            .sort((a, b) => place(a).top - place(b).top || place(a).left - place(b).left)
            .map(e => e.innerText.trim());
    """
    texts: list[str] = driver.execute_script(script, what)
    return texts


def test_the_run_is_seen_with_its_metrics(ui: str, developed: Any) -> None:
    run = f"/runs/{developed.summary['run_id']}"
    with opened(ui, developed, run, until="auroc_low") as driver:
        text = driver.execute_script("return document.body.innerText")
    assert "nulisa80" in text
    assert "calibration_slope" in text
    assert "Research use only." in text
    assert f"cohort ({developed.summary['cohort_hash'][:36]})" in text
    assert "not recorded" in text


def test_a_view_sorts_models_by_calibration_slope(ui: str, developed: Any) -> None:
    slope = "[col-id='metrics.`calibration_slope`']"
    path = "/runs?viewStateShareKey=icans-slope"
    with opened(ui, developed, path, until="not audited") as driver:
        slopes = shown(driver, f".ag-cell{slope}")
        audits = shown(driver, ".ag-cell[col-id='tags.`audit`']")
        names = shown(driver, ".ag-header-cell[col-id^='metrics'], .ag-header-cell[col-id^='tags']")
    assert slopes[-1] == "-", "the prevalence has none"
    assert len(slopes) == 6
    assert [float(slope) for slope in slopes[:-1]] == sorted(float(slope) for slope in slopes[:-1])
    assert sorted(audits)[:5] == ["not audited"] * 5
    assert sorted(audits)[5] == "not_assessable"
    assert names[:6] == [
        "landmark_h", "model", "calibration_slope", "auroc", "net_benefit_20", "audit",
    ]  # fmt: skip


def test_figures_of_all_models_stand_side_by_side(ui: str, developed: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    loaded = "return [...document.images].filter(i => i.naturalWidth > 200).length"
    path = "/runs?viewStateShareKey=icans-72h&compareRunsMode=CHART"
    with opened(ui, developed, path, until="risk_distribution") as driver:
        WebDriverWait(driver, 60).until(lambda d: d.execute_script(loaded) == 18)
        text = driver.execute_script("return document.body.innerText")
    assert "calibration" in text
    assert "decision_curve" in text


def test_the_files_of_a_model_are_seen(ui: str, developed: Any) -> None:
    client = MlflowClient(developed.tracking_uri)
    experiment = developed.summary["experiment_id"]
    (run,) = client.search_runs([experiment], "tags.model = 'booster'")
    path = f"/runs/{run.info.run_id}/artifacts"
    with opened(ui, developed, path, until="calibration.png") as driver:
        text = driver.execute_script("return document.body.innerText")
    assert {"calibration.png", "decision_curve.png", "risk_distribution.png"} <= set(text.split())

"""The line that the command prints shows the run in MLflow's own interface."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import chromium
from mlflow_server import serving

pytestmark = [pytest.mark.slow, pytest.mark.needs_browser]


@pytest.fixture
def ui(developed: Any, tmp_path: Path) -> Iterator[str]:
    """Start the interface as the line says."""
    _, command, *arguments = developed.summary["mlflow_ui"].split()
    with serving(command, arguments, tmp_path) as address:
        yield address


def test_the_run_is_seen_with_its_metrics(ui: str, developed: Any) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    with chromium(1600) as driver:
        experiment = developed.summary["experiment_id"]
        driver.get(f"{ui}/#/experiments/{experiment}/runs/{developed.summary['run_id']}")
        WebDriverWait(driver, 60).until(
            lambda d: "auroc_low" in d.find_element(By.TAG_NAME, "body").text
        )
        text = driver.find_element(By.TAG_NAME, "body").text
        assert "nulisa80" in text
        assert "calibration_slope" in text

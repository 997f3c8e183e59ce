"""The line that the command prints shows the run in MLflow's own interface."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from browser import chromium

pytestmark = [pytest.mark.slow, pytest.mark.needs_browser]


@pytest.fixture
def ui(developed: Any, tmp_path: Path) -> Iterator[str]:
    """Start the interface on a free port of the loopback address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    _, _, *arguments = developed.summary["mlflow_ui"].split()
    command = [sys.executable, "-m", "mlflow", "ui", *arguments, "--port", str(port)]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, start_new_session=True
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def wait_for(address: str) -> None:
    # Minutes on a busy machine: the server imports all of MLflow, several times over.
    end = time.monotonic() + 240
    while time.monotonic() < end:
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"nothing answered at {address}")


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

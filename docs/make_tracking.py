"""Make the pictures of ``comparing_runs.md`` anew: ``python docs/make_tracking.py [FOLDER]``.

Develops ``configs/compare_landmarks.yaml`` on synthetic patients into a store of its own, opens
that in ``mlflow ui`` on the loopback address, and photographs what a data scientist sees. A FOLDER
that is named is kept, and used again without developing anew. Needs Chromium.
"""

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "src"))

STUDY = DOCS.parent / "configs" / "compare_landmarks.yaml"
LANDMARKS = ("24h", "48h", "72h")
WIDTH, REST_MS = 1400, 6_000
# As somebody has it who has opened the interface before: no assistant over half of the page.
OPENED_BEFORE = {
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
    "mlflow.assistant.panelOpen_v1": "false",
    "mlflow.workflowType_v1": '"machine_learning"',
    "_mlflow_model_registry_promo_modal_dismissed_v1": "true",
}


def develop_once(folder: Path) -> None:
    """Simulate, develop, register a model at each landmark and promote the last."""
    from icans_risk import develop
    from icans_risk.workflow.registry import promote_model, register_model
    from icans_risk.workflow.simulate import Simulation, simulate_folder

    if (folder / "run.json").is_file():
        return
    study = folder / "configs" / STUDY.name
    study.parent.mkdir(parents=True)
    shutil.copy(STUDY, study)
    simulate_folder(folder / "synthetic_data" / "landmarks", Simulation(patients=300, seed=7))
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    told = develop(
        study, tracking_uri=uri, artifacts=folder / "artifacts", reports=folder / "reports"
    )
    for landmark in LANDMARKS:
        register_model(told["run_id"], landmark=landmark, tracking_uri=uri)
    promote_model(f"{told['study']}-{LANDMARKS[-1]}", tracking_uri=uri)
    (folder / "run.json").write_text(json.dumps(told), encoding="utf-8")


@contextmanager
def interface(folder: Path) -> Iterator[str]:
    """Serve the store while the block runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = f"sqlite:///{folder / 'mlflow.db'}"
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store]
    quiet = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    server = subprocess.Popen(
        [*command, "--port", str(port), "--workers", "1"],
        env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 240
        while not _answers(f"{address}/health"):
            if server.poll() is not None or time.monotonic() > end:
                raise SystemExit("mlflow ui did not start.")
            time.sleep(0.5)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5):
            return True
    except OSError:
        return False


class Camera:
    """Opens pages of the interface and keeps what is seen."""

    def __init__(self, browser: Any, address: str) -> None:
        self._browser, self._address = browser, address

    def shoot(
        self,
        name: str,
        path: str,
        *,
        until: str,
        height: int = 900,
        first: Callable[[Any], None] | None = None,
    ) -> None:
        """Keep a page as a PNG, once some text is there and the page is at rest."""
        context = self._browser.new_context(viewport={"width": WIDTH, "height": height})
        for key, value in OPENED_BEFORE.items():
            context.add_init_script(f"localStorage.setItem({key!r}, {value!r})")
        page = context.new_page()
        page.goto(f"{self._address}/#{path}")
        page.get_by_text(until).first.wait_for(timeout=120_000)
        if first is not None:
            first(page)
        # The interface keeps asking for news, so that the network is never idle.
        page.wait_for_timeout(REST_MS)
        _keep(page.screenshot(), DOCS / name)
        context.close()


def _keep(png: bytes, file: Path) -> None:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        # A page has few colours, and a picture of it shall be small.
        image.convert("RGB").quantize(200).save(file, optimize=True)


def photograph(camera: Camera, told: dict[str, Any], runs: dict[str, str]) -> None:
    """Keep what the page shows."""
    experiment = f"/experiments/{told['experiment_id']}"
    views = f"{experiment}/runs?viewStateShareKey=icans"
    charts = "compareRunsMode=CHART"
    camera.shoot(
        "comparing_table.png", f"{views}-slope", until="not audited", height=860, first=widen
    )
    camera.shoot(
        "comparing_figures.png", f"{views}-72h&{charts}", until="Image grid", height=1130,
        first=widen,
    )  # fmt: skip
    camera.shoot(
        "comparing_landmarks.png", f"{views}-landmarks&{charts}", until="Image grid", height=1130,
        first=widen,
    )  # fmt: skip
    camera.shoot(
        "comparing_metrics.png", f"{views}-slope&{charts}", until="Image grid", height=1330,
        first=fold_figures,
    )  # fmt: skip
    one = f"{experiment}/runs/{runs['72 h booster']}"
    camera.shoot("comparing_overview.png", one, until="About this run", height=880)
    camera.shoot(
        "comparing_artifacts.png", f"{one}/artifacts", until="decision_curve.png", height=840,
        first=open_curve,
    )  # fmt: skip
    name = f"{told['study']}-{LANDMARKS[-1]}"
    camera.shoot("comparing_registry.png", f"/models/{name}/versions/1", until="Aliases")


def widen(page: Any) -> None:
    """Fold up what stands beside the runs."""
    page.get_by_label("Toggle sidebar").click()


def fold_figures(page: Any) -> None:
    """Fold up the figures, so that what stands below them is seen."""
    widen(page)
    page.locator("text=/^Figures/").first.click()


def open_curve(page: Any) -> None:
    """Choose a figure; where it lies on the machine that took the picture is nobody's business."""
    page.get_by_text("decision_curve.png").first.click()
    place = page.get_by_text("Path: file:")
    place.first.wait_for()
    place.first.evaluate("line => { line.style.visibility = 'hidden' }")


def main(folder: Path) -> None:
    """Develop and photograph."""
    from mlflow import MlflowClient
    from playwright.sync_api import sync_playwright

    develop_once(folder)
    told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    client = MlflowClient(told["paths"]["tracking"])
    runs = {
        run.info.run_name: run.info.run_id for run in client.search_runs([told["experiment_id"]])
    }
    chromium = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox"]}
    with interface(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium)
        photograph(Camera(browser, address), told, runs)
        browser.close()


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory(prefix="icans-risk-") as throwaway:
            main(Path(throwaway))

"""Time MLflow's server behind the shipped proxy against scoring in process, in one run.

Run: ``python benchmarks/serving.py MODEL COHORT [--patients 200] [--rounds 5]``, with a released
model and a cohort folder, both synthetic, such as ``icans-risk develop`` and ``simulate`` write.
Needs nginx and openssl. Patients are cut off at the model's landmark, as they would be asked about,
and the two servers are started as ``docs/scoring.md`` says:

- ``one``: a request for each patient, one after the other, a new connection each;
- ``all``: all of them in one request, several times.

In process ``score_rows`` answers the same, which is the bound: no HTTP and no MLflow. Times are of
the clock on the wall, by row. Before anything is timed both answers are compared, bit for bit.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np

SHIPPED = Path(__file__).parents[1] / "configs" / "serving" / "nginx.conf"
PROXY, BACKEND = 8443, 5001
LOGIN = "ward:benchmark"
Rows = list[dict[str, str]]
Ask = Callable[[Rows], list[dict[str, Any]]]


def rows_at_landmark(cohort_folder: Path, landmark_h: float, *, patients: int) -> Rows:
    """Return as many patients with what was known of them at the landmark."""
    from icans_risk.cohort import read_cohort_folder
    from icans_risk.serving import RawTables
    from icans_risk.serving.wire import wire_rows

    cohort = read_cohort_folder(cohort_folder)
    known = [t[t["available_h"] <= landmark_h] for t in (cohort.events, cohort.grades)]
    episodes = cohort.episodes.copy()
    episodes["followed_until_h"] = episodes["followed_until_h"].clip(upper=landmark_h)
    for name in set(episodes) & {"died_h", "discharged_h"}:
        episodes[name] = episodes[name].where(episodes[name] <= landmark_h)
    rows: Rows = wire_rows(RawTables(episodes.head(patients), *known)).to_dict("records")
    return rows


def log_model(model: Path, folder: Path) -> Path:
    """Log a released model to a store of its own; return what MLflow serves."""
    from icans_risk.tracking import RunRecord, log_run, open_store

    uri = f"sqlite:///{folder}/mlflow.db"
    store = open_store(uri, artifacts=folder / "artifacts", experiment="benchmark")
    log_run(store, RunRecord("served", scoring_model=model))
    (found,) = folder.glob("artifacts/models/m-*/artifacts")
    return found


@contextmanager
def started(command: Sequence[str], folder: Path) -> Iterator[None]:
    """Run a server until its port answers, and end it afterwards."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=30)


@contextmanager
def servers(logged: Path, folder: Path) -> Iterator[None]:
    """Start both, as the guide says, and wait for a ping through the proxy."""
    user, _, password = LOGIN.partition(":")
    hashed = subprocess.check_output(["openssl", "passwd", "-6", password], text=True)
    (folder / "htpasswd").write_text(f"{user}:{hashed}", encoding="utf-8")
    (folder / "nginx.conf").write_bytes(SHIPPED.read_bytes())
    proxy = ["nginx", "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"]
    serve = ["mlflow", "models", "serve", "-m", str(logged), "--env-manager", "local"]
    if os.getuid() == 0:
        proxy += ["-g", "user root;"]
    with (
        started([*serve, "--host", "127.0.0.1", "--port", str(BACKEND)], folder),
        started(proxy, folder),
    ):
        until = time.monotonic() + 240
        while request("GET", "/ping")[0] != 200:
            assert time.monotonic() < until, (folder / "log").read_text(encoding="utf-8")
            time.sleep(0.5)
        yield


def request(method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """Ask through the proxy; 0 if nobody listens yet."""
    connection = HTTPConnection("localhost", PROXY, timeout=300)
    login = base64.b64encode(LOGIN.encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


def by_server(rows: Rows) -> list[dict[str, Any]]:
    """Score by the server."""
    body = json.dumps({"dataframe_records": rows, "params": {"data_kind": "synthetic"}}).encode()
    status, told = request("POST", "/invocations", body)
    assert status == 200, told
    records: list[dict[str, Any]] = json.loads(told)["predictions"]
    return records


def in_process(model: Path) -> Ask:
    """Return the same by the library alone."""
    import pandas as pd

    from icans_risk.serving import load_served
    from icans_risk.serving.wire import score_rows

    served = load_served(model)
    return lambda rows: score_rows(pd.DataFrame(rows), [served], data_kind="synthetic")


def timed(asks: dict[str, Ask], requests: Sequence[Rows]) -> dict[str, list[float]]:
    """Return milliseconds by row of each request, all who answer taking turns."""
    taken: dict[str, list[float]] = {who: [] for who in asks}
    for rows in requests:
        for who, ask in asks.items():
            before = time.perf_counter()
            ask(rows)
            taken[who].append(1000 * (time.perf_counter() - before) / len(rows))
    return taken


def main(model: Path, cohort: Path, *, patients: int, rounds: int) -> None:
    """Compare, time, print the table."""
    from icans_risk.serving import load_served

    rows = rows_at_landmark(cohort, load_served(model).landmark_h, patients=patients)
    asked = {"one": [[row] for row in rows], "all": [rows] * rounds}
    with tempfile.TemporaryDirectory() as name:
        folder, local = Path(name), in_process(model)
        with servers(log_model(model, folder), folder):
            assert by_server(rows) == local(rows), "the answers differ"
            asks = {"in process": local, "server": by_server}
            taken = {kind: timed(asks, requests) for kind, requests in asked.items()}
    print(f"{len(rows)} patients, {sum(map(len, map(json.dumps, rows))) / 1e6:.1f} MB\n")
    print("| requests | by | p50 ms per row | p95 ms per row | p50 of in process |")
    print("|---|---|---|---|---|")
    for kind, by in taken.items():
        for who, times in by.items():
            middle, high = np.percentile(times, [50, 95])
            ratio = middle / np.median(by["in process"])
            print(f"| {kind} | {who} | {middle:.1f} | {high:.1f} | {ratio:.2f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    main(given.model, given.cohort, patients=given.patients, rounds=given.rounds)

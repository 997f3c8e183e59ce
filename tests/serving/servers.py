"""MLflow's server and the proxy before it, started as a user would, and raw requests to them."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Answer", "Proxied", "free_port", "mlflow_server", "nginx_proxy", "send"]

USER, PASSWORD = "ward", "correct horse"


@dataclass(frozen=True)
class Answer:
    """What came back: status 0 if the connection was closed without a word."""

    status: int
    head: bytes
    body: bytes

    @property
    def predictions(self) -> list[dict[str, Any]]:
        """The records of an answer of 200."""
        found: list[dict[str, Any]] = json.loads(self.body)["predictions"]
        return found


@dataclass(frozen=True)
class Proxied:
    """A proxy that runs, and the logs of both."""

    port: int
    logs: tuple[Path, ...]

    def request(
        self,
        method: str = "POST",
        path: str = "/invocations",
        *,
        body: bytes = b"",
        headers: dict[str, str | None] | None = None,
    ) -> bytes:
        """Write a request as it goes over the wire; a header of None is left out."""
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        whole: dict[str, str | None] = {
            "Host": f"localhost:{self.port}",
            "Authorization": f"Basic {login}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
        } | (headers or {})
        lines = [f"{name}: {value}" for name, value in whole.items() if value is not None]
        return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode() + body


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def mlflow_server(model: Path, folder: Path) -> Iterator[int]:
    """Serve a logged model, and give the port."""
    port = free_port()
    scripts = str(Path(sys.executable).parent)
    environment = os.environ | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/none.db",
    }
    command = [
        sys.executable, "-m", "mlflow", "models", "serve", "-m", str(model), "-p", str(port),
        "--env-manager", "local", "--host", "127.0.0.1",
    ]  # fmt: skip
    with _running(command, folder / "mlflow.log", environment) as process:
        _wait(process, port, folder / "mlflow.log")
        yield port


@contextmanager
def nginx_proxy(shipped: Path, folder: Path, backend: int) -> Iterator[Proxied]:
    """Run the shipped configuration, its two ports replaced and nothing else."""
    port = free_port()
    text = shipped.read_text(encoding="utf-8")
    assert text.count("127.0.0.1:8443") == 2
    assert text.count("http://127.0.0.1:5001/") == 2
    text = text.replace("127.0.0.1:8443", f"127.0.0.1:{port}")
    text = text.replace("127.0.0.1:5001", f"127.0.0.1:{backend}")
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True
    ).stdout
    (folder / "htpasswd").write_text(f"{USER}:{hashed}", encoding="utf-8")
    command = ["nginx", "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"]
    if os.getuid() == 0:
        # Its workers would become nobody, who cannot read a folder of root's.
        command += ["-g", "user root;"]
    log = folder / "nginx.log"
    with _running(command, log, dict(os.environ)) as process:
        _wait(process, port, log)
        yield Proxied(port, (folder / "mlflow.log", log, folder / "access.log"))


@contextmanager
def _running(
    command: Sequence[str], log: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("w") as file:
        process = subprocess.Popen(
            command, env=environment, cwd=log.parent, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(log.read_text())


def send(port: int, request: bytes) -> Answer:
    """Send bytes as they are and read until the other side closes."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        # It may have answered and listen no longer, or reset what it dropped.
        with suppress(OSError):
            connection.sendall(request)
        with suppress(ConnectionResetError):
            while chunk := connection.recv(2**16):
                said += chunk
    while said.startswith(b"HTTP/1.1 100"):
        said = said.partition(b"\r\n\r\n")[2]
    head, _, body = said.partition(b"\r\n\r\n")
    return Answer(int(head.split()[1]) if head else 0, head, body)

"""A user's whole way through a store, by the command line alone."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["PROGRAM", "Told", "go"]

PROGRAM = [sys.executable, "-c", "from icans_risk.cli.start import run; run()"]


@dataclass(frozen=True)
class Told:
    """What the commands said: the documents, and all that was printed."""

    developed: dict[str, Any]
    registered: dict[str, Any]
    promoted: dict[str, Any]
    scored: dict[str, Any]
    printed: str


def go(uri: str, files: Path, folder: Path, *, environment: Mapping[str, str]) -> Told:
    """Develop, register, promote, and score by the registered name, in a folder."""
    printed = []

    def call(*arguments: str, json_file: str) -> dict[str, Any]:
        done = subprocess.run(
            [*PROGRAM, *arguments, "--tracking-uri", uri],
            capture_output=True, text=True, check=False, cwd=folder, env=environment,
        )  # fmt: skip
        printed.append(done.stdout + done.stderr)
        assert done.returncode == 0, printed[-1]
        told: dict[str, Any] = json.loads((folder / json_file).read_text())
        return told

    def with_json(*arguments: str) -> dict[str, Any]:
        return call(*arguments, "--json", f"{arguments[0]}.json", json_file=f"{arguments[0]}.json")

    developed = with_json("develop", str(files / "study.yaml"), "--workers", "1")
    registered = with_json("register", developed["run_id"][:8])
    name = registered["reference"].removeprefix("models:/").partition("/")[0]
    promoted = with_json("promote", name)
    new = str(files / "new" / "cohort")
    scored = call(
        "score", f"models:/{name}@champion", new, "--out", "risks.json", json_file="risks.json"
    )
    return Told(developed, registered, promoted, scored, "".join(printed))

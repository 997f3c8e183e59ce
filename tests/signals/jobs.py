"""What workers are told to do in tests: to answer, to fail in every way, to say who they are."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["do"]


def do(job: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "answer": lambda: {"value": job["value"], "worker": os.getpid()},
        "print": lambda: os.write(1, b"noise\n") and {"value": job["value"]},
        "raise": _raise,
        "die": lambda: os._exit(3),
        "hoard": lambda: {"bytes": len(bytearray(4 * 2**30))},
        "sleep": lambda: time.sleep(60) or {},
        "spin": _spin,
        "write": lambda: {"written": Path(job["file"]).write_text("a patient")},
        "infinite": lambda: {"value": float("inf")},
        "large": lambda: {"value": "x" * 1_000_000},
    }[job["do"]]()


def _raise() -> dict[str, Any]:
    raise ValueError("Mustermann, Erika")


def _spin() -> dict[str, Any]:
    while True:
        pass

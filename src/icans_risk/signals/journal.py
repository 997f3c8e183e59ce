"""Results of an interrupted run, by checksum, for the next one to take up."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["Journal"]


class Journal:
    """A folder beside the output with one file per finished recording.

    A file's name is the checksum of all that the result depends on, and its content plain
    numbers. Only its owner can read it.

    Parameters
    ----------
    out : Path
        The folder that the results will be in; the journal lies beside it and is hidden.
    """

    def __init__(self, out: Path) -> None:
        self.folder = out.with_name(f".{out.name}.resume")

    def __len__(self) -> int:
        return sum(1 for _ in self.folder.glob("*.json"))

    def open(self) -> None:
        """Make the folder, or keep what an interrupted run left in it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, result: Mapping[str, Any]) -> None:
        """Keep a result, whole or not at all."""
        handle, draft = tempfile.mkstemp(dir=self.folder, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(result, stream, allow_nan=False)
        Path(draft).replace(self.folder / f"{result['key']}.json")

    def close(self) -> None:
        """Remove the folder: the results are where they belong."""
        shutil.rmtree(self.folder, ignore_errors=True)

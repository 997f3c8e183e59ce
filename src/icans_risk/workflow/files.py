"""Files written whole or not at all, readable by their owner only."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from icans_risk.errors import IcansRiskError

__all__ = ["check_folder", "write_json", "write_whole"]


def check_folder(file: Path) -> None:
    """Refuse a file whose folder is not there, before minutes of work and not after them."""
    if not file.parent.is_dir():
        raise IcansRiskError(f"{file}: its folder does not exist. Make it, or name another file.")


def write_whole(file: Path, text: str) -> None:
    """Write a text file in one step, mode 0600.

    Raises
    ------
    IcansRiskError
        If it cannot be written; what stood there before stays.
    """
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".draft-") as folder:
            draft = Path(folder) / file.name
            draft.touch(mode=0o600)
            draft.write_text(text, encoding="utf-8", newline="\n")
            draft.replace(file)
    except OSError as error:
        raise IcansRiskError(f"{file}: cannot write the file ({error.strerror}).") from None


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write strict JSON in one step, mode 0600."""
    write_whole(file, json.dumps(content, indent=2, allow_nan=False) + "\n")

"""Files written whole or not at all, readable by their owner only."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from icans_risk.cohort import new_folder as whole_folder
from icans_risk.errors import CohortError, IcansRiskError

__all__ = ["check_folder", "new_folder", "whole_file", "write_json", "write_whole"]


def check_folder(file: Path) -> None:
    """Refuse a file whose folder is not there, before minutes of work and not after them."""
    if not file.parent.is_dir():
        raise IcansRiskError(f"{file}: its folder does not exist. Make it, or name another file.")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Build a folder that appears whole or not at all, and make its parents first.

    Parameters
    ----------
    out : Path
        Must not exist.

    Yields
    ------
    Path
        The folder under construction.

    Raises
    ------
    CohortError
        If it exists or cannot be made.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CohortError(f"{out}: cannot be made ({error.strerror}).") from None
    with whole_folder(out) as draft:
        yield draft


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Build a file that appears in one step, mode 0600.

    Yields
    ------
    Path
        The file under construction.

    Raises
    ------
    IcansRiskError
        If it cannot be written; what stood there before stays.
    """
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".draft-") as folder:
            draft = Path(folder) / file.name
            draft.touch(mode=0o600)
            yield draft
            draft.replace(file)
    except OSError as error:
        raise IcansRiskError(f"{file}: cannot write the file ({error.strerror}).") from None


def write_whole(file: Path, text: str) -> None:
    """Write a text file in one step, mode 0600.

    Raises
    ------
    IcansRiskError
        If it cannot be written; what stood there before stays.
    """
    with whole_file(file) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write strict JSON in one step, mode 0600."""
    write_whole(file, json.dumps(content, indent=2, allow_nan=False) + "\n")

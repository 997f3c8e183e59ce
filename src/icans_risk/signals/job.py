"""What a worker does with any file: watch it, know it again, measure it, or say why not."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from icans_risk.signals.reasons import FileRefusedError

__all__ = ["answer_job", "hash_files"]

_PIECE = 2**20


def answer_job(
    job: Mapping[str, Any],
    measure: Callable[[], dict[str, Any]],
    *,
    parts: Callable[[], Sequence[Path]],
    algorithm: int,
    beside: Sequence[Path] = (),
    settings: str = "",
) -> dict[str, Any]:
    """Measure a file, or say why not; a result of an earlier run is taken from the journal.

    Parameters
    ----------
    job : mapping
        ``sha256`` (what the table states) and ``journal`` (a folder of results) may be there.
    measure : callable
        Gives plain numbers, or raises a ``FileRefusedError``.
    parts : callable
        Lists the files that the recording consists of.
    algorithm : int
        A result of another one is not taken.
    beside : sequence of Path
        Further files that the result depends on.
    settings : str
        What else it depends on.

    Returns
    -------
    dict
        The measurements, ``refused`` (a code or None), ``sha256`` of the parts, and ``key``,
        which also names what stands beside them.
    """
    checksum = ""
    try:
        files = [*parts(), *beside]
        before = [_stamp(file) for file in files]
        checksum = hash_files(files[: len(files) - len(beside)])
        if job.get("sha256") not in (None, checksum):
            raise FileRefusedError("checksum_differs")
        key = _key(checksum, beside, settings)
        known = _look_up(job.get("journal"), key, algorithm)
        if known is not None:
            return known
        found = measure()
        if [_stamp(file) for file in files] != before:
            raise FileRefusedError("changed_while_read")
    except FileRefusedError as error:
        return {"refused": error.code, "figures": error.figures, "sha256": checksum}
    about = {"refused": None, "sha256": checksum, "key": key, "algorithm": algorithm}
    return about | found


def hash_files(files: Iterable[Path]) -> str:
    """Return the SHA-256 of the bytes of files, one after another."""
    total = hashlib.sha256()
    try:
        for file in files:
            with file.open("rb") as stream:
                while piece := stream.read(_PIECE):
                    total.update(piece)
    except OSError:
        raise FileRefusedError("not_found") from None
    return total.hexdigest()


def _key(checksum: str, beside: Sequence[Path], settings: str) -> str:
    if not beside and not settings:
        return checksum
    text = "\n".join([checksum, settings, *(hash_files([file]) for file in beside)])
    return hashlib.sha256(text.encode()).hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        raise FileRefusedError("not_found") from None
    return status.st_size, status.st_mtime_ns


def _look_up(journal: str | None, key: str, algorithm: int) -> dict[str, Any] | None:
    if journal is None:
        return None
    try:
        known = json.loads((Path(journal) / f"{key}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_mine = isinstance(known, dict) and known.get("algorithm") == algorithm
    return known if is_mine and known.get("key") == key else None

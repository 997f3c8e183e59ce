"""A folder that appears whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from icans_risk.errors import CohortError

__all__ = ["new_folder"]


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Build a folder under another name; it gets its own when the block ends without an error.

    Parameters
    ----------
    folder : Path
        Must not exist; its parent must. It gets mode 0700, its files 0600.

    Yields
    ------
    Path
        The folder under construction, beside its place; an error removes it.

    Raises
    ------
    CohortError
        If the folder exists, or cannot be made beside its place.
    """
    _refuse_existing(folder)
    try:
        # Only the owner may enter it, from the first byte on.
        made = tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent)
    except OSError as error:
        raise CohortError(
            f"{folder}: cannot write beside it ({error.strerror}). Name a folder whose parent "
            "exists and may be written."
        ) from None
    draft = Path(made)
    try:
        yield draft
        for path in draft.rglob("*"):
            _secure(path)
        _refuse_existing(folder)
        draft.rename(folder)
    finally:
        # After the renaming there is nothing left under this name.
        shutil.rmtree(draft, ignore_errors=True)


def _secure(path: Path) -> None:
    path.chmod(0o700 if path.is_dir() else 0o600)
    # On the disk before the folder gets its name, so that a power cut leaves no empty files.
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _refuse_existing(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        raise CohortError(f"{folder}: exists, and is never overwritten. Name another folder.")

"""Where a file lies, said so that the path of nobody's home is kept with a run."""

import os
from pathlib import Path

from icans_risk.tracking.backend import SQLITE

__all__ = ["find_place", "name_place"]


def name_place(file: Path, store_uri: str) -> str:
    """Say where a file lies, seen from the store.

    Parameters
    ----------
    file : Path
        The file.
    store_uri : str
        Tracking URI of the store that shall keep it.

    Returns
    -------
    str
        Relative to the folder of a SQLite store, so that both can be moved together. In a
        store that others share, relative to the current folder, and only the name of a file
        that lies outside.
    """
    place, start = file.resolve(), _start(store_uri)
    if not store_uri.startswith(SQLITE):
        inside = place.is_relative_to(start)
        return place.relative_to(start).as_posix() if inside else place.name
    try:
        return Path(os.path.relpath(place, start)).as_posix()
    except ValueError:
        # Another drive.
        return place.name


def find_place(named: str, store_uri: str) -> Path:
    """Return the file that ``name_place`` named."""
    return (_start(store_uri) / named).resolve()


def _start(store_uri: str) -> Path:
    if store_uri.startswith(SQLITE):
        return Path(store_uri.removeprefix(SQLITE)).resolve().parent
    return Path.cwd()

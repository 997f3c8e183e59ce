"""What a cohort folder says about itself, and how damage to it is found.

The checksums find damage. They do not prove who wrote a folder.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from icans_risk.errors import CohortError

__all__ = [
    "CohortManifest",
    "DataKind",
    "StoredTable",
    "check_file",
    "damaged",
    "fingerprint",
    "read_manifest",
    "write_manifest",
]

DataKind = Literal["real", "synthetic"]

SCHEMA_VERSION = 1
_MANIFEST = "manifest.json"
_SEAL = "sha256_of_the_rest"


@dataclass(frozen=True)
class StoredTable:
    """One file of a cohort folder: its rows, its size in bytes and its SHA-256."""

    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class CohortManifest:
    """What a cohort folder says about itself.

    Attributes
    ----------
    schema_version : int
        Version of the folder's layout.
    data_kind : {"real", "synthetic"}
        Whether patients stand behind the rows.
    made_by : str
        How the cohort was made, for example the command and its options.
    package_version : str
        The version of this package that wrote it.
    tables : dict of str to StoredTable
        One entry for each of episodes, events and grades.
    """

    schema_version: int
    data_kind: DataKind
    made_by: str
    package_version: str
    tables: dict[str, StoredTable]


def read_manifest(folder: Path | str) -> CohortManifest:
    """Read what a cohort folder says about itself, without opening its tables.

    Parameters
    ----------
    folder : path-like
        A folder written by ``write_cohort`` or ``CohortWriter``.

    Returns
    -------
    CohortManifest
        Checked against its own checksum.

    Raises
    ------
    CohortError
        If it is absent or damaged, or the folder has another layout version.
    """
    path = Path(folder) / _MANIFEST
    fields = _unsealed(path)
    version = fields.get("schema_version")
    if version != SCHEMA_VERSION:
        raise CohortError(
            f"{path}: this package reads layout version {SCHEMA_VERSION}, got {version}. Write the "
            "folder again, or use the version that wrote it."
        )
    try:
        tables = {name: StoredTable(**entry) for name, entry in fields.pop("tables").items()}
        return CohortManifest(**fields, tables=tables)
    except (AttributeError, KeyError, TypeError):
        raise damaged(path) from None


def _unsealed(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CohortError(
            f"{path}: cannot be read ({error.strerror}). Name a cohort folder that was written "
            "to its end."
        ) from None
    try:
        fields = json.loads(data)
        del fields[_SEAL]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise damaged(path) from None
    # To the byte: a changed space is damage too.
    if data != _sealed(fields):
        raise damaged(path)
    return dict(fields)


def write_manifest(manifest: CohortManifest, folder: Path) -> None:
    """Write the manifest, with its own checksum in it, into a folder."""
    (folder / _MANIFEST).write_bytes(_sealed(asdict(manifest)))


def fingerprint(path: Path, *, rows: int) -> StoredTable:
    """Hash a file that holds so many rows; raise OSError if it is not there."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return StoredTable(rows, os.fstat(file.fileno()).st_size, digest)


def check_file(folder: Path, name: str, manifest: CohortManifest) -> Path:
    """Return the path of a table's file, if it is as it was written; it is not parsed."""
    path = folder / f"{name}.parquet"
    try:
        stored = manifest.tables[name]
        if fingerprint(path, rows=stored.rows) != stored:
            raise damaged(path)
    except (KeyError, OSError):
        raise damaged(path) from None
    return path


def _sealed(fields: dict[str, Any]) -> bytes:
    rest = json.dumps(fields, sort_keys=True).encode()
    seal = {_SEAL: hashlib.sha256(rest).hexdigest()}
    return (json.dumps(fields | seal, sort_keys=True, indent=2) + "\n").encode()


def damaged(path: Path) -> CohortError:
    """Say in one line which file is damaged."""
    return CohortError(
        f"{path}: absent, or not as it was written. Restore this file or write the folder again."
    )

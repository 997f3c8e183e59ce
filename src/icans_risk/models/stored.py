"""A fitted model in a folder: plain JSON, and a manifest that tells damage from content."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import icans_risk
from icans_risk.errors import ModelError
from icans_risk.models.states import Storable, pack, unpack
from icans_risk.models.trees import XGBOOST_FLOOR

__all__ = ["StoredModel", "load_model", "save_model", "stored_hash"]

FORMAT = 1
MODEL, MANIFEST = "model.json", "manifest.json"
# Fifty rebuilds of a thousand trees of depth 2 are 50 MB; a manifest is half a kilobyte.
MAX_BYTES = {MODEL: 128 * 2**20, MANIFEST: 64 * 2**10}

_NO_FACTS: Mapping[str, Any] = MappingProxyType({})
# What reading a state can raise that is not what `to_state` wrote.
_MISSHAPEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True)
class StoredModel:
    """What a folder held.

    Attributes
    ----------
    model : estimator
        The fitted model.
    facts : mapping
        What was saved beside it.
    package_version : str
        Of icans_risk when it was saved.
    """

    model: Any
    facts: Mapping[str, Any]
    package_version: str


def save_model(model: Storable, folder: Path, *, facts: Mapping[str, Any] = _NO_FACTS) -> None:
    """Write a fitted model to a new folder, whole or not at all.

    Parameters
    ----------
    model : estimator
        A fitted model of this package.
    folder : Path
        Must not exist; its parent must. It gets mode 0700, its files 0600.
    facts : mapping
        More JSON values to keep with the model, under the same hash.

    Raises
    ------
    ModelError
        If the folder exists or cannot be made, the model is of no class that can be read
        back, or a value has no place in strict JSON.
    """
    content = {
        "package_version": icans_risk.__version__,
        "model": pack(model),
        "facts": dict(facts),
    }
    try:
        text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"a stored model and its facts must be JSON with finite numbers ({error}). Write "
            "missing numbers as None and arrays as lists."
        ) from None
    written = text.encode()
    if len(written) > MAX_BYTES[MODEL]:
        raise ModelError(
            f"a stored model must have at most {MAX_BYTES[MODEL]} bytes, this one has "
            f"{len(written)}. Keep fewer trees or rebuilds."
        )
    _write_folder(folder, {MODEL: written, MANIFEST: _manifest(written, content)})


def load_model(folder: Path) -> StoredModel:
    """Read a model that ``save_model`` wrote.

    Sizes are looked at before anything is read, the hash before anything is parsed, and
    trees before XGBoost sees them. A hash tells damage, not intent: take models from people
    whom you trust.

    Parameters
    ----------
    folder : Path
        The model's folder; other files in it are not read.

    Returns
    -------
    StoredModel
        Its model predicts what the saved one did, bit for bit.

    Raises
    ------
    ModelError
        If a file is missing, too large or damaged, or another version wrote it.
    """
    manifest_written = _read(folder, MANIFEST)
    manifest = _parse(manifest_written, MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ModelError(
            f"{MANIFEST} must describe a model of format {FORMAT}, and this one does not. Read it "
            "with the package version that wrote it, or take another copy."
        )
    written = _read(folder, MODEL)
    if manifest.get("files") != _described(written):
        raise _damaged(MODEL, "its size or SHA-256 is not that of the manifest")
    content = _parse(written, MODEL)
    try:
        # Byte by byte, so that not even its spaces may change.
        is_whole = manifest_written == _manifest(written, content)
        model = unpack(content["model"])
        stored = StoredModel(model, content["facts"], content["package_version"])
    except ModelError:
        raise
    except _MISSHAPEN:
        raise _damaged(MODEL, "it does not have the parts of a model") from None
    if not is_whole:
        raise _damaged(MANIFEST, "it is not that of the model beside it")
    return stored


def stored_hash(folder: Path) -> str:
    """Return the SHA-256 of a stored model, which its manifest has to name as well.

    Raises
    ------
    ModelError
        If a file is missing or damaged.
    """
    manifest = _parse(_read(folder, MANIFEST), MANIFEST)
    told = _described(_read(folder, MODEL))
    if not isinstance(manifest, dict) or manifest.get("files") != told:
        raise _damaged(MODEL, "its size or SHA-256 is not that of the manifest")
    return str(told[MODEL]["sha256"])


def _manifest(written: bytes, content: Mapping[str, Any]) -> bytes:
    columns = json.dumps(content["model"]["state"].get("columns"))
    manifest = {
        "format": FORMAT,
        "package_version": content["package_version"],
        "xgboost_at_least": ".".join(map(str, XGBOOST_FLOOR)),
        "columns_sha256": hashlib.sha256(columns.encode()).hexdigest(),
        "files": _described(written),
    }
    return json.dumps(manifest, indent=2).encode()


def _described(written: bytes) -> dict[str, Any]:
    return {MODEL: {"bytes": len(written), "sha256": hashlib.sha256(written).hexdigest()}}


def _read(folder: Path, name: str) -> bytes:
    path, most = folder / name, MAX_BYTES[name]
    if path.is_symlink() or not path.is_file():
        raise ModelError(
            f"the folder of a model must hold the plain file {name}, and this one does not. Name "
            "the folder that the model was saved to."
        )
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not 0 < size <= most:
            raise _damaged(name, f"it must have 1 to {most} bytes, and has {size}")
        return file.read(size)


def _parse(content: bytes, name: str) -> Any:
    def refuse(_: str) -> None:
        raise ValueError

    try:
        return json.loads(content.decode("ascii"), parse_constant=refuse)
    except (ValueError, RecursionError):
        raise _damaged(name, "it is not strict JSON") from None


def _damaged(name: str, what: str) -> ModelError:
    return ModelError(f"{name} is damaged: {what}. Take another copy of the model.")


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    if folder.exists() or folder.is_symlink():
        raise ModelError("the folder for a model must be new, and this one exists. Name another.")
    try:
        made = tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent)
    except OSError as error:
        raise ModelError(
            f"the folder for a model cannot be made ({error.strerror}). Name one whose parent "
            "exists and may be written."
        ) from None
    draft = Path(made)
    try:
        for name, content in files.items():
            _write_file(draft / name, content)
        draft.replace(folder)
    finally:
        # After the renaming there is nothing left under this name.
        shutil.rmtree(draft, ignore_errors=True)


def _write_file(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        # On the disk before the folder gets its name, so that a power cut leaves no half.
        os.fsync(file.fileno())

"""Pseudonyms: a keyed hash of each identifier, and the key file that it needs.

A bare hash would not do, because record numbers can be enumerated. A pseudonym is derived
from the identifier and stays personal data; without the key it cannot be traced back.
"""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from icans_risk.errors import IcansRiskError

__all__ = ["make_key", "pseudonym", "read_key"]

KEY_BYTES = 32
# 80 bits: among a million patients, two share a pseudonym with a chance of one in a trillion.
HASH_BYTES = 10


def make_key(file: Path) -> None:
    """Make a new key file, mode 0600.

    Parameters
    ----------
    file : Path
        Must not exist, and must not lie in a repository.

    Raises
    ------
    IcansRiskError
        If it exists, cannot be written, or would be committed with a repository.
    """
    _refuse_repository(file)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise IcansRiskError(f"{file}: cannot make the key file ({error.strerror}).") from None
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(KEY_BYTES) + "\n")


def read_key(file: Path) -> bytes:
    """Read a key file that nobody but its owner can read.

    Parameters
    ----------
    file : Path
        From ``make_key``.

    Returns
    -------
    bytes
        The key.

    Raises
    ------
    IcansRiskError
        If it is absent, lies in a repository, may be read by others, or is no key.
    """
    _refuse_repository(file)
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise IcansRiskError(
            f"{file}: cannot read the key file ({error.strerror}). Make one with 'icans-risk "
            "make-key', or correct handling.pseudonym_key."
        ) from None
    except UnicodeDecodeError:
        raise _no_key(file) from None
    if os.name == "posix" and mode & 0o077:
        raise IcansRiskError(f"{file}: others may read the key. Run: chmod 600 {file}")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise _no_key(file) from None
    if len(key) < KEY_BYTES:
        raise _no_key(file)
    return key


def pseudonym(identifier: str, key: bytes, *, kind: str) -> str:
    """Return the pseudonym of an identifier.

    Parameters
    ----------
    identifier : str
        As the source has it.
    key : bytes
        From ``read_key``.
    kind : str
        ``patient`` or ``episode``: the same identifier gives another pseudonym as the other.

    Returns
    -------
    str
        The first letter of the kind and 16 characters.

    Examples
    --------
    >>> pseudonym("00123", bytes(32), kind="patient")
    'p-jofyeaj3aaxkz2yk'
    """
    digest = hmac.new(key, f"{kind}\x1f{identifier}".encode(), hashlib.sha256).digest()
    return f"{kind[0]}-{base64.b32encode(digest[:HASH_BYTES]).decode().lower()}"


def _no_key(file: Path) -> IcansRiskError:
    return IcansRiskError(
        f"{file}: expected {KEY_BYTES} bytes in hexadecimal, found something else. Make a key with "
        "'icans-risk make-key'."
    )


def _refuse_repository(file: Path) -> None:
    for folder in file.resolve().parents:
        if (folder / ".git").exists():
            raise IcansRiskError(
                f"{file}: lies in the repository {folder}, where it could be committed. Keep the "
                "key elsewhere."
            )

"""What a run was made of: data, study, libraries and code, each as a hash, and all as one."""

import hashlib
import importlib.metadata
import json
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import icans_risk

__all__ = ["PARTS", "Provenance", "describe_provenance", "read_provenance"]

PARTS = ("data", "study", "lock", "code")
_PACKAGE = Path(icans_risk.__file__).parent
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Provenance:
    """What a result follows from; the same parts give the same numbers on one machine.

    Attributes
    ----------
    data, study : str
        Hashes of the cohort's values and of what the study says.
    packages : mapping of str to str
        Versions of Python, of the machine's kind, and of every library that is required.
    code : str
        Hash of this package's files.
    commit : str
        Of the repository from which it runs; empty where it was installed.
    is_dirty : bool
        Whether its files were changed since that commit.
    """

    data: str
    study: str
    packages: Mapping[str, str]
    code: str
    commit: str = ""
    is_dirty: bool = False

    @property
    def lock(self) -> str:
        """Hash of the versions."""
        return _hash(dict(sorted(self.packages.items())))

    @property
    def content_hash(self) -> str:
        """One hash of data, study, lock and code, the same for every run of them."""
        return _hash({part: getattr(self, part) for part in PARTS})

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            **{part: getattr(self, part) for part in PARTS},
            "content_hash": self.content_hash,
            "packages": dict(self.packages),
            "commit": self.commit,
            "is_dirty": self.is_dirty,
        }

    def tags(self) -> dict[str, str]:
        """Return what a run is filtered by."""
        told = {
            "content_hash": self.content_hash,
            "lock_hash": self.lock,
            "code_hash": self.code,
            "packages": ", ".join(f"{name} {found}" for name, found in self.packages.items()),
        }
        # An installed package has no commit; saying that it is clean would be a guess.
        state = {"git_commit": self.commit, "git_dirty": str(self.is_dirty).lower()}
        return told | (state if self.commit else {})


def describe_provenance(*, data: str, study: str) -> Provenance:
    """Look at what runs here and now.

    Parameters
    ----------
    data, study : str
        Hash of the cohort and of the study.

    Returns
    -------
    Provenance
        With the commit, where the package runs from its repository.
    """
    commit = _git("rev-parse", "HEAD") if _git("ls-files", "__init__.py") else ""
    changed = bool(commit) and bool(_git("status", "--porcelain", "--", "."))
    return Provenance(data, study, _packages(), _code(), commit, changed)


def read_provenance(kept: Mapping[str, Any]) -> Provenance:
    """Read what ``to_dict`` gave.

    Raises
    ------
    KeyError
        If something is absent.
    """
    return Provenance(
        data=kept["data"],
        study=kept["study"],
        packages=kept["packages"],
        code=kept["code"],
        commit=kept["commit"],
        is_dirty=kept["is_dirty"],
    )


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _packages() -> dict[str, str]:
    """List what can move a digit: libraries that are always required, Python and the machine."""
    required = importlib.metadata.requires("icans_risk") or []
    names = sorted(
        found.group().lower()
        for line in required
        if "extra ==" not in line and (found := _NAME.match(line))
    )
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{name: importlib.metadata.version(name) for name in names},
    }


def _code() -> str:
    digest = hashlib.sha256()
    files = (file for file in _PACKAGE.rglob("*") if file.is_file() and file.suffix != ".pyc")
    # By names that are written the same on every system.
    for name, file in sorted((file.relative_to(_PACKAGE).as_posix(), file) for file in files):
        digest.update(f"{name}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _git(*arguments: str) -> str:
    """Ask git about the package's folder; nothing where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(_PACKAGE), *arguments],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()

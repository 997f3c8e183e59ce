"""Which files a table consists of, and whether they are the files that were declared."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from icans_risk.errors import CohortError
from icans_risk.study.tables import TableFile

__all__ = ["check_sums", "check_zip", "find_files"]

# A workbook of a million rows is some 300 MiB of XML, and XML shrinks to a tenth or a fiftieth.
UNZIPPED_AT_MOST = 2**30
RATIO_AT_MOST = 200

_HEX = frozenset("0123456789abcdef")
_SHA256_DIGITS = 64


def find_files(source: TableFile) -> list[Path]:
    """List the files of a table; ``*`` and ``?`` in a name are expanded and sorted.

    Raises
    ------
    CohortError
        If a file is absent, a pattern matches none, or two files have one name: findings,
        checksums and corrections know a file by its name.
    """
    found = list(dict.fromkeys(file for path in source.files for file in _expand(path)))
    names = [file.name for file in found]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise CohortError(
            f"{', '.join(doubled)}: expected names that tell the files of a table apart, found "
            f"{len(found)} files and {len(set(names))} names. Rename them."
        )
    if unknown := sorted(set(source.sha256) - set(names)):
        raise CohortError(
            f"{', '.join(unknown)}: has a checksum in 'sha256' and is no file of the table. "
            "Correct the name."
        )
    return found


def _expand(path: Path) -> Iterator[Path]:
    if not {"*", "?"} & set(path.name):
        if not path.is_file():
            raise CohortError(f"{path}: no such file. Check the path in the study file.")
        yield path
        return
    pattern = path.name.replace("[", "[[]")
    matches = sorted(p for p in path.parent.glob(pattern) if p.suffix != ".sha256" and p.is_file())
    if not matches:
        raise CohortError(f"{path}: no file has such a name. Check the path in the study file.")
    yield from matches


def check_sums(file: Path, source: TableFile) -> bool:
    """Compare a file with the checksum in the study file and with that in ``NAME.sha256``.

    Returns
    -------
    bool
        Whether there was a checksum.

    Raises
    ------
    CohortError
        If the file does not have it.
    """
    declared = {"the study file": source.sha256.get(file.name), **_beside(file)}
    expected = {where: digest.lower() for where, digest in declared.items() if digest is not None}
    if not expected:
        return False
    with file.open("rb") as stream:
        actual = hashlib.file_digest(stream, "sha256").hexdigest()
    for where, digest in expected.items():
        if digest != actual:
            raise CohortError(
                f"{file.name}: expected the SHA-256 that {where} gives, the file has another. It "
                "was changed or damaged: fetch it again, or correct the checksum."
            )
    return True


def _beside(file: Path) -> dict[str, str]:
    beside = file.with_name(f"{file.name}.sha256")
    if not beside.is_file():
        return {}
    first = beside.read_bytes().decode("utf-8", "replace").split(maxsplit=1)[:1]
    # sha256sum marks a name that holds a backslash by one before the digits.
    digest = first[0].lower().removeprefix("\\") if first else ""
    if len(digest) != _SHA256_DIGITS or not _HEX.issuperset(digest):
        raise CohortError(
            f"{beside.name}: expected 64 hexadecimal digits first, as sha256sum writes them, found "
            "something else. Write it again, or remove it."
        )
    return {beside.name: digest}


def check_zip(file: Path) -> None:
    """Refuse a zipped file that would fill the memory.

    Raises
    ------
    CohortError
        If it is larger than ``UNZIPPED_AT_MOST`` bytes, or ``RATIO_AT_MOST`` times itself.
    zipfile.BadZipFile, OSError
        If it is no zip file.
    """
    with zipfile.ZipFile(file) as archive:
        size = sum(part.file_size for part in archive.infolist())
        packed = sum(part.compress_size for part in archive.infolist())
    if size > UNZIPPED_AT_MOST or size > RATIO_AT_MOST * max(packed, 1):
        raise CohortError(
            f"{file.name}: expected at most {UNZIPPED_AT_MOST:,} bytes when unzipped and at most "
            f"{RATIO_AT_MOST} times the zipped size, found {size:,} from {packed:,}. Export the "
            "table as CSV or Parquet."
        )

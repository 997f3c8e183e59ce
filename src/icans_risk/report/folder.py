"""What the files of a run are called, and how they are written: whole or not at all."""

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from icans_risk.errors import IcansRiskError

__all__ = [
    "COHORT_PAGE",
    "INDEX_PAGE",
    "QUALITY_PAGE",
    "STUDY_PAGE",
    "Kind",
    "check_landmark",
    "check_name",
    "check_new_folder",
    "page_name",
    "write_pages",
]

INDEX_PAGE = "index.html"
COHORT_PAGE = "cohort.html"
QUALITY_PAGE = "quality.html"
STUDY_PAGE = "study.html"

Kind = Literal["html", "pdf", "fhir.json", "cds.json"]
"""What a file of a patient is, as its name ends."""

_FOLDER = r"-?\d+(\.\d+)?h/"
_FOLDER_NAME = re.compile(_FOLDER, re.ASCII)
_PAGE_NAME = re.compile(
    rf"({_FOLDER})?((index|cohort|quality|study)\.html|patient-\d{{3,}}\.(html|pdf|fhir\.json|cds\.json))",
    re.ASCII,
)


def page_name(position: int, kind: Kind = "html") -> str:
    """Name a file of the n-th patient, counted from 1; an identifier never enters.

    Examples
    --------
    >>> page_name(7), page_name(7, "fhir.json")
    ('patient-007.html', 'patient-007.fhir.json')
    """
    return f"patient-{position:03d}.{kind}"


def check_name(name: str) -> None:
    """Refuse the name of a page that does not come from this module."""
    if not _PAGE_NAME.fullmatch(name):
        # The refused name may hold an identifier, so it is not repeated.
        raise IcansRiskError(
            f"A page must be called {INDEX_PAGE}, {COHORT_PAGE}, {QUALITY_PAGE}, {STUDY_PAGE} or "
            f"{page_name(1)} and so on, got another name of {len(name)} characters. Take names "
            "from page_name."
        )


def check_landmark(name: str) -> None:
    """Refuse the name of a landmark's folder that is no number of hours."""
    if not _FOLDER_NAME.fullmatch(f"{name}/"):
        raise IcansRiskError(
            f"A landmark's folder must be called like 72h, got another name of {len(name)} "
            "characters. Name it by its hours."
        )


def write_pages(folder: Path, pages: Mapping[str, str | bytes]) -> None:
    """Write pages into a new folder that only its owner can read, all or none.

    They are written beside the folder's place and moved there in one step, because a
    folder with half of the patients looks like a folder with all of them.

    Parameters
    ----------
    folder : Path
        Must not exist yet; its parents are made.
    pages : mapping of str to str or bytes
        File name (see ``page_name``) to HTML, JSON or PDF; a landmark's folder (``72h/``) may
        stand before it.

    Raises
    ------
    IcansRiskError
        If the folder exists, there is no page, or a name is not one of ours.
    OSError
        If writing fails; nothing is left behind.
    """
    if not pages:
        raise IcansRiskError("write_pages needs at least one page, got none.")
    for name in pages:
        check_name(name)
    check_new_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # mkdtemp gives 0700; pages are patient data.
    draft = Path(tempfile.mkdtemp(prefix=".pages-", dir=folder.parent))
    try:
        for name, content in pages.items():
            (draft / name).parent.mkdir(mode=0o700, exist_ok=True)
            _write_private(draft / name, content)
        check_new_folder(folder)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def check_new_folder(folder: Path) -> None:
    """Refuse a place where there is something already, before minutes of work.

    Raises
    ------
    IcansRiskError
        If there is.
    """
    if folder.exists() or folder.is_symlink():
        raise IcansRiskError(
            f"The folder for the pages must be new, {folder.name!r} exists already. Choose another "
            "place, or move the old pages away."
        )


def _write_private(path: Path, content: str | bytes) -> None:
    path.touch(mode=0o600, exist_ok=False)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content, encoding="utf-8", newline="\n")

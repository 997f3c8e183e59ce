"""Dicts to HTML by packaged templates, and HTML to a folder, whole or not at all."""

import re
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from icans_risk.errors import IcansRiskError

__all__ = [
    "INDEX_PAGE",
    "QUALITY_PAGE",
    "STUDY_PAGE",
    "page_name",
    "render_patient",
    "render_quality",
    "render_recordings",
    "render_scans",
    "render_study",
    "render_ward",
    "write_pages",
]

INDEX_PAGE = "index.html"
QUALITY_PAGE = "quality.html"
STUDY_PAGE = "study.html"
_PAGE_NAME = re.compile(r"(index|quality|study|patient-\d{3,})\.html", re.ASCII)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("icans_risk.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_name(position: int) -> str:
    """Name the page of the n-th patient, counted from 1; an identifier never enters.

    Examples
    --------
    >>> page_name(7)
    'patient-007.html'
    """
    return f"patient-{position:03d}.html"


def render_patient(report: Mapping[str, Any], *, has_index: bool = True) -> str:
    """Render the page of one patient.

    Parameters
    ----------
    report : dict
        From ``patient_report``.
    has_index : bool
        Whether the page will lie beside an index to go back to.

    Returns
    -------
    str
        One HTML page without script and without anything to fetch.
    """
    return _render("patient", report, back=INDEX_PAGE if has_index else "")


def render_ward(
    report: Mapping[str, Any], *, has_quality: bool = True, has_study: bool = False
) -> str:
    """Render the index page.

    Parameters
    ----------
    report : dict
        From ``ward_report``.
    has_quality : bool
        Whether the page of data quality will lie beside it.
    has_study : bool
        Whether the study report will lie beside it.

    Returns
    -------
    str
        One HTML page; its links are page names of this module only.
    """
    for row in report["rows"]:
        _check_name(row["page"])
    links = {"quality": has_quality and QUALITY_PAGE, "study": has_study and STUDY_PAGE}
    return _render("ward", report, **{name: page or "" for name, page in links.items()})


def render_quality(report: Mapping[str, Any], *, has_index: bool = True) -> str:
    """Render the page of data quality.

    Parameters
    ----------
    report : dict
        From ``quality_report``.
    has_index : bool
        Whether the page will lie beside an index to go back to.

    Returns
    -------
    str
        One HTML page.
    """
    return _render("quality", report, back=INDEX_PAGE if has_index else "")


def render_study(report: Mapping[str, Any], *, has_index: bool = True) -> str:
    """Render the study report: how good the predictions are.

    Parameters
    ----------
    report : dict
        From ``study_report``.
    has_index : bool
        Whether the page will lie beside an index to go back to.

    Returns
    -------
    str
        One HTML page without script and without anything to fetch.
    """
    return _render("study", report, back=INDEX_PAGE if has_index else "")


def render_recordings(report: Mapping[str, Any]) -> str:
    """Render the page of EEG recordings.

    Parameters
    ----------
    report : dict
        From ``recordings_report``.

    Returns
    -------
    str
        One HTML page; its pictures stand in it.
    """
    return _render("recordings", report)


def render_scans(report: Mapping[str, Any]) -> str:
    """Render the page of scans.

    Parameters
    ----------
    report : dict
        From ``scans_report``.

    Returns
    -------
    str
        One HTML page; its pictures stand in it.
    """
    return _render("scans", report)


def _render(template: str, report: Mapping[str, Any], **links: str) -> str:
    return _environment().get_template(f"{template}.html.j2").render(report=report, **links)


def _check_name(name: str) -> None:
    if not _PAGE_NAME.fullmatch(name):
        # The refused name may hold an identifier, so it is not repeated.
        raise IcansRiskError(
            f"A page must be called {INDEX_PAGE}, {QUALITY_PAGE}, {STUDY_PAGE} or {page_name(1)} "
            f"and so on, got another name of {len(name)} characters. Take names from page_name."
        )


def write_pages(folder: Path, pages: Mapping[str, str]) -> None:
    """Write pages into a new folder that only its owner can read, all or none.

    They are written beside the folder's place and moved there in one step, because a
    folder with half of the patients looks like a folder with all of them.

    Parameters
    ----------
    folder : Path
        Must not exist yet; its parents are made.
    pages : mapping of str to str
        File name (see ``page_name``) to HTML.

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
        _check_name(name)
    _refuse_existing(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # mkdtemp gives 0700; pages are patient data.
    draft = Path(tempfile.mkdtemp(prefix=".pages-", dir=folder.parent))
    try:
        for name, html in pages.items():
            _write_private(draft / name, html)
        _refuse_existing(folder)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _refuse_existing(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        raise IcansRiskError(
            f"The folder for the pages must be new, {folder.name!r} exists already. Choose another "
            "place, or move the old pages away."
        )


def _write_private(path: Path, html: str) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(html, encoding="utf-8", newline="\n")

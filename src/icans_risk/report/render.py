"""Dicts to HTML by packaged templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from icans_risk.report.folder import (
    COHORT_PAGE,
    INDEX_PAGE,
    QUALITY_PAGE,
    STUDY_PAGE,
    check_landmark,
    check_name,
)
from icans_risk.report.messages import Language
from icans_risk.report.words import UnitSystem, Words

__all__ = [
    "PLAIN",
    "PageStyle",
    "render_cohort",
    "render_overview",
    "render_patient",
    "render_quality",
    "render_recordings",
    "render_scans",
    "render_study",
    "render_ward",
]


@dataclass(frozen=True, kw_only=True)
class PageStyle:
    """How patient pages speak, and whether they ask for the reader's own estimate first.

    Attributes
    ----------
    language : {"en", "de"}
        Of the page.
    units : {"conventional", "si"}
        Of measured values.
    blind_first : bool
        Fold the model's estimate away until it is opened.
    """

    language: Language = "en"
    units: UnitSystem = "conventional"
    blind_first: bool = False


PLAIN = PageStyle()


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("icans_risk.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_patient(
    report: Mapping[str, Any], *, has_index: bool = True, blind_first: bool = False
) -> str:
    """Render the page of one patient.

    Parameters
    ----------
    report : dict
        From ``patient_report``.
    has_index : bool
        Whether the page will lie beside an index to go back to.
    blind_first : bool
        Ask for the reader's own estimate first, and fold the model's away until it is opened.

    Returns
    -------
    str
        One HTML page without script and without anything to fetch.
    """
    return _render(
        "patient",
        report,
        back=INDEX_PAGE if has_index else "",
        say=Words(report["language"]),
        blind_first=blind_first,
    )


def render_ward(
    report: Mapping[str, Any],
    *,
    has_quality: bool = True,
    has_study: bool = False,
    has_cohort: bool = False,
    has_overview: bool = False,
) -> str:
    """Render the index page of one landmark.

    Parameters
    ----------
    report : dict
        From ``ward_report``.
    has_quality, has_study, has_cohort : bool
        Whether the page of data quality, the study report and the cohort view will lie
        beside it.
    has_overview : bool
        Whether the index over several landmarks will lie above it.

    Returns
    -------
    str
        One HTML page; its links are page names of this room only.
    """
    for row in report["rows"]:
        check_name(row["page"])
    return _render(
        "ward",
        report,
        quality=QUALITY_PAGE if has_quality else "",
        study=STUDY_PAGE if has_study else "",
        cohort=COHORT_PAGE if has_cohort else "",
        above=f"../{INDEX_PAGE}" if has_overview else "",
        say=Words(report["language"]),
    )


def render_overview(
    report: Mapping[str, Any], *, has_quality: bool = True, has_study: bool = False
) -> str:
    """Render the index over several landmarks, whose pages lie in folders below it.

    Parameters
    ----------
    report : dict
        From ``overview_report``.
    has_quality, has_study : bool
        Whether each landmark's folder holds the page of data quality and the study report.

    Returns
    -------
    str
        One HTML page; its links are page names of this room in folders named like ``72h``.
    """
    for landmark in report["landmarks"]:
        check_landmark(landmark["name"])
    for row in report["rows"]:
        for cell in row["cells"]:
            check_name(cell["page"])
    links = {"index": INDEX_PAGE, "cohort": COHORT_PAGE}
    links |= {"study": STUDY_PAGE} if has_study else {}
    links |= {"quality": QUALITY_PAGE} if has_quality else {}
    return _render("overview", report, links=links, say=Words(report["language"]))


def render_cohort(report: Mapping[str, Any]) -> str:
    """Render the view of all patients of a landmark together, which lies beside its index.

    Parameters
    ----------
    report : dict
        From ``cohort_report``.

    Returns
    -------
    str
        One HTML page.
    """
    return _render("cohort", report, back=INDEX_PAGE, say=Words(report["language"]))


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


def _render(template: str, report: Mapping[str, Any], **links: object) -> str:
    return _environment().get_template(f"{template}.html.j2").render(report=report, **links)

"""All pages of a run: each landmark's, and the index over several of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from icans_risk.report import (
    COHORT_PAGE,
    INDEX_PAGE,
    QUALITY_PAGE,
    STUDY_PAGE,
    RunContext,
    cohort_report,
    overview_report,
    render_cohort,
    render_overview,
    render_ward,
    ward_report,
)

__all__ = ["LandmarkPages", "render_run"]


@dataclass(frozen=True)
class LandmarkPages:
    """What there is at one landmark.

    Attributes
    ----------
    name : str
        Of its folder, where there are several: ``72h``.
    run : RunContext
        What its pages have in common.
    patients : mapping of str to dict
        Page name to the dict of ``patient_report``; the same patients stand under the same
        names at every landmark.
    pages : mapping of str to str or bytes
        File name to what is rendered already: pages of patients, data quality, the study.
    """

    name: str
    run: RunContext
    patients: Mapping[str, Mapping[str, Any]]
    pages: Mapping[str, str | bytes] = field(default_factory=dict)


def render_run(landmarks: Sequence[LandmarkPages]) -> dict[str, str | bytes]:
    """Put an index to each landmark's pages, and one over all of them where there are several.

    Parameters
    ----------
    landmarks : sequence of LandmarkPages
        In the order of time.

    Returns
    -------
    dict of str to str or bytes
        File name to content; of several landmarks, each has its folder.
    """
    several = len(landmarks) > 1
    pages: dict[str, str | bytes] = {}
    wards: dict[str, dict[str, Any]] = {}
    before = None
    for landmark in landmarks:
        before = ward_report(landmark.run, landmark.patients, before=before)
        wards[landmark.name] = before
        written = _with_index(landmark, before, has_overview=several)
        folder = f"{landmark.name}/" if several else ""
        pages |= {f"{folder}{name}": content for name, content in written.items()}
    if several:
        has = _has(landmarks[0])
        pages[INDEX_PAGE] = render_overview(overview_report(wards), **has)
    return pages


def _with_index(
    landmark: LandmarkPages, ward: Mapping[str, Any], *, has_overview: bool
) -> dict[str, str | bytes]:
    index = render_ward(ward, has_cohort=True, has_overview=has_overview, **_has(landmark))
    return {
        **landmark.pages,
        INDEX_PAGE: index,
        COHORT_PAGE: render_cohort(cohort_report(ward)),
    }


def _has(landmark: LandmarkPages) -> dict[str, bool]:
    return {
        "has_quality": QUALITY_PAGE in landmark.pages,
        "has_study": STUDY_PAGE in landmark.pages,
    }

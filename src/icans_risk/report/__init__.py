"""Tables to dicts, dicts to pages: what a clinician and a methodologist get to read."""

from icans_risk.report.assessment import AMONG, Assessment, Stability
from icans_risk.report.context import AnalyteText, EpisodeResult, Rate, RunContext
from icans_risk.report.patient import patient_report
from icans_risk.report.quality import quality_report
from icans_risk.report.render import (
    INDEX_PAGE,
    QUALITY_PAGE,
    STUDY_PAGE,
    page_name,
    render_patient,
    render_quality,
    render_study,
    render_ward,
    write_pages,
)
from icans_risk.report.study import study_report
from icans_risk.report.ward import ward_report

__all__ = [
    "AMONG",
    "INDEX_PAGE",
    "QUALITY_PAGE",
    "STUDY_PAGE",
    "AnalyteText",
    "Assessment",
    "EpisodeResult",
    "Rate",
    "RunContext",
    "Stability",
    "page_name",
    "patient_report",
    "quality_report",
    "render_patient",
    "render_quality",
    "render_study",
    "render_ward",
    "study_report",
    "ward_report",
    "write_pages",
]

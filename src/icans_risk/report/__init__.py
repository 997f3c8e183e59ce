"""Tables to dicts, dicts to pages: what a clinician and a methodologist get to read."""

from icans_risk.report.context import AnalyteText, EpisodeResult, Rate, RunContext
from icans_risk.report.patient import patient_report
from icans_risk.report.quality import quality_report
from icans_risk.report.recordings import recordings_report
from icans_risk.report.render import (
    INDEX_PAGE,
    QUALITY_PAGE,
    page_name,
    render_patient,
    render_quality,
    render_recordings,
    render_ward,
    write_pages,
)
from icans_risk.report.ward import ward_report

__all__ = [
    "INDEX_PAGE",
    "QUALITY_PAGE",
    "AnalyteText",
    "EpisodeResult",
    "Rate",
    "RunContext",
    "page_name",
    "patient_report",
    "quality_report",
    "recordings_report",
    "render_patient",
    "render_quality",
    "render_recordings",
    "render_ward",
    "ward_report",
    "write_pages",
]

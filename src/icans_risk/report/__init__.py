"""Tables to dicts, dicts to pages: what a clinician and a methodologist get to read.

What needs the evaluation, and the libraries behind it, is imported from its own module: whoever
only shows the quality of data need not wait for it.
"""

from icans_risk.report.assessment import AMONG, Assessment, Stability
from icans_risk.report.cohort_view import cohort_report
from icans_risk.report.context import (
    AnalyteText,
    EpisodeResult,
    GroupFigures,
    Rate,
    RunContext,
    Window,
)
from icans_risk.report.facts import RunFacts
from icans_risk.report.folder import (
    COHORT_PAGE,
    INDEX_PAGE,
    QUALITY_PAGE,
    STUDY_PAGE,
    check_new_folder,
    page_name,
    write_pages,
)
from icans_risk.report.model_card import make_model_card, model_card_markdown
from icans_risk.report.overview import overview_report
from icans_risk.report.patient import patient_report
from icans_risk.report.probast import probast_table
from icans_risk.report.quality import quality_report
from icans_risk.report.recordings import recordings_report
from icans_risk.report.render import (
    PLAIN,
    PageStyle,
    render_cohort,
    render_overview,
    render_patient,
    render_quality,
    render_recordings,
    render_scans,
    render_study,
    render_ward,
)
from icans_risk.report.scans import scans_report
from icans_risk.report.tripod import tripod_completeness, tripod_table
from icans_risk.report.ward import ward_report

__all__ = [
    "AMONG",
    "COHORT_PAGE",
    "INDEX_PAGE",
    "PLAIN",
    "QUALITY_PAGE",
    "STUDY_PAGE",
    "AnalyteText",
    "Assessment",
    "EpisodeResult",
    "GroupFigures",
    "PageStyle",
    "Rate",
    "RunContext",
    "RunFacts",
    "Stability",
    "Window",
    "check_new_folder",
    "cohort_report",
    "make_model_card",
    "model_card_markdown",
    "overview_report",
    "page_name",
    "patient_report",
    "probast_table",
    "quality_report",
    "recordings_report",
    "render_cohort",
    "render_overview",
    "render_patient",
    "render_quality",
    "render_recordings",
    "render_scans",
    "render_study",
    "render_ward",
    "scans_report",
    "tripod_completeness",
    "tripod_table",
    "ward_report",
    "write_pages",
]

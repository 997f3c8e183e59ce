"""Outside files become a cohort, or a clear statement of what to mend."""

from icans_risk.ingest.daily import read_daily
from icans_risk.ingest.episodes import build_episodes
from icans_risk.ingest.quality import Finding, QualityReport
from icans_risk.ingest.text import read_text_table

__all__ = [
    "Finding",
    "QualityReport",
    "build_episodes",
    "read_daily",
    "read_text_table",
]

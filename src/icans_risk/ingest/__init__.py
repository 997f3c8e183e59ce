"""Outside files become a cohort, or a clear statement of what to mend."""

from icans_risk.ingest.archives.meds_export import (
    export_meds,
    exported_data_kind,
    read_exported_meds,
)
from icans_risk.ingest.assemble import Ingested
from icans_risk.ingest.files.text import read_text_table
from icans_risk.ingest.pseudonyms import make_key, pseudonym, read_key
from icans_risk.ingest.quality import Finding, QualityReport
from icans_risk.ingest.quarantine import Quarantine
from icans_risk.ingest.sources import ingest, read_patients
from icans_risk.ingest.stored import look_at_cohort
from icans_risk.ingest.tables.daily import read_daily
from icans_risk.ingest.tables.episodes import build_episodes

__all__ = [
    "Finding",
    "Ingested",
    "QualityReport",
    "Quarantine",
    "build_episodes",
    "export_meds",
    "exported_data_kind",
    "ingest",
    "look_at_cohort",
    "make_key",
    "pseudonym",
    "read_daily",
    "read_exported_meds",
    "read_key",
    "read_patients",
    "read_text_table",
]

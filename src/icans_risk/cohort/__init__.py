"""The tables that rooms exchange: their columns, their types, their checks.

Times are hours since infusion (float64, negative before it). Identifiers are strings.
Missing is missing: a grade that was not recorded is never grade 0.

Two clocks run through every table. A value *describes* the patient at one time
(``collected_h``, ``assessed_h``) and *can be known* at another (``available_h``). A value
recorded for day ``d`` covers ``[24 d, 24 (d + 1))``; it is dated at the end of that day on
both clocks, because it may describe the day's last minute. Grades keep the start of their
cover as well (``covers_from_h``): an outcome is dated at its earliest possible moment, a
predictor at its latest, so that neither error can flatter a model.
"""

from icans_risk.cohort.checks import CellError, check_table, hash_table
from icans_risk.cohort.cohort import Cohort
from icans_risk.cohort.folder import CohortWriter, read_cohort_folder, write_cohort
from icans_risk.cohort.manifest import CohortManifest, DataKind, StoredTable, read_manifest
from icans_risk.cohort.new_folder import new_folder
from icans_risk.cohort.parts import CohortPart, stored_parts
from icans_risk.cohort.plain import partition_events, partitioned_parts, read_plain_part
from icans_risk.cohort.tables import (
    CONTRIBUTIONS,
    EPISODES,
    EVENTS,
    GRADES,
    INPUTS,
    LOCAL_ROUTES,
    MODALITIES,
    ORDERED_AS,
    OUTCOMES,
    PREDICTIONS,
    ROUTES,
    SCALES,
    Column,
    Table,
)

__all__ = [
    "CONTRIBUTIONS",
    "EPISODES",
    "EVENTS",
    "GRADES",
    "INPUTS",
    "LOCAL_ROUTES",
    "MODALITIES",
    "ORDERED_AS",
    "OUTCOMES",
    "PREDICTIONS",
    "ROUTES",
    "SCALES",
    "CellError",
    "Cohort",
    "CohortManifest",
    "CohortPart",
    "CohortWriter",
    "Column",
    "DataKind",
    "StoredTable",
    "Table",
    "check_table",
    "hash_table",
    "new_folder",
    "partition_events",
    "partitioned_parts",
    "read_cohort_folder",
    "read_manifest",
    "read_plain_part",
    "stored_parts",
    "write_cohort",
]

"""Turn events into one vector per episode and landmark.

*Landmark*: the moment of prediction, in hours after infusion; a vector holds only what
was known then. *Window*: a stretch of time ``(start, end]`` relative to an anchor (the
infusion, the start of lymphodepletion, the onset of CRS, or the landmark). *The two
clocks*: a value describes the patient at ``collected_h``, which decides whether it lies
in a window, and can be known at ``available_h``, which decides whether it lies before the
landmark (at the landmark itself it counts). *Admitted*: ordered by protocol, or before
infusion; a test that somebody ordered because of how the patient looked would show the
outcome by its mere presence.
"""

from icans_risk.features.admission import check_admissible
from icans_risk.features.build import (
    build_features,
    build_with_inputs,
    unseen_levels,
    used_events,
)
from icans_risk.features.changes import CHANGE_KINDS
from icans_risk.features.choices import Change, Measurement, ScoreChoice, Window
from icans_risk.features.columns import FeatureColumn
from icans_risk.features.derive import derive_events
from icans_risk.features.derived import DERIVED
from icans_risk.features.dictionary import describe_columns
from icans_risk.features.kernel import STATISTICS
from icans_risk.features.provenance import events_behind
from icans_risk.features.scores import SCORES, computable_share
from icans_risk.features.specification import FeatureSpecification
from icans_risk.features.streaming import build_features_streaming
from icans_risk.features.transformer import WindowedFeatures

__all__ = [
    "CHANGE_KINDS",
    "DERIVED",
    "SCORES",
    "STATISTICS",
    "Change",
    "FeatureColumn",
    "FeatureSpecification",
    "Measurement",
    "ScoreChoice",
    "Window",
    "WindowedFeatures",
    "build_features",
    "build_features_streaming",
    "build_with_inputs",
    "check_admissible",
    "computable_share",
    "derive_events",
    "describe_columns",
    "events_behind",
    "unseen_levels",
    "used_events",
]

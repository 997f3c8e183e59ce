"""The tables by column: what each holds and what may stand in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal

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
    "Column",
    "Table",
]

Kind = Literal["text", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Text is str, number is float64, flag is bool. A table without a required column is
    refused, and so is an empty cell unless nullable. ``values`` is the vocabulary of a
    text column; it is empty where any text may stand. ``limits`` are the lowest and the
    highest number that can be true, ``whole`` asks for whole numbers.
    """

    kind: Kind
    required: bool = True
    nullable: bool = False
    values: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None
    whole: bool = False


Table = Mapping[str, Column]

_OPTIONAL_TEXT = Column("text", required=False, nullable=True)
_OPTIONAL_NUMBER = Column("number", required=False, nullable=True)
# Nobody is discharged or dies before the infusion that opens the episode.
_AFTER_INFUSION = Column("number", required=False, nullable=True, limits=(0, inf))
_GRADE = Column("number", nullable=True, limits=(0, 5), whole=True)

LOCAL_ROUTES = ("intracerebroventricular", "intratumoral")
ROUTES = ("intravenous", *LOCAL_ROUTES)
MODALITIES = ("plasma", "csf", "eeg", "imaging", "clinical", "treatment")
ORDERED_AS = ("protocol", "prophylaxis", "clinical", "unknown")
SCALES = ("ASTCT", "CARTOX", "CTCAE")

EPISODES: Table = {
    "episode_id": Column("text"),
    "patient_id": Column("text"),
    "followed_until_h": Column("number", limits=(0, inf)),
    "site": _OPTIONAL_TEXT,
    "era": _OPTIONAL_TEXT,
    "product": _OPTIONAL_TEXT,
    "target_antigen": _OPTIONAL_TEXT,
    "costimulatory_domain": _OPTIONAL_TEXT,
    "car_generation": _OPTIONAL_TEXT,
    "delivery_route": Column("text", required=False, nullable=True, values=ROUTES),
    "infusion_number": Column("number", False, True, limits=(1, inf), whole=True),
    "dose_cells_per_kg": _OPTIONAL_NUMBER,
    "disease": _OPTIONAL_TEXT,
    "cns_tumour": Column("flag", required=False),
    "lymphodepletion": _OPTIONAL_TEXT,
    "lymphodepletion_start_h": _OPTIONAL_NUMBER,
    "bridging": _OPTIONAL_TEXT,
    "co_therapy": _OPTIONAL_TEXT,
    "prophylaxis": _OPTIONAL_TEXT,
    "prior_lines": _OPTIONAL_NUMBER,
    "age_years": Column("number", required=False, nullable=True, limits=(0, 120)),
    "sex": _OPTIONAL_TEXT,
    "ecog": _OPTIONAL_NUMBER,
    "ice_baseline": Column("number", False, True, limits=(0, 10), whole=True),
    "tumour_volume_ml": _OPTIONAL_NUMBER,
    "discharged_h": _AFTER_INFUSION,
    "died_h": _AFTER_INFUSION,
    "death_cause": Column("text", required=False, nullable=True, values=("icans", "tian", "other")),
}

EVENTS: Table = {
    "episode_id": Column("text"),
    "modality": Column("text", values=MODALITIES),
    "analyte": Column("text"),
    "collected_h": Column("number"),
    "available_h": Column("number"),
    "value": Column("number"),
    "censored": Column("text", values=("", "<", ">")),
    "ordered_as": Column("text", values=ORDERED_AS),
    "assay": Column("text"),
    "version": Column("number"),
}

GRADES: Table = {
    "episode_id": Column("text"),
    "covers_from_h": Column("number"),
    "assessed_h": Column("number"),
    "available_h": Column("number"),
    "scale": Column("text", values=SCALES),
    "icans_grade": _GRADE,
    "crs_grade": _GRADE,
    "tian_grade": _GRADE,
    "ice_total": Column("number", nullable=True, limits=(0, 10), whole=True),
    "capd_total": Column("number", nullable=True, limits=(0, 32), whole=True),
    "deciding_domain": Column("text", nullable=True),
}

OUTCOMES: Table = {
    "episode_id": Column("text"),
    "endpoint": Column("text"),
    "landmark_h": Column("number"),
    "at_risk": Column("flag"),
    "excluded_because": Column("text"),
    "had_syndrome": Column("flag"),
    "event": Column("number", nullable=True),
    "competing": Column("flag"),
    "weight": Column("number"),
    "onset_h": Column("number", nullable=True),
    "observed_until_h": Column("number"),
}

PREDICTIONS: Table = {
    "episode_id": Column("text"),
    "landmark_h": Column("number"),
    "status": Column("text"),
    "risk": Column("number", nullable=True),
    "risk_low": Column("number", nullable=True),
    "risk_high": Column("number", nullable=True),
    "model": Column("text"),
}

CONTRIBUTIONS: Table = {
    "episode_id": Column("text"),
    "landmark_h": Column("number"),
    "column": Column("text"),
    "contribution_logit": Column("number"),
}

INPUTS: Table = {
    "episode_id": Column("text"),
    "landmark_h": Column("number"),
    "modality": Column("text"),
    "analyte": Column("text"),
    "collected_h": Column("number"),
    "available_h": Column("number"),
    "value": Column("number"),
    "after_treatment": Column("flag"),
}

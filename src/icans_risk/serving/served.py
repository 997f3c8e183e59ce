"""A released model with all that scoring needs to know of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icans_risk.errors import IcansRiskError, ModelError
from icans_risk.features import FeatureSpecification
from icans_risk.models.released import ReleasedModel, load_released
from icans_risk.models.stored import stored_hash
from icans_risk.models.withdrawal import Withdrawal, find_withdrawal
from icans_risk.outcome import Endpoint

__all__ = ["ServedModel", "load_served"]

_NEEDED = (
    "endpoint", "scale", "landmark_h", "horizon_h", "end_of_observation", "data_kind", "features",
    "levels", "data_contract",
)  # fmt: skip
# What every output says of the model that made it.
_TOLD = (
    "study", "title", "landmark", "landmark_h", "horizon_h", "endpoint_in_words", "scale",
    "data_kind", "profile", "model_label", "presence", "treatment_policy", "end_of_observation",
    "patients", "events",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A released model, its identity, and how vectors are made for it.

    Attributes
    ----------
    identity : str
        SHA-256 of the stored model.
    released : ReleasedModel
        Answers for rows.
    specification : FeatureSpecification
        Makes rows of events.
    withdrawn : Withdrawal or None
        Why it gives no more answers.
    """

    identity: str
    released: ReleasedModel
    specification: FeatureSpecification
    withdrawn: Withdrawal | None = None

    @property
    def facts(self) -> Mapping[str, Any]:
        """What ``develop`` kept with the model."""
        return self.released.facts

    @property
    def landmark_h(self) -> float:
        """The moment of prediction, in hours since infusion."""
        return float(self.facts["landmark_h"])

    @property
    def horizon_h(self) -> float:
        """The end of the period that the risk is about, in hours since infusion."""
        return float(self.facts["horizon_h"])

    @property
    def endpoint(self) -> Endpoint:
        """What is predicted."""
        return Endpoint(**self.facts["endpoint"])

    @property
    def is_synthetic(self) -> bool:
        """Whether it was fitted on synthetic patients."""
        return bool(self.facts["data_kind"] == "synthetic")

    @property
    def columns(self) -> list[str]:
        """The columns of a vector that the model takes, in its order."""
        return [str(name) for name in self.released.model.feature_names_in_]

    @property
    def contract(self) -> Mapping[str, Any]:
        """What the data look like that it was made for, see ``learn_contract``."""
        found: Mapping[str, Any] = self.facts["data_contract"]
        return found

    def describe(self) -> dict[str, Any]:
        """Return what every output says of the model, as plain JSON values."""
        told = {name: self.facts[name] for name in _TOLD if name in self.facts}
        return {
            "sha256": self.identity,
            **told,
            "withdrawn": None if self.withdrawn is None else self.withdrawn.reason,
            "research_use_only": True,
        }


def load_served(folder: Path) -> ServedModel:
    """Read a released model for scoring; hashes are checked before anything is parsed.

    Parameters
    ----------
    folder : Path
        Of a released model.

    Returns
    -------
    ServedModel
        Withdrawn or not: what follows from that is the caller's.

    Raises
    ------
    ModelError
        If it is damaged, was not released, or lacks what scoring needs.
    """
    identity, released = stored_hash(folder), load_released(folder)
    absent = [name for name in _NEEDED if name not in released.facts]
    if absent:
        raise ModelError(
            f"a model that scores must carry the facts {absent}, {folder.name} does not: an "
            "earlier version wrote it. Develop its study again."
        )
    try:
        specification = FeatureSpecification.from_json(json.dumps(released.facts["features"]))
    except IcansRiskError as error:
        raise ModelError(f"the features of {folder.name} cannot be read: {error}") from None
    served = ServedModel(identity, released, specification, find_withdrawal(folder))
    unknown = sorted(set(served.columns) - set(specification.columns))
    if unknown:
        raise ModelError(
            f"the model must read columns of its own features, {len(unknown)} are none of them. "
            "Take another copy."
        )
    return served

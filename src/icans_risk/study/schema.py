"""What a study file may say."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import Field

from icans_risk.study.data import Data
from icans_risk.study.features import Features
from icans_risk.study.models import Models, Validation
from icans_risk.study.outcome import Outcome
from icans_risk.study.strict import Strict, map_paths

__all__ = ["Study"]


class Study(Strict):
    """Everything that defines a study; see ``configs/`` for examples.

    Attributes
    ----------
    study : str
        Short name: small letters, digits, ``-`` and ``_``.
    title : str
        Title on pages.
    data_kind : {"real", "synthetic"}
        Printed on every page; a cohort folder of the other kind is refused.
    profile : {"quick", "full"}
        Whether the settings are for a first look or for results; printed on every page.
    seed : int
        Same seed, same results.
    data : Data
        Where the cohort comes from.
    outcome : Outcome
        What is predicted.
    treatment_policy : {"ignore"}
        Treatments given after the landmark are part of the local practice in which the
        risk is predicted.
    features : Features
        What a model sees.
    models : Models
        What is fitted.
    validation : Validation
        How it is tested.
    """

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str
    data_kind: Literal["real", "synthetic"]
    profile: Literal["quick", "full"]
    seed: int = Field(ge=0)
    data: Data
    outcome: Outcome
    treatment_policy: Literal["ignore"]
    features: Features
    models: Models
    validation: Validation

    def hash(self) -> str:
        """Hash what the study says, whatever its comments, line breaks and folder."""
        # What a cohort folder holds is hashed with the cohort, wherever the folder lies.
        content = map_paths(self, lambda path: Path(path.name)).model_dump(mode="json")
        content["data"]["cohort"] = content["data"]["cohort"] and "cohort"
        text = json.dumps(content, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

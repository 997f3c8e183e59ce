"""What a study file may say."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from icans_risk.study.data import Data
from icans_risk.study.evaluation import Evaluation
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
    treatment_policy : {"ignore", "censor", "include_before_landmark"}
        What a drug against inflammation that was given for toxicity does to values
        collected after it: nothing (``ignore``); they do not count (``censor``); nothing,
        and that it was given by the landmark is a feature (``include_before_landmark``,
        only with ``presence: informative``). Whatever is given after the landmark is part
        of the local practice in which the risk is predicted.
    features : Features
        What a model sees.
    models : Models
        What is fitted.
    validation : Validation
        How it is tested.
    evaluation : Evaluation
        How its predictions are judged.
    """

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str
    data_kind: Literal["real", "synthetic"]
    profile: Literal["quick", "full"]
    seed: int = Field(ge=0)
    data: Data
    outcome: Outcome
    treatment_policy: Literal["ignore", "censor", "include_before_landmark"]
    features: Features
    models: Models
    validation: Validation
    evaluation: Evaluation = Evaluation()

    @model_validator(mode="after")
    def _treatments_are_admitted(self) -> "Study":
        includes = self.treatment_policy == "include_before_landmark"
        if includes and self.features.presence != "informative":
            raise ValueError(
                "treatment_policy: include_before_landmark makes features of drugs given because "
                "of toxicity. Set features.presence: informative, which every report then prints, "
                "or choose ignore or censor"
            )
        return self

    def hash(self) -> str:
        """Hash what the study says, whatever its comments, line breaks and folder."""
        # What a cohort folder holds is hashed with the cohort, wherever the folder lies.
        content = map_paths(self, lambda path: Path(path.name)).model_dump(mode="json")
        content["data"]["cohort"] = content["data"]["cohort"] and "cohort"
        text = json.dumps(content, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

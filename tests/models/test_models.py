"""The registry of models, and what scikit-learn makes of its own two entries."""

from collections.abc import Callable
from importlib import import_module
from inspect import isabstract
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import ClassifierMixin
from sklearn.utils.estimator_checks import parametrize_with_checks

from icans_risk import models
from icans_risk.errors import ModelError
from icans_risk.models import MODELS, Prevalence, make_model
from icans_risk.models.states import STORABLE, pack, unpack
from models.test_contract import every_model

MODULES = sorted(path.stem for path in Path(models.__path__[0]).glob("*.py"))


def classifiers() -> dict[str, str]:
    """Return each classifier of the room that can be made, with its module."""
    things = [
        (name, module, thing)
        for module in MODULES
        for name, thing in vars(import_module(f"icans_risk.models.{module}")).items()
        if isinstance(thing, type) and issubclass(thing, ClassifierMixin)
    ]
    return {
        name: module
        for name, module, thing in things
        if thing.__module__.endswith(f".{module}") and not isabstract(thing)
    }


def test_every_classifier_of_the_room_can_be_stored() -> None:
    assert classifiers().items() <= STORABLE.items()


@pytest.mark.parametrize("name", STORABLE)
def test_what_can_be_stored_writes_and_reads_its_state(name: str) -> None:
    storable = getattr(import_module(f"icans_risk.models.{STORABLE[name]}"), name)
    assert storable.__name__ == name
    assert callable(storable.to_state)
    assert callable(storable.from_state)


def test_a_model_inside_another_is_written_with_its_class() -> None:
    model = Prevalence().fit(np.zeros((4, 1)), [0, 0, 0, 1])
    packed = pack(model)
    assert packed["class"] == "Prevalence"
    assert unpack(packed).prevalence_ == 0.25
    with pytest.raises(ModelError, match="must be one of"):
        unpack({**packed, "class": "Popen"})


@pytest.mark.parametrize("name", every_model)
def test_a_model_is_made_with_its_settings(name: str) -> None:
    estimator, defaults = MODELS[name]
    made = make_model(name)
    assert isinstance(made, estimator)
    assert {key: made.get_params()[key] for key in defaults} == dict(defaults)


def test_settings_of_the_registry_can_be_overridden() -> None:
    assert make_model("elastic_net", l1_ratio=1.0).l1_ratio == 1.0


def test_prevalence_needs_no_column() -> None:
    nothing = pd.DataFrame(index=range(4))
    model = Prevalence().fit(nothing, [0, 0, 0, 1], [1.0, 1.0, 1.0, 3.0])
    assert model.predict_proba(nothing)[:, 1].tolist() == [0.5] * 4
    np.testing.assert_array_equal(model.contributions(nothing), np.zeros((4, 1)))


def test_prevalence_tells_the_base_of_everyone() -> None:
    model = Prevalence().fit(np.zeros((4, 2)), [0, 0, 0, 1])
    np.testing.assert_allclose(model.contributions(np.zeros((1, 2))), [[0, 0, np.log(1 / 3)]])


ALLOWED_FAILURES = {
    "BoostedTrees": {
        "check_sample_weight_equivalence_on_dense_data": "a tree draws rows, not weights",
    },
    "Prevalence": {
        "check_estimators_empty_data_messages": "a prevalence needs no column",
    },
}


def allowed_failures(estimator: object) -> dict[str, str]:
    return ALLOWED_FAILURES[type(estimator).__name__]


@parametrize_with_checks(
    [make_model("booster"), make_model("prevalence")], expected_failed_checks=allowed_failures
)
def test_scikit_learn_takes_it_for_a_classifier(
    estimator: Any, check: Callable[[Any], None]
) -> None:
    check(estimator)

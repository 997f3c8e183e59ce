"""What a model is told about its columns comes from the catalogue."""

from dataclasses import replace

import pandas as pd

from icans_risk.catalogue import load_catalogue
from icans_risk.features import FeatureSpecification, Measurement, Window
from icans_risk.workflow.column_facts import ColumnFacts, monotone_directions

SPECIFICATION = FeatureSpecification(
    (Window("early", "infusion", 0.0, 72.0),),
    (
        Measurement("plasma.crp", ("early",), ("max", "slope_per_day")),
        Measurement("plasma.platelets", ("early",), ("last", "sd")),
        Measurement("plasma.nfl@ella", ("early",), ("last",)),
        Measurement("clinical.temperature", ("early",), ("max",)),
    ),
    static=("product", "age_years"),
    levels={"product": ("axi-cel", "liso-cel")},
)


def test_what_was_measured_has_a_modality_and_the_episode_has_none() -> None:
    facts = ColumnFacts.of(SPECIFICATION)
    assert facts.modality["plasma.nfl@ella.last.early"] == "plasma"
    assert facts.modality["clinical.temperature.max.early"] == "clinical"
    assert not any(name.startswith("static.") for name in facts.modality)
    assert facts.categories == {"product": ("static.product.axi-cel", "static.product.liso-cel")}


def test_only_columns_in_their_analytes_unit_have_its_limits() -> None:
    limits = ColumnFacts.of(SPECIFICATION).limits
    assert limits["plasma.crp.max.early"] == load_catalogue()["plasma.crp"].hard_limits
    assert limits["plasma.nfl@ella.last.early"] == load_catalogue()["plasma.nfl"].hard_limits
    assert "plasma.crp.slope_per_day.early" not in limits
    assert "plasma.platelets.sd.early" not in limits


def test_directions_are_of_levels_and_not_of_what_treatment_masks() -> None:
    assert load_catalogue()["plasma.platelets"].monotone == -1
    assert load_catalogue()["plasma.crp"].monotone == 1
    assert monotone_directions(SPECIFICATION) == {"plasma.platelets.last.early": -1}
    cut = replace(SPECIFICATION, treatment_policy="censor")
    assert monotone_directions(cut) == {
        "plasma.crp.max.early": 1,
        "plasma.platelets.last.early": -1,
        "clinical.temperature.max.early": 1,
    }


def test_every_direction_of_the_catalogue_has_a_source() -> None:
    given = {name: entry for name, entry in load_catalogue().items() if entry.monotone}
    texts = pd.Series(
        {name: " ".join(s.text for s in entry.sources) for name, entry in given.items()}
    )
    assert len(given) == 7
    assert texts.str.contains("Direction: ").all()

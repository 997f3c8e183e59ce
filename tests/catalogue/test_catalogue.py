"""What can be measured is described completely."""

import pytest
from pydantic import ValidationError

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.cohort import MODALITIES


def test_every_entry_is_of_a_known_modality_and_has_a_source() -> None:
    for name, analyte in load_catalogue().items():
        assert name == analyte.full_name
        assert analyte.modality in MODALITIES
        assert all(analyte.sources)


def test_drugs_are_a_response_to_the_outcome() -> None:
    drugs = [a for a in load_catalogue().values() if a.modality == "treatment"]
    assert drugs
    assert {a.leak_class for a in drugs} == {"response_to_outcome"}


def test_no_part_of_the_outcome_is_an_event() -> None:
    assert not {"clinical.icans_grade", "clinical.ice_total"} & set(load_catalogue())


@pytest.mark.parametrize(
    "change",
    [
        {"hard_limits": (5, 0)},
        {"leak_class": "harmless"},
        {"sources": ()},
        {"colour": "red"},
        {"name": "CRP (mg)"},
    ],
)
def test_a_wrong_entry_is_refused(change: dict[str, object]) -> None:
    entry = {
        "name": "crp", "modality": "plasma", "label": "CRP", "unit": "mg/L",
        "hard_limits": (0, 1000), "leak_class": "safe", "sources": ("a source",),
    }  # fmt: skip
    Analyte(**entry)
    with pytest.raises(ValidationError):
        Analyte(**(entry | change))

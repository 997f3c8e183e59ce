"""The relations of ``properties.py`` again, in more than forty thousand generated patients."""

from collections import Counter

import pytest

from features.properties import RELATIONS, hold_in_wards

# Of each relation, over its worlds of measurements, and over those of derived ones.
MEASURED_CASES, DERIVED_CASES = 4000, 600

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def held():
    """For how many patients each relation held."""
    return Counter()


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.__name__)
def test_a_relation_holds_for_thousands_of_patients(relation, held):
    measured, derived = RELATIONS[relation]

    for world in measured:
        held[relation] += hold_in_wards(relation, world, MEASURED_CASES // len(measured))
    for world in derived:
        held[relation] += hold_in_wards(relation, world, DERIVED_CASES // len(derived))

    assert held[relation] >= MEASURED_CASES + DERIVED_CASES * bool(derived)


def test_more_than_forty_thousand_cases_were_generated(held):
    if set(held) != set(RELATIONS):
        pytest.skip("some relations were not asked for")

    assert sum(held.values()) >= 40_000

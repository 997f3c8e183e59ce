"""The public names: few, resolved on use, each with a docstring."""

import pytest

import icans_risk


@pytest.mark.parametrize("name", icans_risk.__all__)
def test_a_public_name_resolves_to_what_it_says(name: str) -> None:
    found = getattr(icans_risk, name)
    if name != "__version__":
        assert found.__name__ == name
        assert found.__doc__


def test_there_are_at_most_twelve_of_them() -> None:
    assert len(icans_risk.__all__) <= 12


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'predict'"):
        _ = icans_risk.predict

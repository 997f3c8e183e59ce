"""One released model for all tests of serving."""

import pytest

from serving.example import Example, make_example


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Models of two landmarks, and other patients."""
    return make_example(tmp_path_factory.mktemp("serving"))

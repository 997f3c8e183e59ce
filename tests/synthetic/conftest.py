"""Cohorts that several files look at; each is simulated once."""

import pytest

from icans_risk.synthetic import Simulated, simulate


@pytest.fixture(scope="session")
def lbcl() -> Simulated:
    return simulate(2_000, seed=7)


@pytest.fixture(scope="session")
def mixed() -> Simulated:
    return simulate(4_000, seed=11, product_mix="all_products")


@pytest.fixture(scope="session")
def cns() -> Simulated:
    return simulate(150, seed=3, product_mix="cns")

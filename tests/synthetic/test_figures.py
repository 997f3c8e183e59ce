"""The published figures come out of the generator."""

import pytest

from icans_risk.evidence import compare, load_evidence
from icans_risk.synthetic import Simulated, simulate
from icans_risk.synthetic.figures import measure
from icans_risk.synthetic.tallies import Measured

# From the first fever to the worst grade: published in intensive care, where CRS goes on for
# days under vasopressors; the generator's pulse is at its peak within two.
EXPLAINED = {"lag.fever_to_crs_peak"}
# At a few thousand patients some figures miss by chance; all are checked on more elsewhere.
BY_CHANCE = 6


@pytest.fixture(scope="module")
def measured(mixed: Simulated) -> Measured:
    return measure(mixed)


def misses(measured: Measured) -> list[str]:
    known = load_evidence()
    compared = [compare(known[k], v, n) for k, (v, n) in measured.items() if k in known]
    return [c.key for c in compared if c.passed is False and c.key not in EXPLAINED]


def test_most_figures_are_measured(measured: Measured) -> None:
    known = load_evidence()
    checked = {key for key, figure in known.items() if figure.tolerance is not None}
    assert len(checked & set(measured)) >= 0.85 * len(checked)


def test_few_figures_are_missed(measured: Measured) -> None:
    assert len(misses(measured)) <= BY_CHANCE


@pytest.mark.slow
@pytest.mark.parametrize(("mix", "patients"), [("all_products", 20_000), ("lbcl", 10_000)])
def test_every_figure_is_within_its_tolerance(mix: str, patients: int) -> None:
    assert misses(measure(simulate(patients, seed=101, product_mix=mix))) == []


def test_gd2_patients_have_tian(cns: Simulated) -> None:
    value, patients = measure(cns)["tian.any.gd2"]
    assert value >= 0.95
    assert patients > 20

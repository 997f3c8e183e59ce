from pathlib import Path

import pytest

from icans_risk.catalogue import load_catalogue
from icans_risk.errors import IcansRiskError
from icans_risk.evidence import load_evidence
from icans_risk.synthetic import FROZEN, PRODUCT_MIXES, load
from icans_risk.synthetic.assays import Reader
from icans_risk.synthetic.mechanism import PULSES

# Traits and features that a gain may name beside the pulses of the mechanism.
TRAITS = {"endothelial_stress", "neuro_vulnerability", "tumour_burden", "age", "tumour_volume"}
# The hash of the frozen numbers: a change of one needs a new version and a new line here.
HASHES = {
    "1.0": "7a5f3d3235191db241b9f1b263150e16c755d39b369396461f7aa6de81977fac",
    "1.1": "d02d3bcdff06afd29fe32d123e7e0e18f2a03ada1815bacaefcecca940f4020e",
}


def test_the_frozen_numbers_are_unchanged() -> None:
    numbers = load()
    assert numbers.version == FROZEN
    assert numbers.hash() == HASHES[FROZEN]


def test_every_number_says_its_status_and_what_it_is_for() -> None:
    for name, entry in load().numbers.items():
        assert entry.status in ("read", "assumed"), name
        assert entry.serves or entry.why, name
    for name, table in load().arm_numbers.items():
        assert table.status in ("read", "assumed"), name
        assert table.why, name


def test_every_figure_that_a_number_serves_exists() -> None:
    numbers, known = load(), load_evidence()
    named = [key for entry in numbers.numbers.values() for key in entry.serves]
    named += [k for panel in numbers.panels.values() for r in panel.values() for k in r.serves]
    assert [key for key in named if key not in known] == []


@pytest.mark.parametrize("table", ["crs_level", "log_hazard.interactions", "mild_log_ratio"])
def test_the_rates_of_haematological_arms_serve_published_figures(table: str) -> None:
    numbers, known = load(), load_evidence()
    arms = [a for a, arm in numbers.arms.items() if not arm.cns_tumour]
    keys = [numbers.arm_numbers[table].serves.format(arm=arm) for arm in arms]
    assert [key for key in keys if key not in known] == []


def test_every_analyte_is_in_the_catalogue() -> None:
    known = load_catalogue()
    assert [a for panel in load().panels.values() for a in panel if a not in known] == []


def test_every_gain_names_something_that_can_be_read() -> None:
    readable = TRAITS | set(PULSES)
    readable |= {name[1:] for name in vars(Reader) if name.startswith("_") and name[1] != "_"}
    gains = {g for panel in load().panels.values() for r in panel.values() for g in r.gains}
    assert gains - readable == set()


def test_every_number_is_used_somewhere() -> None:
    source = Path(__file__).parents[2] / "src" / "icans_risk" / "synthetic"
    code = "".join(path.read_text(encoding="utf-8") for path in source.glob("*.py"))
    families = ("size.", "pulse.", "order.", "icans.", "imaging.")
    unused = [n for n in load().numbers if n not in code and not n.startswith(families)]
    assert unused == []


def test_every_arm_belongs_to_a_mix() -> None:
    in_mixes = {arm for mix in PRODUCT_MIXES.values() for arms in mix for arm in arms}
    assert in_mixes == set(load().arms)


def test_a_changed_number_says_that_it_is_not_the_frozen_one() -> None:
    changed = load().changed(hazard__age=0.0)
    assert changed.number("hazard.age") == 0.0
    assert changed.version != FROZEN
    assert changed.hash() != load().hash()


def test_an_unknown_number_is_refused() -> None:
    with pytest.raises(IcansRiskError, match="not among"):
        load().changed(hazard__agee=0.0)
    with pytest.raises(IcansRiskError, match="is a list"):
        load().number("eeg.powers")

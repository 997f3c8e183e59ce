"""How units are written: what means the same, and what only looks alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.catalogue import Conversion, load_catalogue
from icans_risk.ingest.stages.unit_text import RULES, Rule, plain_unit, read_unit

CATALOGUE = load_catalogue()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.why)
def test_each_rule_does_what_its_example_says(rule: Rule) -> None:
    written, meant = rule.example
    assert plain_unit(written) == plain_unit(meant)


@pytest.mark.parametrize("dropped", RULES, ids=lambda rule: rule.why)
def test_no_rule_is_idle(dropped: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = tuple(rule for rule in RULES if rule is not dropped)
    monkeypatch.setattr("icans_risk.ingest.stages.unit_text.RULES", rest)
    written, meant = dropped.example
    assert plain_unit(written) != plain_unit(meant)


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_two_accepted_units_become_one_unless_they_are_the_same(name: str) -> None:
    accepted = CATALOGUE[name].accepted_units
    for unit, conversion in accepted.items():
        assert read_unit(unit, CATALOGUE[name], {}) == unit
        alike = [other for other in accepted if plain_unit(other) == plain_unit(unit)]
        assert all(accepted[other] == conversion for other in alike)


@pytest.mark.parametrize(
    ("analyte", "written", "meant"),
    [
        ("plasma.crp", "mg/dl", "mg/dL"),
        ("plasma.crp", " mg / L ", "mg/L"),
        ("plasma.crp", "mg／dL", "mg/dL"),
        ("plasma.crp", "ｍｇ/Ｌ", "mg/L"),
        ("plasma.crp", "mg\u00a0/\u202fdl", "mg/dL"),
        ("plasma.crp", "㎍/ml", "ug/mL"),
        ("plasma.crp", "mcg/mL", "ug/mL"),
        ("plasma.creatinine", "µmol/L", "umol/L"),
        ("plasma.creatinine", "μmol/l", "umol/L"),
        ("plasma.creatinine", "mcmol/L", "umol/L"),
        ("plasma.ldh", "µkat/l", "ukat/L"),
        ("plasma.ldh", "U/l", "U/L"),
        ("plasma.ldh", "u/l", "U/L"),
        ("plasma.sil2r", "KU/L", "kU/L"),
        ("plasma.platelets", "10⁹/L", "10*9/L"),
        ("plasma.platelets", "x10^9/L", "10*9/L"),
        ("plasma.platelets", "×10⁹/L", "10*9/L"),
        ("plasma.platelets", "X 10E9/L", "10*9/L"),
        ("plasma.platelets", "10e9/l", "10*9/L"),
        ("plasma.platelets", "10**9/L", "10*9/L"),
        ("plasma.platelets", "10^3/µl", "10*3/uL"),
        ("plasma.platelets", "10³/µL", "10*3/uL"),
        ("plasma.platelets", "G/l", "G/L"),
        ("plasma.platelets", "K/UL", "K/uL"),
        ("plasma.platelets", "K/mcL", "K/uL"),
        ("plasma.platelets", "/µl", "/uL"),
        ("csf.wbc", "/mm³", "/mm3"),
        ("csf.wbc", "10⁶/L", "10*6/L"),
        ("csf.albumin_quotient", "×10⁻³", "10*-3"),
        ("csf.albumin_quotient", "10^-3", "10*-3"),
        ("plasma.d_dimer", "mg/L FEU", "mg/L{FEU}"),
        ("plasma.d_dimer", "ng/ml (DDU)", "ng/mL{DDU}"),
        ("clinical.temperature", "°C", "°C"),
        ("clinical.temperature", "ºC", "degC"),
        ("clinical.temperature", "℃", "degC"),
        ("clinical.temperature", "deg C", "degC"),
        ("clinical.temperature", "degF", "degF"),
        ("clinical.temperature", "℉", "degF"),
        ("clinical.systolic_bp", "mm Hg", "mmHg"),
        ("imaging.tumour_volume", "cm³", "cm3"),
        ("imaging.tumour_volume", "ml", "mL"),
        ("plasma.crp", "MG/DL", "mg/dL"),
        ("plasma.il6", "PG/ML", "pg/mL"),
        ("plasma.creatinine", "UMOL/L", "umol/L"),
        ("plasma.haemoglobin", "G/L", "g/L"),
    ],
)
def test_the_same_unit_is_known_in_other_writing(analyte: str, written: str, meant: str) -> None:
    assert read_unit(written, CATALOGUE[analyte], {}) == meant


@pytest.mark.parametrize(
    ("analyte", "written"),
    [
        ("plasma.crp", "Mg/dL"),
        ("plasma.crp", "mg"),
        ("plasma.crp", "mgdL"),
        ("plasma.crp", "ng/mL"),
        ("plasma.platelets", "g/L"),
        ("plasma.il6", "Pg/mL"),
        ("plasma.creatinine", "mmol/L"),
        ("csf.glucose", "Mmol/L"),
        ("csf.glucose", "umol/L"),
        ("treatment.dexamethasone_mg", "Mg"),
        ("plasma.platelets", "109/L"),
        ("plasma.platelets", "10 9/L"),
        ("plasma.platelets", "10⁸/L"),
        ("plasma.platelets", "M/uL"),
        ("plasma.d_dimer", "mg/L"),
        ("clinical.temperature", "C"),
        ("csf.albumin_quotient", "10^3"),
    ],
)
def test_a_unit_that_only_looks_alike_is_not_read(analyte: str, written: str) -> None:
    assert read_unit(written, CATALOGUE[analyte], {}) is None


def test_case_is_not_ignored_where_two_units_remain() -> None:
    units = {"kU/L": Conversion(factor=1), "ku/L": Conversion(factor=2)}
    entry = CATALOGUE["plasma.sil2r"].model_copy(update={"accepted_units": units})
    assert read_unit("KU/L", entry, {}) is None


def test_the_words_of_the_site_come_first() -> None:
    crp = CATALOGUE["plasma.crp"]
    assert read_unit("Einh. ", crp, {"Einh.": "mg/dl"}) == "mg/dL"
    assert read_unit("mg/L", crp, {"mg/L": "mg/dL"}) == "mg/dL"
    assert read_unit("einh.", crp, {"Einh.": "mg/dl"}) is None
    assert read_unit("Einh.", crp, {"Einh.": "furlong"}) is None


@given(st.text(max_size=8), st.sampled_from(sorted(CATALOGUE)))
def test_whatever_is_read_is_accepted_and_reads_as_itself(text: str, name: str) -> None:
    unit = read_unit(text, CATALOGUE[name], {})
    assert unit is None or unit in CATALOGUE[name].accepted_units


@given(st.sampled_from([(n, u) for n, a in CATALOGUE.items() for u in a.accepted_units]), st.data())
def test_case_never_changes_what_a_value_is_worth(
    pair: tuple[str, str], data: st.DataObject
) -> None:
    name, unit = pair
    upper = data.draw(st.lists(st.booleans(), min_size=len(unit), max_size=len(unit)))
    other = "".join(c.swapcase() if u else c for c, u in zip(unit, upper, strict=True))
    found = read_unit(other, CATALOGUE[name], {})
    accepted = CATALOGUE[name].accepted_units
    if found is not None and other not in accepted:
        assert accepted[found] == accepted[unit]

"""A unit is converted exactly or refused, never guessed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.catalogue import Analyte, from_canonical, load_catalogue, to_canonical
from icans_risk.errors import UnitError

CATALOGUE = load_catalogue()
PAIRS = [(a, unit) for a in CATALOGUE.values() for unit in a.accepted_units]


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "canonical"),
    [
        ("plasma.crp", 1.5, "mg/dL", 15.0),
        ("plasma.crp", 15.0, "mg/L", 15.0),
        ("plasma.ferritin", 1200.0, "ug/L", 1200.0),
        ("plasma.ferritin", 1200.0, "\u00b5g/L", 1200.0),
        ("plasma.ferritin", 1200.0, "\u03bcg/L", 1200.0),
        ("plasma.ldh", 4.0, "\u00b5kat/L", 240.0),
        ("plasma.ldh", 240.0, "U/L", 240.0),
        ("plasma.alt", 1.0, "ukat/L", 60.0),
        ("plasma.il6", 16.0, "ng/L", 16.0),
        ("plasma.il6", 0.016, "ng/mL", 16.0),
        ("plasma.nfl", 87.6, "ng/L", 87.6),
        ("plasma.ang2", 1439.0, "pg/mL", 1.439),
        ("plasma.vwf_antigen", 1.5, "[IU]/mL", 150.0),
        ("plasma.platelets", 86.0, "10*3/uL", 86.0),
        ("plasma.platelets", 86.0, "10^9/L", 86.0),
        ("plasma.platelets", 86000.0, "/\u00b5L", 86.0),
        ("plasma.haemoglobin", 95.0, "g/L", 9.5),
        ("plasma.fibrinogen", 1.6, "g/L", 160.0),
        ("plasma.d_dimer", 250.0, "ng/mL{DDU}", 500.0),
        ("plasma.d_dimer", 0.5, "ug/mL{FEU}", 500.0),
        ("plasma.d_dimer", 0.25, "mg/L{DDU}", 500.0),
        ("plasma.albumin", 35.0, "g/L", 3.5),
        ("plasma.creatinine", 88.4, "umol/L", 1.0),
        ("plasma.bilirubin", 17.1, "umol/L", 1.0),
        ("plasma.car_t_cells", 42.0, "cells/uL", 42.0),
        ("plasma.car_t_cells", 42000.0, "/mL", 42.0),
        ("plasma.car_t_copies", 5.5, "copies/ng", 5500.0),
        ("csf.protein", 0.5, "g/L", 50.0),
        ("csf.albumin_quotient", 0.9, "10*-2", 9.0),
        ("csf.albumin_quotient", 0.9, "%", 9.0),
        ("csf.albumin_quotient", 0.009, "1", 9.0),
        ("csf.wbc", 5.0, "10*6/L", 5.0),
        ("csf.glucose", 1.0, "mmol/L", 18.016),
        ("csf.opening_pressure", 20.0, "mm[Hg]", 27.1902),
        ("csf.intracranial_pressure", 27.1902, "cm[H2O]", 20.0),
        ("eeg.delta_relative", 25.0, "%", 0.25),
        ("imaging.tumour_volume", 147.5, "cm3", 147.5),
        ("clinical.temperature", 98.6, "[degF]", 37.0),
        ("clinical.temperature", 102.02, "[degF]", 38.9),
        ("clinical.temperature", -40.0, "[degF]", -40.0),
        ("clinical.temperature", 310.15, "K", 37.0),
        ("clinical.systolic_bp", 16.0, "kPa", 120.00985),
    ],
)
def test_a_known_conversion(analyte: str, value: float, unit: str, canonical: float) -> None:
    converted = to_canonical(value, unit, CATALOGUE[analyte])
    assert converted == pytest.approx(canonical, rel=1e-6)


@given(pair=st.sampled_from(PAIRS), share=st.floats(0, 1))
def test_there_and_back_is_the_same_value(pair: tuple[Analyte, str], share: float) -> None:
    analyte, unit = pair
    low, high = analyte.hard_limits
    value = low + share * (high - low)
    back = to_canonical(from_canonical(value, unit, analyte), unit, analyte)
    assert back == pytest.approx(value, rel=1e-12, abs=1e-12 * (high - low))


@given(values=st.lists(st.floats(0, 1e4), min_size=1, max_size=20), seed=st.integers(0, 99))
def test_mixed_units_are_converted_row_by_row(values: list[float], seed: int) -> None:
    crp = CATALOGUE["plasma.crp"]
    units = np.random.default_rng(seed).choice(list(crp.accepted_units), size=len(values))
    expected = [float(to_canonical(v, str(u), crp)) for v, u in zip(values, units, strict=True)]
    assert to_canonical(values, units, crp).tolist() == expected


def test_the_shape_is_kept() -> None:
    crp = CATALOGUE["plasma.crp"]
    assert to_canonical(np.ones((2, 3)), "mg/dL", crp).shape == (2, 3)
    assert to_canonical(np.ones((2, 3)), np.array([["mg/dL"], ["mg/L"]]), crp)[:, 0].tolist() == [
        10.0,
        1.0,
    ]
    assert to_canonical([], [], crp).shape == (0,)


def test_the_input_is_not_changed() -> None:
    values = np.array([1.0, 2.0])
    to_canonical(values, ["mg/dL", "mg/dL"], CATALOGUE["plasma.crp"])
    to_canonical(values, "mg/L", CATALOGUE["plasma.crp"])[0] = 9.0
    assert values.tolist() == [1.0, 2.0]


def test_a_missing_value_needs_no_unit() -> None:
    crp = CATALOGUE["plasma.crp"]
    converted = to_canonical([1.0, np.nan, np.nan], ["mg/dL", None, np.nan], crp)
    assert converted[0] == 10.0
    assert np.isnan(converted[1:]).all()


@pytest.mark.parametrize(
    ("analyte", "unit"),
    [
        ("plasma.d_dimer", "ng/mL"),
        ("csf.albumin_quotient", "{ratio}"),
        ("plasma.haemoglobin", "mmol/L"),
        ("plasma.crp", "MG/L"),
        ("plasma.crp", ""),
    ],
)
def test_a_unit_that_means_two_things_or_none_is_refused(analyte: str, unit: str) -> None:
    with pytest.raises(UnitError, match="must be in one of"):
        to_canonical(1.0, unit, CATALOGUE[analyte])


def test_the_error_names_the_accepted_units_and_not_the_cell() -> None:
    with pytest.raises(UnitError) as caught:
        to_canonical([1.0, 2.0, 3.0], ["mg/L", "Jane Doe", None], CATALOGUE["plasma.crp"])
    assert "plasma.crp must be in one of ['mg/L', 'ug/mL', 'mg/dL'], 1 values" in str(caught.value)
    assert "Jane" not in str(caught.value)

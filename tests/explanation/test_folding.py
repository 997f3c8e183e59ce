"""Folding moves no sum, whatever the columns are called."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.explanation import (
    fold_by_analyte,
    fold_by_modality,
    fold_by_window,
    measured_analytes,
    unfold,
)

COLUMNS = [
    "plasma.crp.max.early",
    "plasma.crp.last.early",
    "plasma.crp.last.baseline",
    "plasma.ferritin.log2_ratio.baseline-to-early",
    "plasma.nfl@ella.last.to_date",
    "csf.protein.last.to_date",
    "score.m_easix.baseline",
    "static.age_years",
    "static.product.axi-cel",
    "treatment.dexamethasone.given.to_landmark",
]
PARTS = pd.DataFrame([[1.0, 2, 4, 8, 16, 32, 64, 128, 256, 512, -1]], columns=[*COLUMNS, "base"])


def test_windows_of_one_analyte_are_added_up() -> None:
    assert fold_by_analyte(PARTS).iloc[0].to_dict() == {
        "plasma.crp": 7.0,
        "plasma.ferritin": 8.0,
        "plasma.nfl@ella": 16.0,
        "csf.protein": 32.0,
        "score.m_easix": 64.0,
        "static.age_years": 128.0,
        "static.product": 256.0,
        "treatment.dexamethasone": 512.0,
        "base": -1.0,
    }


def test_a_score_is_no_blood_test_when_modalities_are_added_up() -> None:
    assert fold_by_modality(PARTS).iloc[0].to_dict() == {
        "plasma": 31.0,
        "csf": 32.0,
        "score": 64.0,
        "static": 384.0,
        "treatment": 512.0,
        "base": -1.0,
    }


def test_a_change_between_windows_has_a_window_of_its_own() -> None:
    assert fold_by_window(PARTS).iloc[0].to_dict() == {
        "early": 3.0,
        "baseline": 68.0,
        "baseline-to-early": 8.0,
        "to_date": 48.0,
        "fixed": 384.0,
        "to_landmark": 512.0,
        "base": -1.0,
    }


def test_an_analyte_unfolds_to_the_columns_that_were_added_up() -> None:
    crp = unfold(PARTS, "plasma.crp")
    assert crp.columns.tolist() == COLUMNS[:3]
    assert unfold(PARTS, "plasma.nfl").empty


@given(
    st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True),
    st.integers(1, 5),
    st.integers(0, 2**32 - 1),
)
def test_folding_changes_no_sum(names: list[str], rows: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(rows, len(names) + 1))
    parts = pd.DataFrame(values, columns=[*names, "base"])
    for fold in (fold_by_analyte, fold_by_modality, fold_by_window):
        folded = fold(parts)
        np.testing.assert_allclose(folded.sum(axis=1), values.sum(axis=1), rtol=0, atol=1e-12)
        np.testing.assert_array_equal(folded["base"], parts["base"])
    for analyte in fold_by_analyte(parts).columns.drop("base"):
        np.testing.assert_allclose(
            unfold(parts, analyte).sum(axis=1), fold_by_analyte(parts)[analyte], atol=1e-12
        )


@pytest.mark.parametrize(
    ("column", "value", "is_measured"),
    [
        ("plasma.crp.last.early", np.nan, False),
        ("plasma.crp.last.early", 0.0, True),
        ("plasma.crp.count.early", 0.0, False),
        ("plasma.crp.count.early", 2.0, True),
        ("static.product.axi-cel", 0.0, True),
    ],
)
def test_zero_is_a_value_but_not_of_a_count(column: str, value: float, is_measured: bool) -> None:
    rows = pd.DataFrame({column: [value]}, dtype="float32")
    assert measured_analytes(rows).iloc[0].tolist() == [is_measured]

"""The global view is made of the very values that pages print."""

import numpy as np
import pandas as pd

from icans_risk.explanation import mean_size, modality_by_window, shap_explanation

PARTS = pd.DataFrame(
    {
        "plasma.crp.max.early": [0.4, -0.2],
        "plasma.ldh.max.early": [-0.1, 0.0],
        "plasma.crp.last.baseline": [0.0, 0.2],
        "static.age_years": [0.1, 0.1],
        "base": [-2.0, -2.0],
    }
)


def test_sizes_are_means_of_absolute_values_without_the_base() -> None:
    sizes = mean_size(PARTS).round(6)
    assert sizes.index.tolist() == [
        "plasma.crp.max.early", "plasma.crp.last.baseline", "static.age_years",
        "plasma.ldh.max.early",
    ]  # fmt: skip
    assert sizes.tolist() == [0.3, 0.1, 0.1, 0.05]


def test_columns_of_a_modality_and_window_are_added_up_before_their_size_is_taken() -> None:
    table = modality_by_window(PARTS).round(6)
    assert table.to_numpy().tolist() == [
        ["plasma", "early", 2, 0.25],
        ["plasma", "baseline", 1, 0.1],
        ["static", "fixed", 1, 0.1],
    ]
    assert modality_by_window(PARTS[["base"]]).empty


def test_shap_is_handed_our_values_and_they_add_up() -> None:
    vectors = PARTS.drop(columns="base") * 10
    told = shap_explanation(PARTS, vectors, names=list("abcd"))
    np.testing.assert_array_equal(told.values, PARTS.to_numpy()[:, :-1])
    np.testing.assert_array_equal(told.data, vectors.to_numpy())
    assert told.feature_names == list("abcd")
    np.testing.assert_allclose(told.values.sum(axis=1) + told.base_values, PARTS.sum(axis=1))

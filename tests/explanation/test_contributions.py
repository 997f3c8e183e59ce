"""Contributions add up, whoever is explained by whichever models."""

import numpy as np
import pandas as pd
import pytest

from icans_risk.errors import ExplanationError
from icans_risk.explanation import check_additivity, fold_by_analyte, held_out_contributions
from icans_risk.models import BoostedTrees


@pytest.fixture(scope="module")
def vectors() -> pd.DataFrame:
    generator = np.random.default_rng(5)
    names = [
        "plasma.crp.max.early",
        "plasma.crp.last.early",
        "csf.nfl.last.early",
        "static.age_years",
    ]
    return pd.DataFrame(generator.normal(size=(60, 4)), columns=names).astype("float32")


@pytest.fixture(scope="module")
def folds(vectors: pd.DataFrame) -> tuple[list[BoostedTrees], list[np.ndarray]]:
    y = (vectors["plasma.crp.max.early"] > 0).to_numpy().astype(int)
    # Three folds of the first 45 rows; the last 15 were never in any training set.
    trained_on = [np.setdiff1d(np.arange(45), np.arange(fold, 45, 3)) for fold in range(3)]
    models = [BoostedTrees().fit(vectors.iloc[rows], y[rows]) for rows in trained_on]
    return models, trained_on


def test_a_row_is_explained_by_the_model_that_did_not_see_it(
    vectors: pd.DataFrame, folds: tuple[list[BoostedTrees], list[np.ndarray]]
) -> None:
    held_out = held_out_contributions(*folds, vectors)
    assert held_out.margin.iloc[1] == pytest.approx(
        folds[0][1].margin(vectors.iloc[[1]])[0], abs=1e-6
    )


def test_a_row_that_no_model_saw_is_explained_by_all(
    vectors: pd.DataFrame, folds: tuple[list[BoostedTrees], list[np.ndarray]]
) -> None:
    held_out = held_out_contributions(*folds, vectors)
    margins = np.array([model.margin(vectors.iloc[[50]])[0] for model in folds[0]])
    assert held_out.margin.iloc[50] == pytest.approx(margins.mean(), abs=1e-6)


def test_mean_contributions_add_up_to_the_mean_log_odds(
    vectors: pd.DataFrame, folds: tuple[list[BoostedTrees], list[np.ndarray]]
) -> None:
    held_out = held_out_contributions(*folds, vectors)
    folded = fold_by_analyte(held_out.contributions)
    assert folded.columns.tolist() == ["plasma.crp", "csf.nfl", "static.age_years", "base"]
    np.testing.assert_allclose(folded.sum(axis=1), held_out.margin, atol=1e-5)


def test_a_row_in_every_training_set_is_refused(
    vectors: pd.DataFrame, folds: tuple[list[BoostedTrees], list[np.ndarray]]
) -> None:
    models, trained_on = folds
    with pytest.raises(ExplanationError, match="30 rows have none"):
        held_out_contributions(models[:1], trained_on[:1], vectors.iloc[:45])


def test_contributions_that_do_not_add_up_are_refused() -> None:
    check_additivity(np.array([[1.0, 2.0]]), np.array([3.000005]))
    with pytest.raises(ExplanationError, match=r"1 rows are off by up to 0\.1"):
        check_additivity(np.array([[1.0, 2.0], [1.0, 1.0]]), np.array([3.1, 2.0]))
    with pytest.raises(ExplanationError):
        check_additivity(np.array([[np.nan, 2.0]]), np.array([3.0]))

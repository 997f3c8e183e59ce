"""A miniature of the study of models by size of cohort, and what its full table says."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from icans_risk.errors import NotReleasedError
from test_studies import STUDIES, load

CHEAP = ("elastic_net", "booster", "product_age_crs", "m_easix", "icans_grade", "prevalence")


@pytest.fixture(scope="module")
def study() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(STUDIES))
        yield load("models_by_size")
        for name in ("model_arms", "size_populations"):
            sys.modules.pop(name)


@pytest.fixture(scope="module")
def populations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("populations")


@pytest.fixture(scope="module")
def rows(study: ModuleType, populations: Path) -> object:
    return sys.modules["size_populations"].load_rows("linear", 1_500, seed=4, cache=populations)


@pytest.fixture(scope="module")
def miniature(study: ModuleType, rows: object) -> pd.DataFrame:
    arms = [arm for arm in study.ARMS if arm.name in CHEAP]
    fits = study.run(rows, variant="linear", arms=arms, cohorts={200: 2}, test=600, ceiling=900)
    table: pd.DataFrame = study.summarise(fits)
    return table.set_index("arm")


def test_the_way_begins_at_the_prevalence_and_ends_at_the_large_model(
    miniature: pd.DataFrame,
) -> None:
    assert miniature.loc["ceiling", "log_loss_share"] == 1.0
    assert miniature.loc["ceiling", "patients"] == 900
    assert miniature.loc["prevalence", "auroc_share"] == 0.0
    assert -0.2 < miniature.loc["prevalence", "log_loss_share"] < 0.05


def test_models_of_two_hundred_patients_are_on_the_way(miniature: pd.DataFrame) -> None:
    assert 0.3 < miniature.loc["elastic_net", "auroc_share"] < 1.3
    assert miniature.loc["elastic_net", "log_loss_share"] > 0.2
    assert miniature.loc["elastic_net", "slope"] > 0.3
    assert miniature.loc["m_easix", "auroc"] > 0.55


def test_each_row_says_of_how_many_cohorts_it_is(miniature: pd.DataFrame) -> None:
    arms = miniature.drop("ceiling")
    assert set(arms.index) == set(CHEAP)
    assert (arms["repeats"] == 2).all()
    assert (arms["patients"] == 200).all()
    assert (arms["auroc_low"] <= arms["auroc"]).all()
    assert (arms["auroc"] <= arms["auroc_high"]).all()


def test_patients_are_simulated_once(study: ModuleType, rows: object, populations: Path) -> None:
    (kept,) = populations.iterdir()
    written = kept.stat().st_mtime_ns
    again = sys.modules["size_populations"].load_rows("linear", 1_500, seed=4, cache=populations)
    pd.testing.assert_frame_equal(again.X, rows.X)  # type: ignore[attr-defined]
    assert kept.stat().st_mtime_ns == written


def test_models_see_neither_the_grade_nor_the_scores_of_the_comparators(
    study: ModuleType, rows: object
) -> None:
    columns = {arm.name: list(arm.columns_of(rows.X)) for arm in study.ARMS}  # type: ignore[attr-defined]
    assert columns["icans_grade"] == ["grade.icans.last"]
    assert columns["easix"] == ["score.easix.early"]
    for name in ("elastic_net", "booster", "late_fusion", "explainable"):
        seen = [c for c in columns[name] if c.startswith(("grade.", "score."))]
        assert seen == ["score.m_easix.baseline", "score.m_easix.early"]
        assert "plasma.crp.last.early" in columns[name]


def test_a_model_that_is_not_released_counts_as_the_prevalence(
    study: ModuleType, rows: object
) -> None:
    def refuse(X: pd.DataFrame, y: np.ndarray) -> None:
        raise NotReleasedError("not this time")

    arm = sys.modules["model_arms"].Arm("refused", "refused", "booster", refuse)
    prevalence = next(arm for arm in study.ARMS if arm.name == "prevalence")
    fits = study.run(
        rows, variant="linear", arms=[arm, prevalence], cohorts={200: 3}, test=600, ceiling=900
    )
    table = study.summarise(fits).set_index("arm")
    assert table.loc["refused", "not_released"] == 3
    assert table.loc["refused", "claims_skill"] == 0.0
    assert table.loc["refused", "auroc"] == 0.5
    assert table.loc["refused", "log_loss"] == table.loc["prevalence", "log_loss"]
    assert np.isnan(table.loc["refused", "slope"])


def test_without_signal_everyone_has_the_same_true_risk(study: ModuleType) -> None:
    rows = sys.modules["size_populations"].load_rows("no_signal", 400, seed=4)
    assert np.ptp(rows.true_risk) < 1e-12
    arms = [arm for arm in study.ARMS if arm.name == "elastic_net"]
    fits = study.run(rows, variant="no_signal", arms=arms, cohorts={150: 1}, test=150, ceiling=200)
    table = study.summarise(fits).set_index("arm")
    assert table["log_loss_share"].isna().all()
    assert table.loc["elastic_net", "claims_skill"] in (0.0, 1.0)


def test_a_stopped_run_goes_on_from_the_fits_that_it_kept(
    study: ModuleType, rows: object, tmp_path: Path
) -> None:
    arms = [arm for arm in study.ARMS if arm.name in ("m_easix", "product_age_crs")]
    settings = {"variant": "linear", "cohorts": {200: 2}, "test": 600, "ceiling": 900}
    first = study.run(rows, arms=arms[:1], folder=tmp_path, **settings)
    (kept,) = tmp_path.glob("*.csv")
    written = kept.stat().st_mtime_ns
    both = study.run(rows, arms=arms, folder=tmp_path, **settings)
    assert kept.stat().st_mtime_ns == written
    assert set(both["arm"]) == {"ceiling", "m_easix", "product_age_crs"}
    taken_up = both[both["arm"] == first["arm"].iloc[-1]]["auroc"].to_numpy()
    np.testing.assert_allclose(taken_up, first["auroc"].to_numpy()[1:])

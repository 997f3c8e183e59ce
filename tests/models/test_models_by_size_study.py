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
    assert miniature.loc["truth", "auroc_share"] > 1.0
    assert miniature.loc["prevalence", "auroc_share"] == 0.0
    assert -0.2 < miniature.loc["prevalence", "log_loss_share"] < 0.05


def test_models_of_two_hundred_patients_are_on_the_way(miniature: pd.DataFrame) -> None:
    assert 0.3 < miniature.loc["elastic_net", "auroc_share"] < 1.3
    assert miniature.loc["elastic_net", "log_loss_share"] > 0.2
    assert miniature.loc["elastic_net", "slope"] > 0.3
    assert miniature.loc["m_easix", "auroc"] > 0.55


def test_each_row_says_of_how_many_cohorts_it_is(miniature: pd.DataFrame) -> None:
    arms = miniature.drop(["ceiling", "truth"])
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
    assert table.loc["truth", "auroc"] == pytest.approx(0.5)
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
    assert set(both["arm"]) == {"ceiling", "truth", "m_easix", "product_age_crs"}
    taken_up = both.loc[both["arm"] == arms[0].name, "auroc"].to_numpy()
    np.testing.assert_allclose(taken_up, first["auroc"].to_numpy()[2:])


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    return load("models_by_size_pages")


@pytest.fixture(scope="module")
def table(pages: ModuleType) -> pd.DataFrame:
    found: pd.DataFrame = pages.read_table()
    return found.set_index(["variant", "patients", "arm"]).sort_index()


def test_the_committed_table_holds_all_sizes_and_says_how_many_cohorts(table: pd.DataFrame) -> None:
    for variant in ("linear", "interactions"):
        for patients in (100, 300, 1_000, 5_000):
            at = table.loc[(variant, patients)]
            assert {"elastic_net", "booster", "late_fusion", "m_easix", "icans_grade"} <= set(
                at.index
            )
            assert (
                at.loc[["elastic_net", "booster", "late_fusion", "m_easix"], "repeats"] == 20
            ).all()
    assert table.loc[("no_signal", 300), "repeats"].min() == 200


def test_a_thousand_patients_are_most_of_the_way_and_calibrated(table: pd.DataFrame) -> None:
    best = table.loc[("interactions", 1_000, "elastic_net")]
    assert best["auroc_share"] >= 0.90
    assert best["log_loss_share"] >= 0.85
    assert 0.85 <= best["slope"] <= 1.15


def test_the_package_recommends_what_the_table_says(pages: ModuleType) -> None:
    written = pd.read_csv(pages.RECOMMENDATION, dtype={"commit": str})
    pd.testing.assert_frame_equal(written, pages.recommend_by_size(pages.read_table()))


def test_the_page_holds_the_tables_as_they_are(pages: ModuleType) -> None:
    page = pages.PAGE.read_text(encoding="utf-8")
    for name, block in pages.tables_of_page(pages.read_table()).items():
        assert pages.fill(page, name, block) == page
        assert block in page


def test_the_figure_has_a_panel_for_each_kind_of_cohort(pages: ModuleType) -> None:
    figure = pages.draw(pages.read_table())
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "effects add up",
        "effects interact",
        "nothing to learn",
    ]
    assert "Synthetic" in figure.get_supxlabel()


def test_false_claims_are_counted_cohort_by_cohort(study: ModuleType) -> None:
    rows = sys.modules["size_populations"].load_rows("no_signal", 400, seed=4)
    found = load("false_claims").run(rows, cohorts={"elastic net": {100: 4}})
    (line,) = found.to_dict("records")
    assert (line["model"], line["patients"], line["cohorts"]) == ("elastic net", 100, 4)
    assert 0.3 < line["auroc"] < 0.7
    assert 0.0 < line["z_sd"] < 4.0
    assert {line["above"], line["below"], line["half_above"]} <= {0.0, 0.25, 0.5, 0.75, 1.0}

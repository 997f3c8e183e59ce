"""Miniatures of the long simulations: the same code, small enough for every run."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

STUDIES = Path(__file__).parents[1] / "benchmarks" / "studies"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, STUDIES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_truth_lies_above_every_model() -> None:
    table = load("ceilings").run(sizes=(150,), ceiling=900, test=900, repeats=1, seed=4)
    for _, group in table.groupby("landmark_h"):
        auroc = group.set_index("model")["auroc"]
        assert auroc["true risk"] > auroc["ceiling"] > 0.6
        assert auroc["true risk"] > auroc["model"] > 0.5


def test_who_was_tested_tells_nothing_until_ordering_is_informative() -> None:
    table = load("informative_ordering").run(training=1_500, test=1_500, seed=4)
    late = table[table["landmark_h"] == 168].set_index(["informative_ordering", "presence"])
    assert late.loc[(False, "informative"), "auroc"] == pytest.approx(0.5, abs=0.12)
    assert late.loc[(True, "informative"), "auroc"] > 0.6
    assert late.loc[(True, "informative"), "auroc"] > late.loc[(True, "protocol_only"), "auroc"]


def test_a_value_that_is_worth_more_moves_the_risk_more_when_it_is_revealed() -> None:
    table = load("value_of_missing").run(size=300, fresh=60, cohorts=1, seed=4)
    quarter = table[table["by"] == "quarter"].set_index("group")
    assert quarter["expected"].is_monotonic_increasing
    assert quarter.loc["4", "moved"] > 5 * quarter.loc["1", "moved"]
    total = quarter[["expected", "moved"]].sum()
    assert 0.4 < total["moved"] / total["expected"] < 2.5
    picked = table[table["by"] == "picked_by"].set_index("group")["moved"]
    assert picked["at random"] < picked["expected reduction"] <= picked["hindsight"]


def test_calibration_needs_patients_and_the_smallest_size_is_found() -> None:
    study = load("sample_size_by_simulation")
    table = study.run(sizes=(100, 300), column_counts=(10,), fresh=1_000, cohorts=3, seed=4)
    assert list(table["model"].unique()) == ["booster", "calibrated booster", "elastic net"]
    by_size = table.groupby("patients")["auroc"].mean()
    assert by_size[300] > by_size[100] > 0.55
    net = table[table["model"] == "elastic net"].set_index("patients")
    assert net.loc[300, "deviation"] < net.loc[100, "deviation"]
    assert len(study.smallest_sizes(table)) == 3


def test_a_size_is_enough_only_if_all_larger_ones_are() -> None:
    import pandas as pd

    slopes = {100: 1.0, 200: 0.8, 300: 0.95, 400: 1.05}
    table = pd.DataFrame(
        [
            {"columns": 10, "patients": n, "model": "booster", "events": n / 5, "cohorts": 20,
             "slope": slope, "low": 0, "high": 2, "deviation": 0.1, "auroc": 0.7}
            for n, slope in slopes.items()
        ]
    )  # fmt: skip
    smallest_sizes = load("sample_size_by_simulation").smallest_sizes
    assert smallest_sizes(table)["patients"].tolist() == [300]
    timid = table.assign(deviation=0.2)
    assert smallest_sizes(timid)["patients"].isna().all()
    refused = table.assign(cohorts=[20, 20, 20, 19])
    assert smallest_sizes(refused)["patients"].isna().all()


def test_the_package_knows_the_sizes_of_the_committed_table() -> None:
    import pandas as pd

    study = load("sample_size_by_simulation")
    table = pd.read_csv(STUDIES / "sample_size_by_simulation.csv")
    packaged = pd.read_csv(study.PACKAGED, dtype={"patients": "Int64"})
    pd.testing.assert_frame_equal(
        study.smallest_sizes(table), packaged.drop(columns=["seed", "commit"])
    )


def test_held_out_support_keeps_noise_unnamed_where_rebuilds_alone_do_not() -> None:
    study = load("named_analytes")
    table = study.run(sizes=(250,), cohorts=1, fresh=25, seed=4, rebuilds=(8,))
    noise = table[table["reads"] == "noise"].set_index(["agreement", "support"])["in_patients"]
    assert noise[0.0, 0.0] > 0.8
    assert noise[0.9, 1.645] <= noise[0.9, 0.0] < noise[0.0, 0.0]
    every = table[table["reads"] == "any"].set_index(["agreement", "support"])
    assert every.loc[(0.9, 1.645), "reads_top"] > every.loc[(0.9, 1.645), "reads_top_by_chance"]


def test_the_rule_of_the_pages_names_little_noise_in_the_committed_table() -> None:
    import pandas as pd

    from icans_risk.explanation import NAMED_AGREEMENT, SUPPORTED_Z

    table = pd.read_csv(STUDIES / "named_analytes.csv")
    noise = table[table["reads"] == "noise"].set_index(["agreement", "support"])["named"]
    # Shares of patients for one analyte of noise; five were planted.
    assert (noise.loc[(NAMED_AGREEMENT, SUPPORTED_Z)] / 5 < 0.06).all()
    assert (noise.loc[(NAMED_AGREEMENT, 0.0)] / 5 > 0.1).all()
    page = STUDIES.parents[1] / "docs" / "explanation.md"
    study, text = load("named_analytes"), page.read_text(encoding="utf-8")
    assert study.as_markdown(table) in text
    assert study.sources_as_markdown(table) in text
    named = table[table["reads"] == "any"].set_index(["agreement", "support"])
    ours = named.loc[(NAMED_AGREEMENT, SUPPORTED_Z)]
    assert (ours["reads_top"] > ours["reads_top_by_chance"] + 0.1).all()


def test_a_published_incidence_brings_a_model_nearer_to_another_product() -> None:
    table = load("transport").run(patients=900, repeats=3, seed=4, left_out=["axi_cel.lbcl"])
    nothing = table[table["local"] == 0].set_index("method")["observed_expected"]
    assert abs(nothing["published and local"] - 1) < abs(nothing["as it is"] - 1)
    assert nothing["recalibrated"] == nothing["local shrunk"] == nothing["as it is"]
    fifty = table[table["local"] == 50].set_index("method")
    assert fifty.loc["published and local", "gain"] > 0


def test_the_committed_tables_name_their_seed_and_commit() -> None:
    import pandas as pd

    for name in (
        "applicability",
        "ceilings",
        "cold_start",
        "false_claims",
        "feature_cost",
        "informative_ordering",
        "interval_coverage",
        "models_by_size",
        "monitoring",
        "named_analytes",
        "optimism_bias",
        "permuted_labels",
        "planted_leaks",
        "sample_size_by_simulation",
        "transport",
        "unit_shifts",
    ):
        table = pd.read_csv(STUDIES / f"{name}.csv", dtype={"commit": str})
        assert table["seed"].nunique() == 1
        assert table["commit"].str.len().ge(7).all()

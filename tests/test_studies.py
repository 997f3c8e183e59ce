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


def test_the_committed_tables_name_their_seed_and_commit() -> None:
    import pandas as pd

    for name in (
        "applicability",
        "ceilings",
        "feature_cost",
        "informative_ordering",
        "permuted_labels",
        "planted_leaks",
        "unit_shifts",
    ):
        table = pd.read_csv(STUDIES / f"{name}.csv", dtype={"commit": str})
        assert table["seed"].nunique() == 1
        assert table["commit"].str.len().ge(7).all()

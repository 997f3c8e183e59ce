"""A miniature of the benchmark: the peers it is run against compute the same numbers."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from icans_risk.cohort import read_plain_part, stored_parts
from icans_risk.features import build_features, build_features_streaming

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
EVENTS = 3_000


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Import the modules of the benchmark, which find each other beside themselves."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield importlib.import_module
    for name in [name for name in sys.modules if name.startswith("feature_")]:
        del sys.modules[name]


@pytest.fixture
def peers(load) -> ModuleType:
    return load("feature_peers")


@pytest.fixture
def data(load) -> ModuleType:
    return load("feature_data")


def coarse(data):
    """Events on the edges of windows, available at landmarks, zeros, maxima that tie."""
    drawn = data.draw_events(0, EVENTS, seed=7, minutes=30, digits=-1)
    cohort = data.as_cohort(drawn, data.episodes(EVENTS))
    return drawn, build_features(cohort, data.specification(), data.LANDMARKS[8])


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("polars", "polars"),
        ("polars-coded", "polars"),
        ("duckdb", "duckdb"),
        ("pandas", "pandas"),
        ("pandas-coded", "pandas"),
        ("tsfresh", "tsfresh"),
    ],
)
def test_every_peer_computes_what_ours_computes(peers, data, tmp_path, name, package) -> None:
    pytest.importorskip(package)
    drawn, ours = coarse(data)
    drawn.write_parquet(tmp_path / "plain.parquet")
    table = peers.PEERS[name](tmp_path / "plain.parquet", data.LANDMARKS[8])
    compared = ("max", "min", "mean", "median") if name == "tsfresh" else data.STATISTICS
    assert peers.differing_cells(ours, table) == dict.fromkeys(compared, 0)


def test_the_comparison_counts_a_changed_a_missing_and_an_added_cell(peers, data, tmp_path) -> None:
    drawn, ours = coarse(data)
    drawn.write_parquet(tmp_path / "plain.parquet")
    table = peers.PEERS["polars"](tmp_path / "plain.parquet", data.LANDMARKS[8]).to_pandas()
    of_one, of_many = table["sd"].isna(), table["sd"].notna()
    table.loc[table.index[of_many][0], "max"] += 1e6
    table.loc[table.index[of_one][:2], "sd"] = 0.0
    found = peers.differing_cells(ours, table.drop(index=table.index[of_many][1]))
    assert found == dict.fromkeys(data.STATISTICS, 1) | {"max": 2, "sd": 3}


def test_the_miniature_meets_edges_single_values_and_ties(data) -> None:
    drawn, ours = coarse(data)
    edges = [0.0, 24.0, data.LYMPHODEPLETION_H, *(h - 24.0 for h in data.LANDMARKS[8])]
    assert drawn["collected_h"].is_in(edges).sum() >= 10
    assert drawn["available_h"].is_in(data.LANDMARKS[8]).sum() >= 10
    of_statistic = {
        name: ours[[column for column in ours.columns if f".{name}." in column]].to_numpy()
        for name in ("last", "sd")
    }
    assert (np.isnan(of_statistic["sd"]) & ~np.isnan(of_statistic["last"])).sum() >= 10
    value = pl.col("value")
    groups = drawn.group_by("episode_id", "analyte")
    maxima = groups.agg(times=(value == value.max()).sum())["times"]
    assert (maxima > 1).sum() >= 10


def test_both_sources_hold_the_same_events(data, load, tmp_path) -> None:
    load("feature_timing").prepare(tmp_path, EVENTS, ("ours", "ours-folder"))
    landmarks, specification = data.LANDMARKS[1], data.specification()
    part = read_plain_part(tmp_path / "plain.parquet", data.episodes(EVENTS))
    vectors = [
        next(iter(build_features_streaming(source, specification, landmarks)))
        for source in ([part], stored_parts(tmp_path / "cohort"))
    ]
    np.testing.assert_array_equal(*vectors)


def test_the_stages_of_a_profile_are_all_there(load, tmp_path) -> None:
    load("feature_timing").prepare(tmp_path, EVENTS, ("ours", "ours-folder"))
    table = load("feature_stages").profile(tmp_path, EVENTS, landmarks=[72.0], rounds=1)
    stages = table.drop("program").to_numpy()
    assert stages.shape == (2, 7)
    assert (stages > 0).all()


def test_the_study_of_cost_times_both_programs_and_draws_a_line_for_each(load) -> None:
    load("feature_timing")
    path = BENCHMARKS / "studies" / "feature_cost.py"
    spec = importlib.util.spec_from_file_location("study_of_cost", path)
    study = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(study)
    table = study.run(sizes=(EVENTS,), rounds=2)
    assert table["events"].to_list() == [EVENTS, EVENTS]
    assert table.loc[table["program"] == "scan-folder", "ratio_to_scan"].eq(1).all()
    assert [line.get_xdata()[-1] for line in study.draw(table).axes[0].lines] == [EVENTS, EVENTS]


def test_the_command_line_checks_the_peers_and_prints_a_table_of_those_asked_for() -> None:
    command = [sys.executable, str(BENCHMARKS / "features.py"), str(EVENTS), "--rounds", "2"]
    asked = ["--only", "ours", "pandas-coded", "--landmarks", "1"]
    ended = subprocess.run([*command, *asked], capture_output=True, text=True, check=True)
    rows = [line.split(" | ") for line in ended.stdout.splitlines() if line.startswith("|")]
    assert [row[0] for row in rows] == ["| program", "| ---", "| ours", "| pandas-coded"]
    assert rows[2][2:4] == ["nan", "1"]
    assert 0.05 < float(rows[3][4].removesuffix(" |")) < 4

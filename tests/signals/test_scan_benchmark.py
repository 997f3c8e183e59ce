"""Small volumes are measured as fast as said."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def benchmark(root: Path) -> ModuleType:
    file = root / "benchmarks" / "imaging.py"
    specification = importlib.util.spec_from_file_location("benchmark_imaging", file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_what_a_plain_script_measures_is_what_we_measure(
    benchmark: ModuleType, tmp_path: Path
) -> None:
    benchmark.make_volumes(tmp_path, 1)
    assert benchmark.compare(tmp_path) < 1e-9


@pytest.mark.slow
def test_a_volume_takes_a_fraction_of_a_second(benchmark: ModuleType, tmp_path: Path) -> None:
    benchmark.make_volumes(tmp_path, 20)
    bound, _ = benchmark.timed("nibabel", tmp_path, volumes=20, rounds=3)
    seconds, peak = benchmark.timed("ours", tmp_path, volumes=20, rounds=3)
    assert seconds < 5.0 * bound
    # A thousand a minute on two cores.
    assert seconds < 0.12
    assert peak < 0.5

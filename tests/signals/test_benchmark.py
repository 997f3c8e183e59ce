"""An hour of EEG: as fast as said, and in as little memory."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from icans_risk.signals.eeg.work import measure_file


@pytest.fixture(scope="module")
def benchmark(root: Path) -> ModuleType:
    file = root / "benchmarks" / "eeg.py"
    specification = importlib.util.spec_from_file_location("benchmark_eeg", file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_band_powers_are_those_of_mne(benchmark: ModuleType, tmp_path: Path) -> None:
    benchmark.make_recording(tmp_path / "a.edf", 2)
    values = measure_file(tmp_path / "a.edf")["whole"]["values"]
    ours = [values[f"{band}_power"] for band in benchmark.BANDS]
    assert ours == pytest.approx(np.asarray(benchmark.mne_bands(tmp_path / "a.edf")), rel=1e-4)


@pytest.mark.slow
def test_an_hour_takes_seconds_and_little_memory(benchmark: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "hour.edf"
    benchmark.make_recording(file, 60)
    bound, _ = benchmark.timed("raw fft", file, 5)
    bands, _ = benchmark.timed("band powers", file, 5)
    assert bands < 3.0 * bound
    seconds, peak = benchmark.timed("ours", file, 3)
    assert seconds < 6.0
    assert peak < 0.3

"""What is put into a recording is what is measured, at every sampling rate."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from icans_risk.signals.eeg.montage import ELECTRODES, REGIONS
from icans_risk.signals.eeg.spectra import BANDS
from signals.brains import (
    LEFT,
    RATES,
    RIGHT,
    bursts,
    labels,
    measured,
    pink,
    spikes,
    times,
    tone,
    weights,
    white,
)

at_every_rate = pytest.mark.parametrize("rate", RATES)


def values_of(folder: Path, signals: np.ndarray, rate: int) -> dict[str, float]:
    found = measured(folder, signals, rate)
    assert found["rejected"]["all"] == 0.0
    assert found["rejected"]["single_electrodes"] == 0.0
    return found["whole"]["values"]


@at_every_rate
@pytest.mark.parametrize(
    ("hertz", "band"), [(2.0, "delta"), (6.3, "theta"), (9.5, "alpha"), (21.4, "beta")]
)
def test_a_tone_has_its_power_in_its_band_and_nowhere_else(
    tmp_path: Path, rate: int, hertz: float, band: str
) -> None:
    values = values_of(tmp_path, tone(hertz, 20.0, rate), rate)
    # A sine of 20 microvolts has a power of 20 ** 2 / 2.
    assert values[f"{band}_power"] == pytest.approx(200.0, rel=0.005)
    assert values["total_power"] == pytest.approx(200.0, rel=0.005)
    for other in BANDS:
        assert values[f"{other}_relative"] == pytest.approx(float(other == band), abs=0.005)
        for region in REGIONS:
            share = values[f"{other}_relative_{region}"]
            assert share == pytest.approx(float(other == band), abs=0.005)
            power = values[f"{other}_power_{region}"]
            assert power == pytest.approx(200.0 * (other == band), rel=0.01, abs=1.0)
    assert values["median_frequency"] == pytest.approx(hertz, abs=0.1)
    assert values["spectral_edge_95"] == pytest.approx(hertz, abs=0.2)
    assert values["amplitude"] == pytest.approx(40.0, rel=0.02)
    assert values["spectral_entropy"] < 0.2


@at_every_rate
def test_two_tones_give_the_ratios_of_their_powers(tmp_path: Path, rate: int) -> None:
    signals = tone(2.0, 30.0, rate) + tone(6.0, 20.0, rate) + tone(10.0, 20.0, rate)
    values = values_of(tmp_path, signals + tone(20.0, 10.0, rate), rate)
    delta, theta, alpha, beta = 450.0, 200.0, 200.0, 50.0
    assert values["slow_fast_ratio"] == pytest.approx((delta + theta) / (alpha + beta), rel=0.01)
    assert values["delta_theta_alpha_ratio"] == pytest.approx((delta + theta) / alpha, rel=0.01)
    assert values["alpha_delta_ratio"] == pytest.approx(alpha / delta, rel=0.01)
    assert values["delta_relative"] == pytest.approx(delta / 900.0, abs=0.005)


@at_every_rate
def test_white_noise_fills_the_bands_by_their_widths(tmp_path: Path, rate: int) -> None:
    values = values_of(tmp_path, white(rate, size=15.0, seconds=180), rate)
    for band, (low, high) in BANDS.items():
        assert values[f"{band}_relative"] == pytest.approx((high - low) / 29.0, abs=0.01)
    assert values["spectral_entropy"] > 0.99
    assert values["median_frequency"] == pytest.approx(15.5, abs=0.3)
    assert values["spectral_edge_95"] == pytest.approx(28.55, abs=0.2)
    assert values["bseeg_ratio"] == pytest.approx(1.0, abs=0.1)
    assert values["posterior_rhythm_present"] == 0.0
    assert values["rhythmic_delta_index"] < 0.05
    assert values["periodic_discharge_index"] < 0.15


@at_every_rate
def test_noise_that_falls_with_frequency_gives_the_integrals_of_its_law(
    tmp_path: Path, rate: int
) -> None:
    values = values_of(tmp_path, pink(rate, slope=1.0, size=15.0, seconds=180), rate)
    total = np.log(30.0)
    for band, (low, high) in BANDS.items():
        assert values[f"{band}_relative"] == pytest.approx(np.log(high / low) / total, abs=0.015)
    assert values["median_frequency"] == pytest.approx(np.sqrt(30.0), abs=0.3)
    assert values["spectral_edge_95"] == pytest.approx(30.0**0.95, abs=0.5)
    assert values["bseeg_ratio"] == pytest.approx(10.0 / 3.0, rel=0.15)
    assert values["posterior_rhythm_present"] == 0.0
    assert "posterior_dominant_rhythm" not in values


@at_every_rate
@pytest.mark.parametrize("hertz", [6.2, 8.3, 9.7, 11.4])
def test_a_posterior_rhythm_is_found_at_its_frequency(
    tmp_path: Path, rate: int, hertz: float
) -> None:
    posterior = np.isin(ELECTRODES, ("O1", "O2", "P3", "Pz", "P4", "T5", "T6"))
    # Alternating signs leave the average where it was.
    sign = np.where(posterior, (-1.0) ** np.cumsum(posterior), 0.0)[:, np.newaxis]
    rhythm = sign * 12.0 * np.sin(2 * np.pi * hertz * np.arange(rate * 90) / rate)
    values = values_of(tmp_path, pink(rate, slope=1.2, size=12.0) + rhythm, rate)
    assert values["posterior_rhythm_present"] == 1.0
    assert values["posterior_dominant_rhythm"] == pytest.approx(hertz, abs=0.15)


@at_every_rate
def test_alpha_behind_has_a_gradient_above_zero_and_alpha_before_below(
    tmp_path: Path, rate: int
) -> None:
    time = np.arange(rate * 90) / rate
    behind = np.isin(ELECTRODES, ("O1", "O2", "P3", "Pz", "P4", "T5", "T6"))
    before = np.isin(ELECTRODES, REGIONS["frontal"])
    phases = 2 * np.pi * np.cumsum(behind) / behind.sum()
    alpha = np.sin(2 * np.pi * 10 * time + phases[:, np.newaxis])
    phases = 2 * np.pi * np.cumsum(before) / before.sum()
    front = np.sin(2 * np.pi * 10 * time + phases[:, np.newaxis])
    signals = 20.0 * alpha * behind[:, np.newaxis] + 2.0 * front * before[:, np.newaxis]
    values = values_of(tmp_path, signals + white(rate, size=0.5), rate)
    # Ten times the amplitude is a hundred times the power.
    assert values["alpha_gradient"] == pytest.approx(2.0, abs=0.05)
    values = values_of(tmp_path, signals[::-1] + white(rate, size=0.5), rate)
    assert values["alpha_gradient"] < -0.2


@at_every_rate
@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.8])
def test_a_share_of_suppression_is_measured(tmp_path: Path, rate: int, share: float) -> None:
    values = values_of(tmp_path, bursts(share, rate), rate)
    assert values["burst_suppression_ratio"] == pytest.approx(share, abs=0.05)
    assert values["low_voltage_index"] == pytest.approx(share, abs=0.12)


@at_every_rate
@pytest.mark.parametrize(
    ("hertz", "height", "least"),
    [(0.5, 80.0, 0.9), (1.0, 80.0, 0.9), (1.0, 25.0, 0.8), (1.5, 80.0, 0.9), (2.5, 50.0, 0.2)],
)
def test_periodic_spikes_are_found_at_their_rate(
    tmp_path: Path, rate: int, hertz: float, height: float, least: float
) -> None:
    signals = pink(rate, slope=1.0, size=10.0) + spikes(hertz, height, rate)
    values = values_of(tmp_path, signals, rate)
    assert values["periodic_discharge_index"] > least
    assert values["periodic_discharge_frequency"] == pytest.approx(hertz, rel=0.02)
    # Their harmonics look like a rhythm: whether there is one is left open.
    is_open = "posterior_rhythm_present" not in values
    assert is_open == (values["periodic_discharge_index"] >= 0.3)


@at_every_rate
@pytest.mark.parametrize("hertz", [1.2, 2.0, 2.7])
def test_rhythmic_delta_is_found_at_its_rate_and_is_not_periodic(
    tmp_path: Path, rate: int, hertz: float
) -> None:
    signals = pink(rate, slope=1.5, size=15.0) + tone(hertz, 30.0, rate)
    values = values_of(tmp_path, signals, rate)
    assert values["rhythmic_delta_index"] > 0.5
    assert values["rhythmic_delta_frequency"] == pytest.approx(hertz, abs=0.05)
    assert values["periodic_discharge_index"] < 0.15


@at_every_rate
@pytest.mark.parametrize("hertz", [1.0, 1.3, 2.0, 2.8])
def test_a_field_of_delta_waves_has_no_discharges(tmp_path: Path, rate: int, hertz: float) -> None:
    """It is sharp twice in each wave, once on either side of zero."""
    wave = 50.0 * weights() * np.sin(2 * np.pi * hertz * times(rate, 90))
    values = values_of(tmp_path, pink(rate, slope=1.5, size=12.0) + wave, rate)
    assert values["rhythmic_delta_index"] > 0.5
    assert values["periodic_discharge_index"] < 0.3


@at_every_rate
def test_irregular_delta_is_not_rhythmic(tmp_path: Path, rate: int) -> None:
    values = values_of(tmp_path, pink(rate, slope=2.0, size=40.0), rate)
    assert values["delta_relative"] > 0.7
    assert values["rhythmic_delta_index"] < 0.08
    assert "rhythmic_delta_frequency" not in values
    assert values["periodic_discharge_index"] < 0.15


@at_every_rate
@pytest.mark.parametrize("gain", [1.0, 0.5, 2.0])
def test_a_side_of_known_size_gives_the_asymmetry_of_its_power(
    tmp_path: Path, rate: int, gain: float
) -> None:
    signals = np.zeros((len(ELECTRODES), rate * 90))
    for side, amplitude in ((LEFT, 20.0), (RIGHT, 20.0 * gain)):
        for number, name in enumerate(side):
            phase = 2 * np.pi * number / len(side)
            wave = np.sin(2 * np.pi * 9.5 * np.arange(rate * 90) / rate + phase)
            signals[ELECTRODES.index(name)] = amplitude * wave
    midline = white(rate, size=0.2)
    values = values_of(tmp_path, signals + midline, rate)
    expected = (gain**2 - 1) / (gain**2 + 1)
    assert values["laterality"] == pytest.approx(expected, abs=0.02)
    assert values["asymmetry"] == pytest.approx(abs(expected), abs=0.02)


@at_every_rate
def test_the_symmetry_index_is_the_difference_at_each_frequency(tmp_path: Path, rate: int) -> None:
    """Equal powers at other frequencies are symmetric in sum and asymmetric in each."""
    noise = white(rate, size=10.0)
    for left, right in zip(LEFT, RIGHT, strict=True):
        noise[ELECTRODES.index(right)] = -noise[ELECTRODES.index(left)]
    for name in ("Fz", "Cz", "Pz"):
        noise[ELECTRODES.index(name)] *= 1e-2
    twins = values_of(tmp_path, noise, rate)
    assert twins["brain_symmetry_index"] == pytest.approx(0.0, abs=0.01)
    for name in RIGHT:
        noise[ELECTRODES.index(name)] *= 2.0
    scaled = values_of(tmp_path, noise - noise.mean(axis=0), rate)
    assert 0.4 < scaled["brain_symmetry_index"] < 0.62


@at_every_rate
def test_a_power_that_changes_is_variable_and_a_steady_one_is_not(
    tmp_path: Path, rate: int
) -> None:
    steady = tone(10.0, 20.0, rate, 240)
    values = values_of(tmp_path, steady, rate)
    assert values["power_variability"] < 0.01
    assert values["alpha_reactivity_proxy"] < 0.01
    is_open = np.arange(rate * 240) // (rate * 60) % 2 == 0
    values = values_of(tmp_path, np.where(is_open, steady, 3.0 * steady), rate)
    # Half of the time nine times the power: log10(9), of which the deviation is half.
    assert values["alpha_reactivity_proxy"] == pytest.approx(np.log10(9.0), abs=0.02)
    assert values["power_variability"] == pytest.approx(np.log10(9.0) / 2, abs=0.02)


@lru_cache
def mixture(rate: int) -> np.ndarray:
    """Something of everything, to see what changes."""
    signals = pink(rate, slope=1.2, size=12.0) + tone(9.5, 8.0, rate)
    return np.asarray(signals + spikes(1.0, 40.0, rate))


@at_every_rate
def test_a_common_reference_changes_nothing(tmp_path: Path, rate: int) -> None:
    plain = values_of(tmp_path, mixture(rate), rate)
    ear = 60.0 * np.sin(2 * np.pi * 1.7 * times(rate, 90))
    moved = values_of(tmp_path, mixture(rate) + ear, rate)
    assert moved == pytest.approx(plain, rel=0.01, abs=0.003)


@at_every_rate
def test_an_electrode_as_reference_is_put_back(tmp_path: Path, rate: int) -> None:
    plain = values_of(tmp_path, mixture(rate), rate)
    others = [n for n, name in enumerate(ELECTRODES) if name != "Cz"]
    against = mixture(rate)[others] - mixture(rate)[ELECTRODES.index("Cz")]
    names = [f"EEG {ELECTRODES[n]}-Cz" for n in others]
    found = measured(tmp_path, against, rate, labels=names)
    assert found["channels"]["restored"] == "Cz"
    assert found["channels"]["missing"] == []
    assert found["whole"]["values"] == pytest.approx(plain, rel=0.01, abs=0.003)


@at_every_rate
def test_the_order_of_channels_changes_nothing(tmp_path: Path, rate: int) -> None:
    plain = values_of(tmp_path, mixture(rate), rate)
    order = np.random.default_rng(4).permutation(len(ELECTRODES))
    found = measured(tmp_path, mixture(rate)[order], rate, labels=[labels()[n] for n in order])
    assert found["whole"]["values"] == pytest.approx(plain, rel=1e-5, abs=1e-6)


@at_every_rate
@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_a_gain_scales_powers_and_leaves_shares_and_shapes(
    tmp_path: Path, rate: int, gain: float
) -> None:
    plain = values_of(tmp_path, mixture(rate), rate)
    scaled = values_of(tmp_path, gain * mixture(rate), rate)
    in_microvolts = {"low_voltage_index", "burst_suppression_ratio"}
    for name, value in plain.items():
        if name in in_microvolts:
            continue
        factor = gain**2 if "power" in name and "variability" not in name else 1.0
        factor = gain if name == "amplitude" else factor
        assert scaled[name] == pytest.approx(factor * value, rel=0.01, abs=0.003), name


def test_a_unit_of_volts_or_millivolts_gives_the_same(tmp_path: Path) -> None:
    plain = values_of(tmp_path, mixture(256), 256)
    for unit, factor in (("mV", 1e-3), ("V", 1e-6), ("nV", 1e3), ("\u00b5V", 1.0)):
        physical = (-3000.0 * factor, 3000.0 * factor)
        found = measured(tmp_path, mixture(256) * factor, 256, unit=unit, physical=physical)
        assert found["whole"]["values"] == pytest.approx(plain, rel=0.01, abs=0.003), unit


def test_a_minute_has_spectra_but_no_comparison_of_epochs(tmp_path: Path) -> None:
    values = values_of(tmp_path, pink(128, slope=1.0, size=15.0, seconds=60), 128)
    assert "delta_relative" in values
    assert "power_variability" not in values
    assert "alpha_reactivity_proxy" not in values

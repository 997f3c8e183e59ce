"""What is no brain is cut out, counted and said; what is one stays."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from icans_risk.signals.eeg.montage import ELECTRODES
from icans_risk.signals.eeg.reasons import RefusedError
from icans_risk.signals.eeg.states import State, count_padding, inspect
from icans_risk.signals.eeg.waves import waves
from icans_risk.signals.eeg.work import measure_file, work
from signals.brains import RATES, labels, measured, pink, tone, white

EDGE_CASES = Path(__file__).parents[1] / "data" / "eeg_edge_cases"
RAILS = np.tile([-3276.8, 3276.7], (len(ELECTRODES), 1))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    signals = pink(128, slope=1.2, size=15.0, seconds=300)
    found = measured(tmp_path_factory.mktemp("clean"), signals, 128)
    return found["whole"]["values"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        # F1 and F2 lie between the electrodes of the 10-20 system.
        ("duplicate_channel_labels.edf", "too_few_channels"),
        # 19 electrodes, but 9.6 and 1 s.
        ("test_edf_stim_channel.edf", "too_short"),
        ("test_19_electrodes.bdf", "too_short"),
        # Named by letter and number: its C3 and C4 are others.
        ("test_one_record.edf", "too_few_channels"),
        ("test_uneven_samp.edf", "too_few_channels"),
    ],
)
def test_an_awkward_recording_is_refused_for_the_right_reason(name: str, code: str) -> None:
    with pytest.raises(RefusedError) as caught:
        measure_file(EDGE_CASES / name)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda part: 0.0 * part, "padded"),
        (lambda part: 0.0 * part + 17.0, "padded"),
        (lambda part: part + 900.0 * np.sign(np.sin(np.arange(part.shape[1]) / 40.0)), None),
        (lambda part: 60.0 * part, "loud"),
        (lambda part: np.clip(600.0 * part, -3276.8, 3276.7), "clipped"),
    ],
)
def test_a_spoilt_stretch_is_cut_out_and_the_rest_measured_as_before(
    tmp_path: Path,
    clean: dict[str, float],
    spoil: Callable[[np.ndarray], np.ndarray],
    reason: str | None,
) -> None:
    signals = pink(128, slope=1.2, size=15.0, seconds=300)
    stretch = slice(100 * 128, 160 * 128)
    signals[:, stretch] = spoil(signals[:, stretch])
    found = measured(tmp_path, signals, 128)
    # The same step on all electrodes is their reference, and goes with it.
    share = 0.0 if reason is None else 0.2
    assert found["rejected"]["all"] == pytest.approx(share)
    if reason is not None:
        assert found["rejected"][reason] == pytest.approx(share)
    for name in ("delta_relative", "alpha_relative", "median_frequency", "amplitude"):
        assert found["whole"]["values"][name] == pytest.approx(clean[name], rel=0.06), name


@pytest.mark.parametrize("rate", RATES)
def test_zeros_at_the_end_are_counted_and_cut(tmp_path: Path, rate: int) -> None:
    signals = pink(rate, slope=1.2, size=15.0, seconds=180)
    signals[:, 125 * rate :] = 0.0
    found = measured(tmp_path, signals, rate)
    assert found["padded_s"] == 55.0
    assert found["padded_at_end_s"] == 55.0
    assert found["whole"]["clean"] == 12
    assert "padded" in found["flags"]
    assert "much_rejected" not in found["flags"]


def test_padding_in_the_middle_is_not_at_the_end() -> None:
    moves = np.array([[False, True, True], [True, False, False]])
    assert count_padding(moves) == (1.5, 0.0)
    assert count_padding(~moves) == (1.5, 1.0)


@pytest.mark.parametrize(
    ("spoil", "state"),
    [
        (lambda x: 0.0 * x, State.FLAT),
        (lambda x: 40.0 * x, State.LOUD),
        (lambda x: np.clip(8 * x, -70, 70), State.CLIPPED),
        (lambda x: x + white(128, size=400.0, seconds=300)[0], State.LOUD),
    ],
)
def test_one_bad_electrode_is_left_out_and_spoils_no_other(
    tmp_path: Path,
    clean: dict[str, float],
    spoil: Callable[[np.ndarray], np.ndarray],
    state: State,
) -> None:
    signals = pink(128, slope=1.2, size=15.0, seconds=300)
    signals[ELECTRODES.index("T3")] = spoil(signals[ELECTRODES.index("T3")])
    found = measured(tmp_path, signals, 128)
    assert found["rejected"]["all"] == 0.0
    assert found["rejected"]["single_electrodes"] == pytest.approx(1 / 19, abs=0.01)
    assert found["channels"]["bad"] == ["T3"]
    assert "bad_channels" in found["flags"]
    for name in ("delta_relative", "alpha_relative", "median_frequency"):
        assert found["whole"]["values"][name] == pytest.approx(clean[name], rel=0.05), name


def test_muscle_is_told_from_brain(tmp_path: Path) -> None:
    signals = pink(256, slope=1.2, size=15.0, seconds=180)
    rng = np.random.default_rng(5)
    fast = np.fft.rfftfreq(60 * 256, 1 / 256) >= 28.0
    noise = rng.normal(size=(19, 60 * 256)) * 60.0
    muscle = np.fft.irfft(np.fft.rfft(noise) * fast, n=60 * 256)
    signals[:, 60 * 256 : 120 * 256] += muscle - muscle.mean(axis=0)
    found = measured(tmp_path, signals, 256)
    assert found["rejected"]["muscle"] == pytest.approx(1 / 3)
    assert found["rejected"]["all"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("rate", [128, 200, 256, 512])
@pytest.mark.parametrize("hertz", [50.0, 60.0])
def test_mains_hum_is_measured_and_changes_no_measurement(
    tmp_path: Path, rate: int, hertz: float
) -> None:
    signals = pink(rate, slope=1.2, size=15.0)
    plain = measured(tmp_path, signals, rate)
    found = measured(tmp_path, signals + tone(hertz, 40.0, rate), rate)
    assert found["hum_hz"] == hertz
    assert found["hum_uv"] == pytest.approx(40.0 / np.sqrt(2), rel=0.02)
    assert "line_noise" in found["flags"]
    assert plain["hum_uv"] < 0.1
    expected = plain["whole"]["values"]
    assert found["whole"]["values"] == pytest.approx(expected, rel=0.01, abs=0.03)


def test_hum_on_one_electrode_is_a_bad_electrode(tmp_path: Path) -> None:
    signals = pink(256, slope=1.2, size=15.0)
    signals[4] += 300.0 * np.sin(2 * np.pi * 50 * np.arange(256 * 90) / 256)
    found = measured(tmp_path, signals, 256)
    assert found["channels"]["bad"] == [ELECTRODES[4]]


@pytest.mark.parametrize(
    ("factor", "header"),
    [
        # Microvolts in a file whose header says volt, and the other way round.
        (1.0, {"unit": "V"}),
        (1e-3, {"unit": "mV", "physical": (-3.0, 3.0)}),
        (1e-6, {"unit": "uV", "physical": (-0.003, 0.003)}),
        (1e-3, {"unit": "uV", "physical": (-3.0, 3.0)}),
    ],
)
def test_an_amplitude_that_no_brain_has_is_refused(
    tmp_path: Path, factor: float, header: dict[str, object]
) -> None:
    signals = factor * pink(128, slope=1.2, size=15.0)
    if header["unit"] == "mV":
        assert measured(tmp_path, signals, 128, **header)["whole"]["values"]["amplitude"] > 10
        header = header | {"unit": "V"}
    with pytest.raises(RefusedError) as caught:
        measured(tmp_path, signals, 128, **header)
    assert caught.value.code == "implausible_amplitude"


def test_high_delta_of_an_encephalopathy_is_no_artefact(tmp_path: Path) -> None:
    signals = pink(128, slope=2.0, size=50.0) + tone(1.5, 60.0, 128)
    found = measured(tmp_path, signals, 128)
    assert found["rejected"]["all"] == 0.0
    assert found["whole"]["values"]["amplitude"] > 120.0


def test_a_nearly_silent_brain_is_measured(tmp_path: Path) -> None:
    found = measured(tmp_path, pink(128, slope=1.0, size=1.0), 128)
    assert found["whole"]["values"]["burst_suppression_ratio"] > 0.98
    assert found["whole"]["values"]["low_voltage_index"] == pytest.approx(1.0)


def test_a_recording_that_is_all_artefact_is_refused(tmp_path: Path) -> None:
    signals = 30.0 * pink(128, slope=1.2, size=15.0)
    with pytest.raises(RefusedError) as caught:
        measured(tmp_path, signals, 128)
    assert caught.value.code == "too_little_clean"


@pytest.mark.parametrize("rate", [99, 64])
def test_fewer_than_a_hundred_samples_a_second_are_refused(tmp_path: Path, rate: int) -> None:
    with pytest.raises(RefusedError) as caught:
        measured(tmp_path, pink(rate, slope=1.2, size=15.0), rate)
    assert caught.value.code == "rate_too_low"


@pytest.mark.parametrize("rate", [100, 125, 199, 250, 333, 1000, 2048])
def test_any_rate_from_a_hundred_is_read(tmp_path: Path, rate: int) -> None:
    values = measured(tmp_path, tone(9.5, 20.0, rate, 60), rate)["whole"]["values"]
    assert values["alpha_power"] == pytest.approx(200.0, rel=0.01)
    assert values["amplitude"] == pytest.approx(40.0, rel=0.02)


def test_a_reduced_montage_is_used_and_flagged(tmp_path: Path) -> None:
    kept = ["Fp1", "Fp2", "T3", "T4", "C3", "C4", "O1", "O2"]
    signals = pink(128, slope=1.2, size=15.0)[[ELECTRODES.index(name) for name in kept]]
    found = measured(tmp_path, signals, 128, labels=kept)
    assert found["flags"] == ["missing_channels", "little_clean"]
    values = found["whole"]["values"]
    assert "delta_relative_occipital" in values
    assert "delta_relative_parietal" not in values


def test_an_offset_of_the_electrode_is_no_signal(tmp_path: Path) -> None:
    signals = pink(128, slope=1.2, size=15.0)
    offsets = np.linspace(-150_000.0, 150_000.0, 19)[:, np.newaxis]
    plain = measured(tmp_path, signals, 128, physical=(-200_000.0, 200_000.0))
    found = measured(tmp_path, signals + offsets, 128, physical=(-200_000.0, 200_000.0))
    expected = plain["whole"]["values"]
    assert found["whole"]["values"] == pytest.approx(expected, rel=0.05, abs=0.03)


@pytest.mark.parametrize("rate", RATES)
def test_waves_are_the_signal_between_half_and_thirty_hertz(rate: int) -> None:
    time = np.arange(10 * rate) / rate
    kept = 20 * np.sin(2 * np.pi * 9 * time) + 15 * np.sin(2 * np.pi * 1.3 * time + 1)
    lost = 30 * np.sin(2 * np.pi * 0.05 * time) + 25 * np.sin(2 * np.pi * 41 * time)
    found, _ = waves((kept + lost + 1000.0)[np.newaxis], float(rate))
    at_128 = np.arange(1280) / 128
    expected = 20 * np.sin(2 * np.pi * 9 * at_128) + 15 * np.sin(2 * np.pi * 1.3 * at_128 + 1)
    inner = slice(128, -128)
    assert np.abs(found[0] - expected)[inner].max() < 1.0
    assert np.corrcoef(found[0][inner], expected[inner])[0, 1] > 0.998


def test_an_epoch_does_not_depend_on_the_next() -> None:
    rng = np.random.default_rng(6)
    quiet, other = rng.normal(size=(2, 1, 2560)) * 10
    alone, _ = waves(quiet, 256.0)
    beside, _ = waves(np.stack([quiet, 500 * other], axis=1), 256.0)
    assert np.array_equal(alone, beside[:, 0])


@pytest.mark.parametrize("size", [2.0, 5.0])
def test_coarse_steps_of_quiet_eeg_are_neither_flat_nor_clipped(size: float) -> None:
    signals = np.round(pink(256, slope=1.0, size=size, seconds=60))
    states, padding = inspect(signals.reshape(19, 6, 2560), RAILS, 256.0)
    assert set(states.ravel().tolist()) == {State.GOOD}
    assert not padding.any()


def test_a_channel_that_is_scaled_to_its_own_extremes_is_not_clipped() -> None:
    signals = pink(256, slope=1.0, size=20.0, seconds=60)
    rails = np.stack([signals.min(axis=1), signals.max(axis=1)], axis=1)
    states, _ = inspect(signals.reshape(19, 6, 2560), rails, 256.0)
    assert set(states.ravel().tolist()) == {State.GOOD}


def test_a_copy_with_another_checksum_is_refused(tmp_path: Path) -> None:
    measured(tmp_path, pink(128, slope=1.0, size=15.0, seconds=60), 128, labels=labels())
    file = tmp_path / "signals.edf"
    stated = work({"path": str(file)})["sha256"]
    assert work({"path": str(file), "sha256": stated})["refused"] is None
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(bytes(content))
    assert work({"path": str(file), "sha256": stated})["refused"] == "checksum_differs"


def test_a_journal_s_result_is_taken_only_if_it_is_of_this_file_and_algorithm(
    tmp_path: Path,
) -> None:
    measured(tmp_path, pink(128, slope=1.0, size=15.0, seconds=60), 128)
    job = {"path": str(tmp_path / "signals.edf"), "journal": str(tmp_path)}
    found = work(job)
    kept = tmp_path / f"{found['sha256']}.json"
    kept.write_text(json.dumps(found | {"rate": 77.0}))
    assert work(job)["rate"] == 77.0
    other = found | {"rate": 77.0}
    for text in (
        json.dumps(other | {"algorithm": 0}),
        json.dumps(other | {"key": "b" * 64}),
        "not json",
        "[1]",
    ):
        kept.write_text(text)
        assert work(job) == found

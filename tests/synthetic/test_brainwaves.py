"""Signals of synthetic patients show what their results say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from icans_risk.cohort import read_cohort_folder
from icans_risk.signals.eeg.montage import ELECTRODES as MEASURED
from icans_risk.signals.eeg.work import measure_file
from icans_risk.synthetic.brainwaves import ELECTRODES, RATE, BrainState, record_signals
from icans_risk.synthetic.edf import write_edf
from icans_risk.workflow.simulate import Simulation, simulate_folder

BANDS = ("delta", "theta", "alpha", "beta")
REST = (0.25, 0.15, 0.40, 0.20)
SLOWED = (0.55, 0.27, 0.11, 0.07)


def state(powers: tuple[float, ...], rhythm: float, *, rhythmic: bool, discharges: bool):
    return BrainState(dict(zip(BANDS, powers, strict=True)), rhythm, rhythmic, discharges)


@pytest.mark.parametrize("powers", [REST, SLOWED])
@pytest.mark.parametrize("rhythmic", [False, True])
@pytest.mark.parametrize("discharges", [False, True])
def test_what_a_state_says_is_measured(
    tmp_path: Path, powers: tuple[float, ...], rhythmic: bool, discharges: bool
) -> None:
    rhythm = 9.5 if powers is REST else 7.0
    made = state(powers, rhythm, rhythmic=rhythmic, discharges=discharges)
    signals = record_signals(made, seed=7, episode_id="E1", hour=-20.5)
    assert np.abs(signals.mean(axis=0)).max() < 0.2
    write_edf(tmp_path / "a.edf", signals, RATE, labels=ELECTRODES)
    found = measure_file(tmp_path / "a.edf")
    assert found["rejected"]["all"] == 0.0
    values = found["whole"]["values"]
    for band, power in zip(BANDS, powers, strict=True):
        assert values[f"{band}_relative"] == pytest.approx(power, abs=0.02)
    if values.get("periodic_discharge_index", 0.0) < 0.3:
        assert values["posterior_dominant_rhythm"] == pytest.approx(rhythm, abs=0.2)
    assert (values["rhythmic_delta_index"] > 0.3) == rhythmic
    # The discharges are small enough to leave the powers of the bands as they are.
    assert (values["periodic_discharge_index"] > 0.1) == discharges


def test_the_same_recording_has_the_same_signals_and_another_one_others() -> None:
    made = state(REST, 9.5, rhythmic=False, discharges=False)
    first = record_signals(made, seed=7, episode_id="E1", hour=-20.5)
    assert np.array_equal(first, record_signals(made, seed=7, episode_id="E1", hour=-20.5))
    for other in (
        record_signals(made, seed=8, episode_id="E1", hour=-20.5),
        record_signals(made, seed=7, episode_id="E2", hour=-20.5),
        record_signals(made, seed=7, episode_id="E1", hour=20.5),
    ):
        assert abs(np.corrcoef(first[0], other[0])[0, 1]) < 0.1


def test_the_electrodes_are_those_that_are_measured() -> None:
    assert ELECTRODES == MEASURED


def test_a_simulated_cohort_has_a_recording_for_each_of_its_eegs(tmp_path: Path) -> None:
    out = tmp_path / "made"
    summary = simulate_folder(out, Simulation(patients=4, seed=7, signals=True))
    listed = pd.read_csv(out / "signals" / "recordings.csv")
    assert summary["recordings"] == len(listed) > 1
    assert "--signals" in (out / "DATA_CARD.md").read_text()
    events = read_cohort_folder(out / "cohort").events
    results = events[events["modality"] == "eeg"]
    keys = ["episode_id", "collected_h"]
    assert len(results[keys].drop_duplicates()) == len(listed)
    # The page of what is measured in them is labelled.
    assert set(listed["data_kind"]) == {"synthetic"}
    first = listed.iloc[0]
    values = measure_file(out / "signals" / first["file"])["whole"]["values"]
    ends = first["started_h"] + 300 / 3600
    mine = (results["episode_id"] == first["episode_id"]) & np.isclose(results["collected_h"], ends)
    said = results[mine].set_index("analyte")
    for band in BANDS:
        assert values[f"{band}_relative"] == pytest.approx(
            said["value"][f"{band}_relative"], abs=0.02
        )
    assert first["available_h"] == said["available_h"].iloc[0]
    assert first["ordered_as"] == said["ordered_as"].iloc[0]


def test_a_cohort_without_signals_is_what_it_was(tmp_path: Path) -> None:
    plain, with_signals = (
        simulate_folder(tmp_path / name, Simulation(patients=3, seed=7, signals=signals))
        for name, signals in (("plain", False), ("signals", True))
    )
    assert "recordings" not in plain
    assert not (tmp_path / "plain" / "signals").exists()
    for table in ("episodes", "events", "grades"):
        a, b = (
            getattr(read_cohort_folder(tmp_path / name / "cohort"), table)
            for name in ("plain", "signals")
        )
        pd.testing.assert_frame_equal(a, b)
    assert with_signals["events"] == plain["events"]

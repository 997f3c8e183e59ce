"""The plain EDF writer, read back by MNE."""

from pathlib import Path

import mne
import numpy as np
import pytest

from icans_risk.errors import SignalError
from icans_risk.synthetic.edf import EdfHeader, write_edf


def test_what_is_written_is_read_by_mne(tmp_path: Path) -> None:
    signals = np.random.default_rng(1).normal(size=(3, 1000)) * 50
    write_edf(tmp_path / "a.edf", signals, 200, labels=["Fp1", "EEG Cz-Ref", "O2"])
    raw = mne.io.read_raw_edf(tmp_path / "a.edf", verbose="error")
    assert raw.ch_names == ["Fp1", "EEG Cz-Ref", "O2"]
    assert raw.info["sfreq"] == 200.0
    # A step of the default range is a tenth of a microvolt.
    assert np.abs(raw.get_data() * 1e6 - signals).max() <= 0.0501


def test_the_last_record_is_filled_with_zeros(tmp_path: Path) -> None:
    write_edf(tmp_path / "a.edf", np.full((1, 250), 40.0), 100, labels=["Fp1"])
    data = mne.io.read_raw_edf(tmp_path / "a.edf", verbose="error").get_data() * 1e6
    assert data.shape == (1, 300)
    assert np.allclose(data[0, :250], 40.0)
    assert np.abs(data[0, 250:]).max() < 0.06


def test_what_is_out_of_range_is_cut_off(tmp_path: Path) -> None:
    header = EdfHeader(physical=(-100.0, 100.0))
    write_edf(tmp_path / "a.edf", np.array([[500.0] * 100]), 100, labels=["Fp1"], header=header)
    data = mne.io.read_raw_edf(tmp_path / "a.edf", verbose="error").get_data() * 1e6
    assert np.allclose(data, 100.0)


def test_a_range_that_the_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    header = EdfHeader(physical=(-0.00327681, 1.0))
    with pytest.raises(SignalError, match="must fit into 8 characters"):
        write_edf(tmp_path / "a.edf", np.zeros((1, 100)), 100, labels=["Fp1"], header=header)


def test_the_header_names_nobody_by_default(tmp_path: Path) -> None:
    write_edf(tmp_path / "a.edf", np.zeros((1, 100)), 100, labels=["Fp1"])
    raw = mne.io.read_raw_edf(tmp_path / "a.edf", verbose="error")
    assert raw.info["subject_info"]["his_id"] == "X"
    assert raw.info["subject_info"]["last_name"] == "X"

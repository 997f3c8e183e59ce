"""Electrodes are found under any name that recorders give them, and nothing else is."""

import pytest

from icans_risk.signals.eeg.montage import ELECTRODES, PAIRS, REGIONS, find_electrodes
from icans_risk.signals.eeg.reasons import RefusedError

LATER = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}


@pytest.mark.parametrize(
    "spell",
    [
        "{}", "EEG {}", "EEG {}-Ref", "EEG {}-REF", "{}-A1", "{}-A1A2", "{}-A1+A2", "{}-M2",
        "POL {}", "{}..", "{} ", "EEG {}-LE", "{}-AVG", "{} - Ref", "EEG_{}", "{}-Org",
    ],
)  # fmt: skip
@pytest.mark.parametrize("change", [str, str.upper, str.lower])
@pytest.mark.parametrize("is_later", [False, True])
def test_a_spelling_is_known(spell: str, change: type[str], is_later: bool) -> None:
    names = [LATER.get(name, name) if is_later else name for name in ELECTRODES]
    found = find_electrodes([change(spell.format(name)) for name in names])
    assert list(found.channels.items()) == [(name, n) for n, name in enumerate(ELECTRODES)]
    assert (found.missing, found.doubled, found.extra, found.restored) == ((), (), 0, "")
    assert not found.is_mixed


def test_other_channels_are_counted_and_positions_kept() -> None:
    labels = ["ECG", "EEG O1", "EEG O2", "Photic", *(f"EEG {n}" for n in ELECTRODES[:8]), "Fpz"]
    found = find_electrodes(labels)
    assert found.channels["O1"] == 1
    assert found.channels["Fp1"] == 4
    assert found.extra == 3
    assert found.missing == ELECTRODES[8:17]


def test_an_electrode_that_two_channels_claim_is_left_out() -> None:
    found = find_electrodes([*ELECTRODES, "T7", "EEG F3-Ref"])
    assert found.doubled == ("F3", "T3")
    assert not {"F3", "T3"} & set(found.channels)


def test_the_ears_of_either_side_are_a_mixed_reference() -> None:
    sides = [f"{name}-A{1 if name[-1] in '1357z' else 2}" for name in ELECTRODES]
    assert find_electrodes(sides).is_mixed


def test_a_reference_on_the_scalp_is_one_electrode_more() -> None:
    found = find_electrodes([f"{name}-Cz" for name in ELECTRODES if name != "Cz"])
    assert found.restored == "Cz"
    assert found.electrodes[-1] == "Cz"
    assert found.missing == ()


@pytest.mark.parametrize(
    "labels",
    [
        ["Fp1-F7", "F7-T3", "T3-T5", "T5-O1", "Fp2-F8", "F8-T4", "T4-T6", "T6-O2", "Fz-Cz"],
        ["FP1-F7", "F7-T7", "T7-P7", "P7-O1", "FP1-F3", "F3-C3", "C3-P3", "P3-O1", "FZ-CZ"],
    ],
)
def test_a_bipolar_montage_is_refused_as_such(labels: list[str]) -> None:
    with pytest.raises(RefusedError) as caught:
        find_electrodes(labels)
    assert caught.value.code == "bipolar"


@pytest.mark.parametrize(
    "labels",
    [
        ["EEG Fpz-Cz", "EEG Pz-Oz", "EOG horizontal"],
        list(ELECTRODES[:7]),
        # A cap that is named by letter and number has another C3.
        [f"{letter}{n}" for letter in "ABCDEFGHOPT" for n in range(1, 17)],
        ["EEG 001", "EEG 002", "Muller Hans", ""],
    ],
)
def test_too_few_electrodes_are_refused(labels: list[str]) -> None:
    with pytest.raises(RefusedError) as caught:
        find_electrodes(labels)
    assert caught.value.code == "too_few_channels"


def test_regions_hold_each_electrode_once_and_pairs_mirror_each_other() -> None:
    assert sorted(name for names in REGIONS.values() for name in names) == sorted(ELECTRODES)
    for left, right in PAIRS:
        assert left[:-1] == right[:-1]
        assert int(right[-1]) == int(left[-1]) + 1

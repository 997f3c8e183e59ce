"""The 10-20 system under the many names that recorders give it.

Jasper HH. "The ten-twenty electrode system of the International Federation."
Electroencephalogr Clin Neurophysiol 1958;10:371-375. T7, T8, P7 and P8 are the later names of
T3, T4, T5 and T6 (Acharya 2016, doi:10.1097/WNP.0000000000000316).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from icans_risk.signals.eeg.reasons import RefusedError

__all__ = ["ELECTRODES", "MINIMUM", "PAIRS", "REGIONS", "Montage", "find_electrodes"]

ELECTRODES = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T3", "C3", "Cz", "C4", "T4",
    "T5", "P3", "Pz", "P4", "T6", "O1", "O2",
)  # fmt: skip
REGIONS: Mapping[str, tuple[str, ...]] = {
    "frontal": ("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8"),
    "central": ("C3", "Cz", "C4"),
    "temporal": ("T3", "T4", "T5", "T6"),
    "parietal": ("P3", "Pz", "P4"),
    "occipital": ("O1", "O2"),
}
# Left and right.
PAIRS = (
    ("Fp1", "Fp2"), ("F7", "F8"), ("F3", "F4"), ("T3", "T4"), ("C3", "C4"), ("T5", "T6"),
    ("P3", "P4"), ("O1", "O2"),
)  # fmt: skip
# An average reference over fewer has little to do with zero.
MINIMUM = 8

_LATER_NAMES = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}
_BY_NAME = {name.upper(): name for name in ELECTRODES} | _LATER_NAMES
# Ears, mastoids, averages and words: none of them is an electrode of the scalp.
_REFERENCE = re.compile(
    r"REF\d?|LE|RE|AR|AA|AVG|AVE|AV|AVERAGE|CAR|ORG|GND|VREF|LER|LM|MM|[AM][12]|[AM]1?2"
    r"|\(?[AM]1\+?[AM]2\)?(/2)?|G[12]|0V|COM|CE|X"
)
# Caps of 64 to 256 electrodes and electrodes on the brain are named by letter and number, so that
# their C3 is another place.
_GRID = re.compile(r"[ABDE][0-9]{1,3}")
_GRID_LABELS = 8
_PREFIX = re.compile(r"^(EEG|POL|SEEG)[\s_:-]+", re.IGNORECASE)


@dataclass(frozen=True)
class Montage:
    """Which channels of a file are which electrodes.

    Attributes
    ----------
    channels : mapping of str to int
        Electrode to the position of its channel, in the order of ``ELECTRODES``.
    restored : str
        The electrode that is the reference of all others, or empty: it reads zero
        everywhere, belongs to the average, and has no channel.
    doubled : tuple of str
        Electrodes that several channels claim; none of them is used.
    extra : int
        Channels that are no electrode of the 10-20 system.
    is_mixed : bool
        Whether the electrodes have several references, such as the ears of either side.
    """

    channels: Mapping[str, int]
    restored: str
    doubled: tuple[str, ...]
    extra: int
    is_mixed: bool

    @property
    def electrodes(self) -> tuple[str, ...]:
        """All electrodes that there is a signal of, the restored one last."""
        return (*self.channels, self.restored) if self.restored else tuple(self.channels)

    @property
    def missing(self) -> tuple[str, ...]:
        """Electrodes that there is no signal of."""
        return tuple(name for name in ELECTRODES if name not in self.electrodes)


def find_electrodes(labels: Sequence[str]) -> Montage:
    """Find the electrodes of the 10-20 system among the labels of a file.

    Case, the words EEG and POL before a name, dots behind it and references such as
    ``-Ref``, ``-A1`` or ``-LE`` make no difference. One electrode of the scalp behind most
    names is their reference; several of them are a bipolar montage.

    Parameters
    ----------
    labels : sequence of str
        As they stand in the header, in the order of the file.

    Returns
    -------
    Montage
        With at least ``MINIMUM`` electrodes.

    Raises
    ------
    RefusedError
        ``bipolar`` or ``too_few_channels``.

    Examples
    --------
    >>> names = ["EEG FP1-Ref", "fp2", "F3.", "POL F4", "T7-A1", "T8-A2", "P7", "Oz", "O1", "O2"]
    >>> list(find_electrodes(names).channels)
    ['Fp1', 'Fp2', 'F3', 'F4', 'T3', 'T4', 'T5', 'O1', 'O2']
    """
    found = [_read(label) for label in labels]
    if sum(bool(_GRID.fullmatch(label.strip().upper())) for label in labels) >= _GRID_LABELS:
        raise RefusedError("too_few_channels", found=0, channels=len(labels))
    derived = Counter(reference for active, reference in found if active and reference in _BY_NAME)
    common, count = derived.most_common(1)[0] if derived else ("", 0)
    named = sum(bool(active) for active, _ in found)
    is_common = bool(common) and count == sum(derived.values()) and 2 * count > named
    if derived and not is_common and 2 * sum(derived.values()) > named:
        raise RefusedError("bipolar", channels=len(labels), pairs=sum(derived.values()))
    usable = [
        active if active and (reference not in _BY_NAME or is_common) else ""
        for active, reference in found
    ]
    claims = Counter(name for name in usable if name)
    channels = {name: usable.index(name) for name in ELECTRODES if claims[name] == 1}
    restored = _BY_NAME[common] if is_common and not claims[_BY_NAME[common]] else ""
    if len(channels) + bool(restored) < MINIMUM:
        raise RefusedError("too_few_channels", found=len(channels), channels=len(labels))
    references = {found[position][1] for position in channels.values()}
    return Montage(
        channels=channels,
        restored=restored,
        doubled=tuple(name for name in ELECTRODES if claims[name] > 1),
        extra=sum(not name for name in usable),
        is_mixed=len(references) > 1,
    )


def _read(label: str) -> tuple[str, str]:
    """Take a label apart into its electrode, empty where it is none, and its reference."""
    text = _PREFIX.sub("", label.strip()).rstrip(". ").upper().replace(" ", "")
    first, dash, second = text.partition("-")
    active = _BY_NAME.get(first, "")
    if not dash:
        return active, ""
    if second in _BY_NAME or _REFERENCE.fullmatch(second):
        return active, second
    return "", ""

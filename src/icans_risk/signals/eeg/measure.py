"""From what epochs show to the measurements of a recording and of each of its hours."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.eeg.epochs import Seen
from icans_risk.signals.eeg.mean_spectra import POSTERIOR, spectral_measurements
from icans_risk.signals.eeg.opening import EPOCH_S
from icans_risk.signals.eeg.spectra import BANDS
from icans_risk.signals.eeg.states import State

__all__ = ["FEWEST_EPOCHS", "HOUR_S", "LONG_S", "Measured", "Spectra", "measure"]

Floats = NDArray[np.float64]

HOUR_S = 3600.0
# From here on a recording is measured hour by hour.
LONG_S = 1.5 * HOUR_S
# A minute of clean EEG is the least that is measured, two where epochs are compared.
FEWEST_EPOCHS = 6
_FEWEST_COMPARED = 12
# A pattern has a frequency only where there is one to speak of.
_PATTERN_AT_LEAST = 0.2
_HARMONICS_FROM = 0.3
# An electrode has to be good in half of the clean epochs.
_GOOD_SHARE = 0.5


@dataclass
class Spectra:
    """Sums of spectra for each hour of a recording, electrode by electrode."""

    sums: dict[int, Floats] = field(default_factory=dict)
    counts: dict[int, NDArray[np.int64]] = field(default_factory=dict)

    def add(self, seen: Seen) -> None:
        """Add the good electrodes of clean epochs."""
        good = (seen.states == State.GOOD) & seen.is_clean[:, np.newaxis]
        hours = (seen.start_s // HOUR_S).astype(np.int64)
        for hour in np.unique(hours):
            mine = good & (hours == hour)[:, np.newaxis]
            total = np.einsum("ec,ecf->cf", mine.astype(np.float32), seen.density)
            before = self.sums.get(int(hour), np.zeros(total.shape))
            self.sums[int(hour)] = before + total.astype(np.float64)
            earlier = self.counts.get(int(hour), np.zeros(mine.shape[1], dtype=np.int64))
            self.counts[int(hour)] = earlier + mine.sum(axis=0)

    def mean(self, hours: Iterable[int]) -> tuple[Floats, NDArray[np.int64]]:
        """Average over hours; return the spectra and in how many epochs electrodes were good."""
        known = [hour for hour in hours if hour in self.sums]
        counts = np.sum([self.counts[hour] for hour in known], axis=0)
        sums = np.sum([self.sums[hour] for hour in known], axis=0)
        return sums / np.maximum(counts, 1)[:, np.newaxis], counts


@dataclass(frozen=True)
class Measured:
    """The measurements of a stretch of a recording.

    Attributes
    ----------
    start_s, end_s : float
        Seconds from the beginning of the recording.
    epochs, clean : int
        Epochs in all, and those without artefacts.
    bad : tuple of str
        Electrodes that were bad most of the time and are left out.
    values : dict of str to float
        By the catalogue's names; empty where less than a minute is clean.
    """

    start_s: float
    end_s: float
    epochs: int
    clean: int
    bad: tuple[str, ...]
    values: dict[str, float]


def measure(
    seen: Seen, spectra: Spectra, grid: Floats, *, electrodes: tuple[str, ...], end_s: float
) -> tuple[Measured, list[Measured]]:
    """Measure a whole recording and, if it is long, each of its hours.

    Parameters
    ----------
    seen : Seen
        All epochs.
    spectra : Spectra
        Of all epochs.
    grid : ndarray of shape (frequencies,)
        In Hz.
    electrodes : tuple of str
        In the order of ``seen``.
    end_s : float
        Seconds from the beginning of the recording to its end.

    Returns
    -------
    whole : Measured
        All of it.
    hours : list of Measured
        Empty for a recording shorter than ``LONG_S``.
    """
    hours = [int(hour) for hour in np.unique(seen.start_s // HOUR_S)]
    whole = _measure(seen, spectra, grid, hours=hours, electrodes=electrodes, end_s=end_s)
    if end_s < LONG_S:
        return whole, []
    return whole, [
        _measure(
            seen, spectra, grid, hours=[hour], electrodes=electrodes,
            end_s=min(end_s, (hour + 1) * HOUR_S),
        )
        for hour in hours
    ]  # fmt: skip


def _measure(
    seen: Seen,
    spectra: Spectra,
    grid: Floats,
    *,
    hours: list[int],
    electrodes: tuple[str, ...],
    end_s: float,
) -> Measured:
    mine = np.isin(seen.start_s // HOUR_S, hours)
    clean = mine & seen.is_clean
    start_s = float(seen.start_s[mine][0])
    # After an interruption an epoch may reach across the hour's end.
    end_s = max(end_s, float(seen.start_s[mine][-1]) + EPOCH_S)
    count = int(clean.sum())
    if count < FEWEST_EPOCHS:
        return Measured(start_s, end_s, int(mine.sum()), count, (), {})
    density, counts = spectra.mean(hours)
    kept = counts >= max(1, _GOOD_SHARE * count)
    names = tuple(name for name, keep in zip(electrodes, kept, strict=True) if keep)
    values = spectral_measurements(grid, density[kept], names)
    values |= _amplitudes(seen, clean)
    blocks = np.isin(seen.block_start_s // HOUR_S, hours)
    values |= _pattern("rhythmic_delta", seen.rhythmic[blocks])
    values |= _pattern("periodic_discharge", seen.periodic[blocks])
    if values.get("periodic_discharge_index", 0.0) >= _HARMONICS_FROM:
        # The harmonics of discharges look like a rhythm; which of the two it is stays open.
        values.pop("posterior_rhythm_present", None)
        values.pop("posterior_dominant_rhythm", None)
    if count >= _FEWEST_COMPARED:
        values |= _changes(seen, clean, electrodes, kept=kept)
    bad = tuple(name for name in electrodes if name not in names)
    return Measured(start_s, end_s, int(mine.sum()), count, bad, values)


def _amplitudes(seen: Seen, clean: NDArray[np.bool_]) -> dict[str, float]:
    return {
        "amplitude": float(np.median(seen.amplitude[clean])),
        "low_voltage_index": float(seen.low_voltage[clean].mean()),
        "burst_suppression_ratio": float(seen.suppressed[clean].mean()),
    }


def _pattern(name: str, blocks: Floats) -> dict[str, float]:
    known = blocks[~np.isnan(blocks[:, 0])]
    if not len(known):
        return {}
    index = float(known[:, 0].mean())
    values = {f"{name}_index": index}
    if index >= _PATTERN_AT_LEAST:
        with_rate = known[~np.isnan(known[:, 1])]
        values[f"{name}_frequency"] = float(np.average(with_rate[:, 1], weights=with_rate[:, 0]))
    return values


def _changes(
    seen: Seen, clean: NDArray[np.bool_], electrodes: tuple[str, ...], *, kept: NDArray[np.bool_]
) -> dict[str, float]:
    """Measure how much epochs differ: what reacts to nothing stays the same."""
    usable = (seen.states[clean] == State.GOOD) & kept
    powers = seen.powers[clean]
    total = _mean_over(powers.sum(axis=-1), usable)
    values = {"power_variability": float(np.std(np.log10(total)))}
    posterior = usable & np.isin(electrodes, POSTERIOR)
    alpha = _mean_over(powers[..., list(BANDS).index("alpha")], posterior)
    alpha = alpha[alpha > 0]
    if alpha.size >= _FEWEST_COMPARED:
        low, high = np.percentile(np.log10(alpha), [10, 90])
        values["alpha_reactivity_proxy"] = float(high - low)
    return values


def _mean_over(values: NDArray[np.floating], usable: NDArray[np.bool_]) -> Floats:
    sums = np.where(usable, values, 0.0).sum(axis=-1)
    return np.asarray(sums / np.maximum(usable.sum(axis=-1), 1), dtype=np.float64)

"""From a chunk of samples to what each epoch shows, against the average of good electrodes."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.eeg.patterns import periodic_discharges, rhythmic_delta
from icans_risk.signals.eeg.spectra import (
    HUM_HZ,
    band_mask,
    band_weights,
    frequencies,
    spectra,
)
from icans_risk.signals.eeg.states import State, inspect
from icans_risk.signals.eeg.waves import (
    discharge_waves,
    low_voltage,
    one_second_amplitudes,
    suppressed,
    waves,
)

__all__ = ["BLOCK_EPOCHS", "Seen", "look"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]

# A minute: the patterns need more than one epoch.
BLOCK_EPOCHS = 6
_FEWEST_IN_BLOCK = 3
# From peak to peak in ten seconds; the high delta waves of an encephalopathy stay below.
_LOUD_UV = 500.0
# Muscle: twice as much power above 30 Hz as below, and more than 5 microvolts of it.
_MUSCLE_HZ, _BETA_HZ = (30.0, 45.0), (13.0, 30.0)
_MUSCLE_RATIO, _MUSCLE_UV = 2.0, 5.0
# Mains beyond this is an electrode that lost its skin.
_HUM_UV = 100.0
# Of the electrodes of a recording so many have to be good in an epoch.
_GOOD_SHARE = 2 / 3


@dataclass
class Seen:
    """What epochs show, one entry per epoch; blocks have one per minute.

    Attributes
    ----------
    start_s : ndarray of shape (epochs,)
        Seconds from the beginning of the recording.
    states : ndarray of shape (epochs, electrodes)
        Codes of ``State``.
    is_clean : ndarray of shape (epochs,)
        Whether enough electrodes are good.
    powers : ndarray of shape (epochs, electrodes, bands)
        In microvolt squared.
    density : ndarray of shape (epochs, electrodes, frequencies)
        In microvolt squared per Hz.
    hum : ndarray of shape (epochs, 2)
        Median root mean square over the electrodes at 50 and 60 Hz, in microvolts.
    amplitude, low_voltage, suppressed : ndarray of shape (epochs,)
        Over the good electrodes.
    padding : ndarray of shape (epochs, windows)
        Where all channels stand still.
    rhythmic, periodic : ndarray of shape (blocks, 2)
        Strength and frequency; NaN where a minute has too few clean epochs.
    block_start_s : ndarray of shape (blocks,)
        Seconds from the beginning of the recording.
    """

    start_s: Floats
    states: NDArray[np.uint8]
    is_clean: Flags
    powers: Singles
    density: Singles
    hum: Floats
    amplitude: Floats
    low_voltage: Floats
    suppressed: Floats
    padding: Flags
    rhythmic: Floats
    periodic: Floats
    block_start_s: Floats

    def without_spectra(self) -> "Seen":
        """Return all but the spectra, which are large and have been added up."""
        return replace(self, density=np.empty((0, 0, 0), dtype=np.float32))

    @staticmethod
    def join(parts: "list[Seen]") -> "Seen":
        """Put parts of one recording without their spectra together."""
        arrays = {
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Seen)
        }
        return Seen(**arrays)


def look(values: Floats, rails: Floats, rate: float, *, start_s: float, restored: bool) -> Seen:
    """Look at the epochs of a chunk.

    Parameters
    ----------
    values : ndarray of shape (electrodes, epochs, samples)
        In microvolts, against the reference of the file. Changed in place.
    rails : ndarray of shape (electrodes, 2)
        Ends of each channel's range.
    rate : float
        Samples per second.
    start_s : float
        Seconds from the beginning of the recording.
    restored : bool
        Whether the reference is an electrode that has to be put back, at zero.

    Returns
    -------
    Seen
        With electrodes in the order of ``values``, a restored one last.
    """
    states, padding = inspect(values, rails, rate)
    values -= values.mean(axis=-1, keepdims=True)
    signals = values.astype(np.float32)
    if restored:
        signals, states = _restore(signals, states, padding)
    found, spectrum = waves(signals, rate)
    _find_loud(found, states)
    good = states == State.GOOD
    _reference(found, good)
    _reference(spectrum, good)
    _reference(signals, good)
    density = spectra(signals, rate)
    grid = frequencies(signals.shape[-1], rate)
    hum = _judge(density, grid, states)
    good = states == State.GOOD
    is_clean = good.sum(axis=0) >= int(np.ceil(_GOOD_SHARE * len(states)))
    energy = _average(discharge_waves(spectrum) ** 2, good)
    starts = start_s + np.arange(signals.shape[1]) * signals.shape[-1] / rate
    rhythmic, periodic, blocks = _blocks(grid, density, energy, good=good & is_clean)
    return Seen(
        start_s=starts,
        states=states.T,
        is_clean=is_clean,
        powers=(density @ band_weights(grid)).transpose(1, 0, 2),
        density=density.transpose(1, 0, 2),
        hum=hum,
        **_amplitudes(found, good),
        padding=padding,
        rhythmic=rhythmic,
        periodic=periodic,
        block_start_s=starts[blocks],
    )


def _restore(
    signals: Singles, states: NDArray[np.uint8], padding: Flags
) -> tuple[Singles, NDArray[np.uint8]]:
    """Add the electrode that is the reference of all others: it reads zero."""
    idle = np.where(padding.any(axis=-1), State.PADDED, State.GOOD).astype(np.uint8)
    return (
        np.concatenate([signals, np.zeros_like(signals[:1])]),
        np.concatenate([states, idle[np.newaxis]]),
    )


def _amplitudes(found: Singles, good: Flags) -> dict[str, Floats]:
    seconds = one_second_amplitudes(found)
    return {
        "amplitude": _median(np.median(seconds, axis=-1), good),
        "low_voltage": _average(low_voltage(seconds), good),
        "suppressed": _average(suppressed(found), good),
    }


def _reference(signals: NDArray[np.inexact], good: Flags) -> None:
    """Subtract the average of the good electrodes, in place."""
    weights = (good / np.maximum(good.sum(axis=0), 1)).astype(np.float32)
    signals -= np.einsum("ce,ces->es", weights, signals)


def _find_loud(found: Singles, states: NDArray[np.uint8]) -> None:
    """Mark electrodes that are too loud against the average of the others.

    A loud electrode moves the average and with it all the others: the loudest ones leave
    first, and the rest is judged anew against what is left.
    """
    pending = np.arange(states.shape[1])
    for _ in range(4):
        if not pending.size:
            return
        good = states[:, pending] == State.GOOD
        trial = found[:, pending]
        _reference(trial, good)
        spans = np.where(good, np.ptp(trial, axis=-1), 0.0)
        loud = (spans > _LOUD_UV) & (spans >= 0.5 * spans.max(axis=0))
        part = states[:, pending]
        part[loud] = State.LOUD
        states[:, pending] = part
        pending = pending[loud.any(axis=0)]


def _judge(density: Singles, grid: Floats, states: NDArray[np.uint8]) -> Floats:
    """Mark muscle and mains, and return the mains of each epoch at 50 and 60 Hz."""
    step = float(grid[1] - grid[0])
    fast = density[..., band_mask(grid, _MUSCLE_HZ)].sum(axis=-1) * step
    beta = density[..., band_mask(grid, _BETA_HZ)].sum(axis=-1) * step
    good = states == State.GOOD
    states[good & (fast > _MUSCLE_RATIO * beta) & (fast > _MUSCLE_UV**2)] = State.MUSCLE
    hum = np.zeros((states.shape[1], len(HUM_HZ)))
    for column, hertz in enumerate(HUM_HZ):
        distance: Floats = np.abs(grid - hertz)
        near, around = distance <= 1.0, (distance > 1.5) & (distance <= 3.5)
        if grid[-1] < hertz + 3.5:
            continue
        background = density[..., around].mean(axis=-1) * near.sum()
        power = np.maximum(density[..., near].sum(axis=-1) - background, 0.0) * step
        rms = np.sqrt(power)
        states[good & (rms > _HUM_UV)] = State.HUM
        hum[:, column] = _median(rms, good)
    return hum


def _average(values: NDArray[np.floating], good: Flags) -> Floats:
    """Average over the good electrodes of each epoch."""
    weights = good / np.maximum(good.sum(axis=0), 1)
    return np.asarray(np.einsum("ce,ce...->e...", weights.astype(values.dtype), values), float)


def _median(values: NDArray[np.floating], good: Flags) -> Floats:
    """Return the median over the good electrodes of each epoch, zero where there is none."""
    kept = np.where(good, values, np.nan)
    kept[:, ~good.any(axis=0)] = 0.0
    return np.asarray(np.nanmedian(kept, axis=0), dtype=np.float64)


def _blocks(
    grid: Floats, density: Singles, energy: Floats, *, good: Flags
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Measure the patterns of each minute from its clean epochs."""
    starts = np.arange(0, good.shape[1], BLOCK_EPOCHS)
    rhythmic, periodic = np.full((2, starts.size, 2), np.nan)
    is_clean = np.asarray(good.any(axis=0), dtype=np.bool_)
    for number, start in enumerate(starts):
        epochs = start + np.flatnonzero(is_clean[start : start + BLOCK_EPOCHS])
        if epochs.size >= _FEWEST_IN_BLOCK:
            kept = density[:, epochs][good[:, epochs]]
            rhythmic[number] = rhythmic_delta(grid, kept.mean(axis=0).astype(np.float64))
            periodic[number] = periodic_discharges(energy[epochs])
    return rhythmic, periodic, starts

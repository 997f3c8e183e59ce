"""A small spectrogram of a recording, as numbers from 0 to 255."""

import base64

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.eeg.epochs import Seen
from icans_risk.signals.eeg.opening import EPOCH_S
from icans_risk.signals.eeg.spectra import band_mask
from icans_risk.signals.eeg.states import State

__all__ = ["COLUMNS", "Spectrogram"]

Floats = NDArray[np.float64]

# As many columns as a thumbnail has pixels to show them, and a row for each hertz.
COLUMNS = 180
ROWS = 29
# Decibels that the shades span, from 0.1 to 1,000 microvolt squared per Hz.
_RANGE_DB = (-10.0, 30.0)
# The shade that no power has: nothing clean there.
_REJECTED = 0


class Spectrogram:
    """Collects the spectra of epochs, chunk by chunk."""

    def __init__(self) -> None:
        self._starts: list[Floats] = []
        self._levels: list[Floats] = []

    def add(self, seen: Seen, grid: Floats) -> None:
        """Add the epochs of a chunk; what is not clean is remembered as such."""
        good = (seen.states == State.GOOD) & seen.is_clean[:, np.newaxis]
        weights = good / np.maximum(good.sum(axis=1, keepdims=True), 1)
        mean = np.einsum("ec,ecf->ef", weights.astype(np.float32), seen.density)
        rows = [mean[:, band_mask(grid, (hz, hz + 1.0))].mean(axis=1) for hz in range(1, 30)]
        levels = np.stack(rows, axis=1).astype(np.float64)
        levels[~seen.is_clean] = np.nan
        self._starts.append(seen.start_s)
        self._levels.append(levels)

    def draw(self, end_s: float) -> dict[str, object]:
        """Return columns, rows and shades.

        Parameters
        ----------
        end_s : float
            Seconds from the beginning of the recording to its end.

        Returns
        -------
        dict
            ``columns`` (time) and ``rows`` (1 to 30 Hz, the lowest first), and ``shades``,
            one byte each, column by column, in base64; 0 is what was rejected.
        """
        starts, levels = np.concatenate(self._starts), np.concatenate(self._levels)
        columns = max(1, min(COLUMNS, int(end_s // EPOCH_S)))
        middles = (starts + EPOCH_S / 2) / end_s
        place = np.minimum((middles * columns).astype(np.intp), columns - 1)
        shades = np.full((columns, ROWS), _REJECTED, dtype=np.uint8)
        clean = ~np.isnan(levels[:, 0])
        for column in np.unique(place[clean]):
            power = levels[clean & (place == column)].mean(axis=0)
            share = (10 * np.log10(power + 1e-30) - _RANGE_DB[0]) / (_RANGE_DB[1] - _RANGE_DB[0])
            shades[column] = np.clip(np.round(1 + 254 * share), 1, 255)
        text = base64.b64encode(shades.tobytes()).decode("ascii")
        return {"columns": columns, "rows": ROWS, "shades": text}

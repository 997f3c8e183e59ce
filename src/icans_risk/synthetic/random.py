"""Random numbers that depend on who, what and which, never on how many.

Every draw is a hash of the seed, a named stream, the unit (a patient or an episode) and an
index. A patient's course therefore does not change when more patients are asked for, when
they are drawn in pieces, or when a new stream is added.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

__all__ = ["Draws"]

Floats = NDArray[np.float64]

# The constants of splitmix64: Steele GL, Lea D, Flood CH. "Fast splittable pseudorandom
# number generators." OOPSLA 2014. doi:10.1145/2660193.2660195
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    mixed: NDArray[np.uint64] = state ^ (state >> np.uint64(31))
    return mixed


@dataclass(frozen=True)
class Draws:
    """The draws of some units under one seed.

    Attributes
    ----------
    seed : int
        Any integer.
    units : ndarray of uint64, shape (n_units,)
        Numbers of patients or episodes.
    """

    seed: int
    units: NDArray[np.uint64]

    def take(self, rows: NDArray[np.intp]) -> "Draws":
        """Return the draws of the units at these positions, repeated as given."""
        return Draws(self.seed, self.units[rows])

    def uniform(self, stream: str, index: ArrayLike = 0) -> Floats:
        """Draw uniformly from the open interval (0, 1).

        Parameters
        ----------
        stream : str
            What the draw is for.
        index : array-like of int
            Which draw of the stream; one for all units or one per unit.

        Returns
        -------
        ndarray of shape (n_units,)
            The draws.
        """
        digest = hashlib.blake2b(f"{self.seed}:{stream}".encode(), digest_size=8).digest()
        key = np.frombuffer(digest, dtype="<u8").astype(np.uint64)
        which = np.atleast_1d(np.asarray(index, dtype=np.int64)).astype(np.uint64)
        bits = _mix(_mix(self.units * _GOLDEN + key) + (which + np.uint64(1)) * _GOLDEN)
        return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * _TO_UNIT

    def normal(self, stream: str, index: ArrayLike = 0) -> Floats:
        """Draw from the standard normal distribution, see `uniform`."""
        drawn: Floats = ndtri(self.uniform(stream, index))
        return drawn

    def exponential(self, stream: str, index: ArrayLike = 0) -> Floats:
        """Draw from the exponential distribution of mean 1, see `uniform`."""
        return -np.log(self.uniform(stream, index))

    def happens(self, stream: str, chance: ArrayLike, *, index: ArrayLike = 0) -> NDArray[np.bool_]:
        """Draw whether something of the given probability happens, see `uniform`."""
        happened: NDArray[np.bool_] = self.uniform(stream, index) < np.asarray(chance)
        return happened

    def choice(self, stream: str, weights: ArrayLike, *, index: ArrayLike = 0) -> NDArray[np.intp]:
        """Draw a position with the given weights, see `uniform`.

        Parameters
        ----------
        stream : str
            What the draw is for.
        weights : array-like of shape (n_choices,)
            Not negative; they need not add up to one.
        index : array-like of int
            Which draw of the stream.

        Returns
        -------
        ndarray of shape (n_units,)
            Positions.
        """
        share = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.searchsorted(share / share[-1], self.uniform(stream, index), side="right")

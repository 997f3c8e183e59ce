"""When something is measured: slots, and the reason that each was ordered for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icans_risk.cohort import ORDERED_AS
from icans_risk.synthetic.people import People

__all__ = [
    "CLINICAL",
    "PROPHYLAXIS_ORDER",
    "PROTOCOL",
    "UNKNOWN",
    "Slots",
    "jitter",
    "join",
    "planned",
    "protocol_slots",
]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

PROTOCOL, PROPHYLAXIS_ORDER, CLINICAL, UNKNOWN = range(len(ORDERED_AS))
# Slots are numbered by the hour they were planned for, from well before any of them; those
# that were ordered for cause have numbers of their own.
_FIRST_PLANNED_H = 1_000
_FOR_CAUSE = 10_000


@dataclass(frozen=True)
class Slots:
    """Times at which a panel is drawn.

    Attributes
    ----------
    rows : ndarray of int, shape (n_slots,)
        Which episode.
    hours : ndarray of float, shape (n_slots,)
        Hours since infusion.
    number : ndarray of int, shape (n_slots,)
        Number of the slot within its episode, for draws of its own.
    order : ndarray of int8, shape (n_slots,)
        Position of its reason in ``ORDERED_AS``.
    """

    rows: Rows
    hours: Floats
    number: NDArray[np.int64]
    order: NDArray[np.int8]

    def keep(self, mask: NDArray[np.bool_]) -> "Slots":
        """Return the slots where the mask is true."""
        return Slots(self.rows[mask], self.hours[mask], self.number[mask], self.order[mask])


def join(*parts: Slots) -> Slots:
    """Return all slots of several sets."""
    return Slots(
        np.concatenate([p.rows for p in parts]),
        np.concatenate([p.hours for p in parts]),
        np.concatenate([p.number for p in parts]),
        np.concatenate([p.order for p in parts]),
    )


def planned(rows: Rows, hours: Floats, order: int = PROTOCOL) -> Slots:
    """Make slots of planned times; each gets the number of its hour.

    Those ordered for cause have numbers of their own, so that they share no draw with the
    protocol.
    """
    number = np.rint(hours).astype(np.int64) + _FIRST_PLANNED_H
    number = number + (_FOR_CAUSE if order == CLINICAL else 0)
    return Slots(rows, hours, number, np.full(rows.size, order, dtype=np.int8))


def protocol_slots(
    people: People,
    days_by_site: Sequence[Sequence[int]],
    hour_by_site: Sequence[float],
    *,
    stream: str,
    jitter_h: float,
) -> Slots:
    """Plan draws on the days of each site's protocol.

    Parameters
    ----------
    people : People
        The episodes.
    days_by_site : sequence of sequence of int
        Days relative to infusion, by site.
    hour_by_site : sequence of float
        Hour relative to the time of infusion at which a site draws.
    stream : str
        What the jitter is drawn for.
    jitter_h : float
        Spread of the actual time, in hours; zero for none.

    Returns
    -------
    Slots
        Ordered as protocol.
    """
    rows, hours = [], []
    for site, (days, hour) in enumerate(zip(days_by_site, hour_by_site, strict=True)):
        here = np.flatnonzero(people.site == site)
        times = 24.0 * np.asarray(days, dtype=np.float64) + hour
        rows.append(np.repeat(here, times.size))
        hours.append(np.tile(times, here.size))
    slots = planned(np.concatenate(rows), np.concatenate(hours))
    return jitter(people, slots, stream=stream, spread_h=jitter_h)


def jitter(people: People, slots: Slots, *, stream: str, spread_h: float) -> Slots:
    """Move each slot by a little, never across the infusion and never by much."""
    if spread_h == 0:
        return slots
    moved = people.draws.take(slots.rows).normal(f"jitter {stream}", slots.number)
    hours = np.round(slots.hours + np.clip(spread_h * moved, -2.5, 2.5), 2)
    return Slots(slots.rows, hours, slots.number, slots.order)

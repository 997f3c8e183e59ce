"""What hospitals order: by protocol, and because somebody is ill.

Protocol draws depend on the site alone. Informative ones depend on what happens to the
patient, and are told apart in ``ordered_as``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icans_risk.synthetic.parameters import Parameters, Site
from icans_risk.synthetic.people import People
from icans_risk.synthetic.slots import (
    CLINICAL,
    UNKNOWN,
    Slots,
    jitter,
    join,
    planned,
    protocol_slots,
)
from icans_risk.synthetic.toxicity import DAYS, Toxicity

__all__ = ["Stay", "draw_stay", "order_panels"]

Floats = NDArray[np.float64]

_JITTER_H = 0.8
_PLANNED_STAY_D = 14
_VISITS = (16, 18, 21, 24, 28)
_LABS = (-6, -3, -1, *range(_PLANNED_STAY_D + 1), *_VISITS)
_CLOTTING = (-6, 0, 1, 3, 5, 7, 9, 11, 13, 14, 16, 18, 21, 28)
_EXPANSION = (3, 7, 9, 11, 12, 14, 16, 21, 28)
_RESERVOIR = (-1, 1, 3, 7, 14, 21, 28)
_VITALS = tuple(range(-1, _PLANNED_STAY_D + 1))


@dataclass(frozen=True)
class Stay:
    """When observation ends; hours since infusion, infinite for never.

    Attributes
    ----------
    discharged_h, followed_until_h : ndarray of shape (n_episodes,)
        Discharge alive, and the end of observation.
    """

    discharged_h: Floats
    followed_until_h: Floats


def draw_stay(numbers: Parameters, people: People, toxicity: Toxicity) -> Stay:
    """Draw discharge and loss, apart from the onset.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    people, toxicity : People, Toxicity
        The episodes and what happens to them.

    Returns
    -------
    Stay
        Nobody leaves with toxicity, and nobody is followed after death.
    """
    draws, get = people.draws, numbers.number
    usual = get("discharge.median_d") * np.exp(get("discharge.log_sd") * draws.normal("discharge"))
    ill = np.maximum(toxicity.crs_end_h, toxicity.icans_end_h) + get("discharge.well_for_h")
    discharged = np.round(np.maximum(24.0 * usual, ill), 1)
    end = np.full(len(people), get("followed_until_h"))
    lost = draws.happens("lost", get("loss_by_day_30"))
    # Who is lost is lost after leaving the hospital.
    lost_h = discharged + 48.0 + draws.uniform("time of loss") * end
    end = np.minimum(np.where(lost, lost_h, end), end)
    end = np.minimum(end, toxicity.died_h)
    return Stay(np.where(discharged < end, discharged, np.inf), np.round(end, 2))


def order_panels(
    numbers: Parameters,
    people: People,
    toxicity: Toxicity,
    *,
    stay: Stay,
    informative: bool,
    noise: bool,
) -> dict[str, Slots]:
    """Order every panel.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    people, toxicity, stay : People, Toxicity, Stay
        The episodes, what happens to them, and when observation ends.
    informative : bool
        Whether illness leads to orders.
    noise : bool
        Whether times are jittered.

    Returns
    -------
    dict of str to Slots
        By panel; ``eeg``, ``mri`` and ``ct`` beside those of the parameters.
    """
    jitter_h = _JITTER_H if noise else 0.0
    panels = {
        name: protocol_slots(
            # A day's worst value is dated at the end of the day, not when somebody came.
            people,
            days,
            hours,
            stream=name,
            jitter_h=0.0 if name == "vitals" else jitter_h,
        )
        for name, (days, hours) in _protocols(numbers.sites).items()
    }
    _split_expansion(numbers, people, panels)
    _add_reservoir(numbers, people, panels, jitter_h=jitter_h)
    if informative:
        _order_for_illness(numbers, people, toxicity, stay=stay, panels=panels)
    return {
        name: slots.keep(slots.hours <= stay.followed_until_h[slots.rows])
        for name, slots in panels.items()
    }


def _protocols(
    sites: Sequence[Site],
) -> dict[str, tuple[list[Sequence[int]], list[float]]]:
    lab = [s.lab_hour for s in sites]
    noon, evening = [0.0] * len(sites), [24.0] * len(sites)

    def everywhere(days: Sequence[int]) -> list[Sequence[int]]:
        return [days] * len(sites)

    daily = tuple(d for d in _LABS if d != -3)
    return {
        "routine": (everywhere(_LABS), lab),
        "coagulation": (everywhere(_CLOTTING), lab),
        "il6": ([daily if s.in_house_il6 else s.cytokine_days for s in sites], lab),
        "cytokines": ([s.cytokine_days for s in sites], lab),
        "research": ([s.research_days for s in sites], lab),
        "nerve": ([s.nerve_days for s in sites], lab),
        "expansion": (everywhere(_EXPANSION), lab),
        "csf": ([s.csf_days for s in sites], noon),
        "eeg": ([s.eeg_days for s in sites], noon),
        "mri": (everywhere((-10,)), noon),
        "tumour": (everywhere((-12,)), noon),
        # The worst of a day describes its last minute.
        "vitals": (everywhere(_VITALS), evening),
    }


def _split_expansion(numbers: Parameters, people: People, panels: dict[str, Slots]) -> None:
    """Flow cytometry counts cells of CD28 products, qPCR copies of the others."""
    slots = panels.pop("expansion")
    is_cd28 = np.array([a.costimulatory_domain == "CD28" for a in numbers.arms.values()])
    counted = is_cd28[people.arm][slots.rows]
    panels["expansion_cells"] = slots.keep(counted)
    panels["expansion_copies"] = slots.keep(~counted)


def _add_reservoir(
    numbers: Parameters, people: People, panels: dict[str, Slots], *, jitter_h: float
) -> None:
    """Sample cerebrospinal fluid from the reservoir of who has one, by protocol."""
    has = np.array([a.cns_tumour for a in numbers.arms.values()])[people.arm]
    slots = panels["csf"]
    serial = protocol_slots(
        people, [_RESERVOIR] * len(numbers.sites), [2.0] * len(numbers.sites),
        stream="reservoir", jitter_h=jitter_h,
    )  # fmt: skip
    serial = serial.keep(has[serial.rows])
    panels["csf"] = join(slots.keep(~has[slots.rows]), serial)
    panels["reservoir"] = serial


def _order_for_illness(
    numbers: Parameters,
    people: People,
    toxicity: Toxicity,
    *,
    stay: Stay,
    panels: dict[str, Slots],
) -> None:
    extra = _extra_draws(numbers, people, toxicity)
    longer = _long_stays(stay)
    panels["routine"] = join(panels["routine"], extra, longer)
    panels["coagulation"] = join(panels["coagulation"], extra)
    at_once = np.array([s.in_house_il6 for s in numbers.sites])[people.site]
    panels["il6"] = join(panels["il6"], extra.keep(at_once[extra.rows]))
    nothing = planned(np.empty(0, dtype=np.intp), np.empty(0), CLINICAL)
    for panel, test in (("eeg", "eeg"), ("csf", "lp"), ("mri", "mri"), ("ct", "ct")):
        ordered = _test_for_icans(numbers, people, toxicity, test=test)
        panels[panel] = join(panels.get(panel, nothing), *ordered)
    for name, slots in panels.items():
        panels[name] = _forget_reasons(numbers, people, slots, name=name)


def _extra_draws(numbers: Parameters, people: People, toxicity: Toxicity) -> Slots:
    """Draw a second time on days with CRS grade 2 or ICANS."""
    # Only what has happened by the hour of the draw can be its reason.
    afternoon = 24.0 * np.arange(DAYS, dtype=np.float64)[:, np.newaxis] + 13.0
    yesterday = np.vstack([np.zeros_like(toxicity.crs_daily[:1]), toxicity.crs_daily[:-1]])
    ill = (yesterday >= 2) | (toxicity.icans_between(afternoon - 12.0, afternoon) >= 1)
    when, rows = np.nonzero(ill)
    drawn = people.draws.take(rows).happens(
        "extra draw", numbers.number("order.extra_labs"), index=when
    )
    slots = planned(rows[drawn], 24.0 * when[drawn].astype(np.float64) + 13.0, CLINICAL)
    return jitter(people, slots, stream="extra", spread_h=_JITTER_H)


def _long_stays(stay: Stay) -> Slots:
    """Draw every day from who is still in hospital after the planned stay."""
    days = np.arange(_PLANNED_STAY_D + 1, DAYS)
    days = days[~np.isin(days, _VISITS)]
    still = 24.0 * days[:, np.newaxis] < stay.discharged_h
    when, rows = np.nonzero(still)
    return planned(rows, 24.0 * days[when].astype(np.float64) - 6.0, CLINICAL)


def _test_for_icans(
    numbers: Parameters, people: People, toxicity: Toxicity, *, test: str
) -> list[Slots]:
    """Order a test when ICANS begins, when it gets severe, and seldom for another reason.

    Each stage has a draw of its own: whether somebody is tested when it begins must not
    depend on what is still to come.
    """
    draws, get = people.draws, numbers.number
    other_h = 24.0 * (2.0 + 12.0 * draws.uniform(f"when {test}"))
    stages = [
        ("mild", toxicity.mild_h, get(f"order.{test}_icans_mild")),
        ("severe", toxicity.onset_h, get(f"order.{test}_icans_severe")),
        ("other", other_h, get("order.without_icans")),
    ]
    if test == "eeg":
        again_h = toxicity.onset_h + 48.0
        stages.append(("again", again_h, get("order.repeat_eeg")))
    ordered = []
    for number, (stage, since_h, chance) in enumerate(stages):
        is_tested = draws.happens(f"order {test} {stage}", chance) & np.isfinite(since_h)
        wait = get("order.delay_h") * np.exp(0.5 * draws.normal(f"wait {test} {stage}"))
        rows = np.flatnonzero(is_tested)
        slots = planned(rows, np.round(since_h[rows] + wait[rows], 2), CLINICAL)
        ordered.append(Slots(rows, slots.hours, slots.number + number, slots.order))
    return ordered


def _forget_reasons(numbers: Parameters, people: People, slots: Slots, *, name: str) -> Slots:
    forgotten = people.draws.take(slots.rows).happens(
        f"reason {name}", numbers.number("order.reason_unknown"), index=slots.number
    )
    order = np.where(forgotten & (slots.order == CLINICAL), UNKNOWN, slots.order)
    return Slots(slots.rows, slots.hours, slots.number, order.astype(np.int8))

"""What an assay says: it reads the latents, adds noise, cuts at its limits, and takes its time."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.synthetic.mechanism import PULSES, Course, expand, log_pulse
from icans_risk.synthetic.parameters import Parameters, Readout
from icans_risk.synthetic.people import People
from icans_risk.synthetic.random import Draws
from icans_risk.synthetic.slots import Slots
from icans_risk.synthetic.toxicity import Toxicity
from icans_risk.synthetic.treatments import Treatments

__all__ = ["CENSORED", "Patients", "Reader", "Results", "report", "turnaround"]

Floats = NDArray[np.float64]

CENSORED = ("", "<", ">")
_TURNAROUND_LOG_SD = 0.25
_PLATFORM_LOG_SD = 0.10
_IN_HOUSE_IL6_H = 6.0
# Immunoassays of different makers do not agree; chemistry is standardised.
_PLATFORM_PANELS = ("il6", "cytokines", "research", "nerve")


@dataclass(frozen=True)
class Patients:
    """All that is true of the episodes and that an assay may read."""

    numbers: Parameters
    people: People
    course: Course
    toxicity: Toxicity
    treatments: Treatments
    noise: bool


@dataclass(frozen=True)
class Results:
    """Values of one analyte at some slots; arrays of shape (n_slots,).

    ``censored`` holds positions in ``CENSORED``.
    """

    analyte: str
    slots: Slots
    value: Floats
    censored: NDArray[np.int8]
    available_h: Floats


@dataclass
class Reader:
    """The latents and traits at some slots, each computed when first asked for."""

    patients: Patients
    slots: Slots
    known: dict[str, Floats] = field(default_factory=dict)

    def read(self, name: str) -> Floats:
        """Return one latent, trait or effect of treatment at every slot.

        Parameters
        ----------
        name : str
            As in the gains of ``analytes.yaml``; pulses come as log1p.

        Returns
        -------
        ndarray of shape (n_slots,)
            Its values.
        """
        if name not in self.known:
            self.known[name] = self._pulse(name) if name in PULSES else self._other(name)
        return self.known[name]

    def _pulse(self, name: str) -> Floats:
        logs = self.patients.course.log_latent(name, self.slots.hours, self.slots.rows)
        log1p: Floats = np.log1p(np.exp(logs))
        return log1p

    def _other(self, name: str) -> Floats:
        people, rows = self.patients.people, self.slots.rows
        traits = {
            "endothelial_stress": people.stress,
            "neuro_vulnerability": people.brain,
            "tumour_burden": people.burden,
            "age": (people.age - 60.0) / 10.0,
            "tumour_volume": np.log(people.tumour_volume),
        }
        if name in traits:
            return traits[name][rows]
        effect: Floats = getattr(self, f"_{name}")()
        return effect

    def _since(self, start_h: Floats) -> Floats:
        return np.maximum(self.slots.hours - start_h[self.slots.rows], 0.0)

    def _expansion(self) -> Floats:
        p = self.patients
        return expand(p.numbers, p.course, hours=self.slots.hours, rows=self.slots.rows)

    def _fever(self) -> Floats:
        size = self.patients.course.log_latent(
            "myeloid_cytokines", self.slots.hours, self.slots.rows
        )
        fever: Floats = expit(size)
        return fever

    def _masked_fever(self) -> Floats:
        get = self.patients.numbers.number
        blocked = self._since(self.patients.treatments.tocilizumab_h) > 0
        left = np.where(blocked, get("tocilizumab.fever_left"), 1.0)
        on_steroid = self.read("steroid") > 0
        return self.read("fever") * np.where(on_steroid, get("steroid.fever_left"), 1.0) * left

    def _cytopenia(self) -> Floats:
        """Lymphodepletion takes the blood down in its second week; it comes back."""
        start = self.patients.people.lymphodepletion_start_h[self.slots.rows]
        days = np.maximum(self.slots.hours - start, 0.0) / 24.0
        return -np.expm1(-((days / 8.0) ** 4)) * np.exp(-np.maximum(days - 14.0, 0.0) / 12.0)

    def _lymphopenia(self) -> Floats:
        """Lymphocytes go within days: what they would have consumed, such as IL-15, is left."""
        start = self.patients.people.lymphodepletion_start_h[self.slots.rows]
        days = np.maximum(self.slots.hours - start, 0.0) / 24.0
        return (1.0 - np.exp(-days / 2.0)) * np.exp(-np.maximum(days - 6.0, 0.0) / 6.0)

    def _icans(self) -> Floats:
        hours = self.slots.hours
        return self.patients.toxicity.icans_between(hours, hours + 1e-6, self.slots.rows)

    def _tocilizumab_il6(self) -> Floats:
        p, get = self.patients, self.patients.numbers.number
        dt = self._since(p.treatments.tocilizumab_h)
        rise = -np.expm1(-dt / get("tocilizumab.il6_rise_h"))
        decay = np.exp(-dt / get("tocilizumab.il6_decay_h"))
        return p.treatments.il6_log_fold[self.slots.rows] * rise * decay

    def _tocilizumab_crp(self) -> Floats:
        get = self.patients.numbers.number
        dt = self._since(self.patients.treatments.tocilizumab_h)
        fall = -np.expm1(-dt / get("tocilizumab.crp_fall_h"))
        return get("tocilizumab.crp_log_fall") * fall * np.exp(-dt / 240.0)

    def _steroid(self) -> Floats:
        treated, rows, hours = self.patients.treatments, self.slots.rows, self.slots.hours
        given = (hours > treated.steroid_h[rows]) & (hours <= treated.steroid_end_h[rows])
        prophylactic = self.patients.people.prophylaxis[rows] == 2
        given |= prophylactic & (hours > 0) & (hours <= 72)
        return given.astype(np.float64)

    def _local(self) -> Floats:
        """Inflammation at a tumour of the nervous system, up and down over a week."""
        t, rows, get = self.patients.toxicity, self.slots.rows, self.patients.numbers.number
        begun = np.isfinite(t.tian_h[rows])
        peak_h = get("tian.local_peak") * np.where(begun, t.tian_h[rows], 1.0)
        shape = np.exp(log_pulse(2.0 * self.slots.hours / peak_h, 2.0))
        # Its size, never its grade: that is still to come when fluid is first sampled.
        height = get("tian.local_level") * np.exp(get("tian.local_log_sd") * t.tian_size[rows])
        return np.where(begun, height * shape, 0.0)


def report(reader: Reader, analyte: str, readout: Readout, *, panel: str) -> Results:
    """Report one analyte at every slot of its panel.

    On the log scale the value is ``rest * exp(sum(gain * reading) + deviations)``, on the
    linear scale ``rest + sum(gain * reading) + deviations``; without noise there are no
    deviations. It is rounded as printed and cut at the limits of quantification.

    Parameters
    ----------
    reader : Reader
        Reads the latents at the slots.
    analyte : str
        Full name.
    readout : Readout
        How it reads them.
    panel : str
        The panel that it is drawn in.

    Returns
    -------
    Results
        Values in the catalogue's unit.
    """
    entry = load_catalogue()[analyte]
    total = np.full(reader.slots.rows.size, 0.0)
    for name, gain in readout.gains.items():
        total += gain * reader.read(name)
    if reader.patients.noise:
        total += _deviations(reader, analyte, readout, platform=panel in _PLATFORM_PANELS)
    value = readout.rest + total if readout.linear else readout.rest * np.exp(total)
    value, censored = _print(value, entry, readout.decimals)
    available = reader.slots.hours + turnaround(reader, entry, panel=panel)
    return Results(analyte, reader.slots, value, censored, np.round(available, 2))


def _deviations(reader: Reader, analyte: str, readout: Readout, *, platform: bool) -> Floats:
    people, slots = reader.patients.people, reader.slots
    noise = people.draws.take(slots.rows).normal(f"noise {analyte}", slots.number)
    own = readout.between * people.draws.normal(f"level {analyte}")
    deviations: Floats = own[slots.rows] + readout.within * noise
    if platform:
        sites = Draws(0, np.arange(len(reader.patients.numbers.sites), dtype=np.uint64))
        deviations += _PLATFORM_LOG_SD * sites.normal(analyte)[people.site[slots.rows]]
    return deviations


def _print(value: Floats, entry: Analyte, decimals: int) -> tuple[Floats, NDArray[np.int8]]:
    low, high = entry.hard_limits
    value = np.asarray(np.round(np.clip(value, low, high), decimals), dtype=np.float64)
    below = np.zeros(value.size, dtype=bool) if entry.lloq is None else value < entry.lloq
    above = np.zeros(value.size, dtype=bool) if entry.uloq is None else value > entry.uloq
    if entry.lloq is not None:
        value = np.where(below, entry.lloq, value)
    if entry.uloq is not None:
        value = np.where(above, entry.uloq, value)
    return value, (below + 2 * above).astype(np.int8)


def turnaround(reader: Reader, entry: Analyte, *, panel: str) -> Floats:
    """Return the hours from collection to result, by assay and site.

    Parameters
    ----------
    reader : Reader
        Knows the slots and the sites.
    entry : Analyte
        Its usual turnaround is that of the catalogue.
    panel : str
        IL-6 that is measured in house comes within hours.

    Returns
    -------
    ndarray of shape (n_slots,)
        Hours; zero where the catalogue says that a value is known when it is taken.
    """
    sites, people = reader.patients.numbers.sites, reader.patients.people
    usual = np.full(len(sites), entry.turnaround_hours)
    if panel == "il6":
        usual = np.where([s.in_house_il6 for s in sites], _IN_HOUSE_IL6_H, usual)
    hours: Floats = (usual * np.array([s.turnaround for s in sites]))[
        people.site[reader.slots.rows]
    ]
    if not reader.patients.noise or entry.turnaround_hours == 0:
        return hours
    slots = reader.slots
    spread = people.draws.take(slots.rows).normal(f"turnaround {panel}", slots.number)
    return hours * np.exp(_TURNAROUND_LOG_SD * spread)

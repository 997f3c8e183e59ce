"""What an electroencephalogram and an image show.

An EEG slows with neuro-inflammation and with ICANS that is present; its powers, rhythm and
background follow from one slowing score. Discharges and lesions are findings by chance, with
the chances of the current grade.
"""

import numpy as np
from numpy.typing import NDArray

from icans_risk.catalogue import load_catalogue
from icans_risk.synthetic.assays import Reader, Results, turnaround

__all__ = ["EEG_READERS", "image", "record_eeg"]

Floats = NDArray[np.float64]

_BANDS = ("delta", "theta", "alpha", "beta")
# The latents and traits that EEG values read.
EEG_READERS = ("neuro_inflammation", "neuro_vulnerability")


def slowing(reader: Reader) -> Floats:
    """Return the slowing score: zero at rest, about 1.5 in grade 3."""
    numbers, slots = reader.patients.numbers, reader.slots
    by_grade = numbers.several("eeg.slowing_icans")[reader.read("icans").astype(np.intp)]
    score = numbers.number("eeg.slowing_neuro") * reader.read("neuro_inflammation") + by_grade
    score = score + numbers.number("eeg.slowing_vulnerability") * reader.read("neuro_vulnerability")
    if reader.patients.noise:
        own = reader.patients.people.draws.take(slots.rows).normal("eeg", slots.number)
        score = score + numbers.number("eeg.slowing_sd") * own
    return score


def record_eeg(reader: Reader) -> list[Results]:
    """Record an EEG at every slot.

    Parameters
    ----------
    reader : Reader
        Reads the latents at the slots.

    Returns
    -------
    list of Results
        Relative powers, ratios, rhythm, background, and findings that are present or not.
    """
    get, several = reader.patients.numbers.number, reader.patients.numbers.several
    score = slowing(reader)
    tilt = several("eeg.powers_slowing")[:, np.newaxis] * score
    power = several("eeg.powers")[:, np.newaxis] * np.exp(tilt)
    power = power / power.sum(axis=0)
    delta, theta, alpha, _ = power
    values = {f"{band}_relative": np.round(p, 3) for band, p in zip(_BANDS, power, strict=True)}
    rhythm = np.maximum(get("eeg.rhythm_hz") + get("eeg.rhythm_slowing_hz") * score, 3.0)
    values |= {
        "delta_theta_alpha_ratio": np.round((delta + theta) / alpha, 3),
        "bseeg_ratio": np.round(delta / alpha * 1.6, 3),
        "posterior_dominant_rhythm": np.round(rhythm, 1),
        "spectral_edge_95": np.round(np.maximum(21.0 - 5.0 * score, 4.0), 1),
        "abnormal": (score > get("eeg.abnormal_above")).astype(np.float64),
        "background_grade": np.clip(np.floor(score / 0.55 + 0.5), 0, 5),
        "periodic_discharges": _by_grade(reader, "eeg.periodic"),
        "rhythmic_delta": _by_grade(reader, "eeg.rhythmic"),
        "epileptiform_discharges": _by_grade(reader, "eeg.epileptiform"),
    }
    return [_result(reader, f"eeg.{name}", value, panel="eeg") for name, value in values.items()]


def image(reader: Reader, *, panel: str) -> list[Results]:
    """Read a scan of the brain at every slot.

    Parameters
    ----------
    reader : Reader
        Reads the latents at the slots.
    panel : {"mri", "ct"}
        The kind of scan.

    Returns
    -------
    list of Results
        Whether it is abnormal.
    """
    abnormal = _by_grade(reader, f"imaging.{panel}_abnormal")
    if panel == "mri":
        chance = reader.patients.numbers.number("imaging.mri_baseline")
        old = reader.patients.people.draws.happens("old lesion", chance)[reader.slots.rows]
        abnormal = np.maximum(abnormal, old)
    return [_result(reader, f"imaging.{panel}_abnormal", abnormal, panel=panel)]


def _by_grade(reader: Reader, name: str) -> Floats:
    """Draw a finding with the chance of the current grade."""
    chance = reader.patients.numbers.several(name)[reader.read("icans").astype(np.intp)]
    draws = reader.patients.people.draws.take(reader.slots.rows)
    return draws.happens(name, chance, index=reader.slots.number).astype(np.float64)


def _result(reader: Reader, analyte: str, value: Floats, *, panel: str) -> Results:
    entry = load_catalogue()[analyte]
    available = reader.slots.hours + turnaround(reader, entry, panel=panel)
    uncut = np.zeros(value.size, dtype=np.int8)
    return Results(analyte, reader.slots, value, uncut, np.round(available, 2))

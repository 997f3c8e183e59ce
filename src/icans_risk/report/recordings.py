"""What became of EEG recordings, as a dict: rows of the list and counts, never a patient."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from icans_risk.report.context import DataKind
from icans_risk.report.listing import Facts, Listed, Words, listing_report
from icans_risk.report.quality_panels import NO_BREAK, many, percent
from icans_risk.report.spectrogram import as_png, rejected_stretches
from icans_risk.report.wording import clean, number, span

__all__ = ["REJECTIONS", "recordings_report"]

# Why epochs are left out, in the order in which they are drawn.
REJECTIONS: Mapping[str, str] = {
    "padded": "No signal on any channel",
    "flat": "Flat electrodes",
    "clipped": "At the end of the recorder's range",
    "loud": "More than 500 µV from peak to peak",
    "muscle": "Muscle",
    "hum": "Mains hum above 100 µV",
}
_FORMATS = {"edf": "EDF", "bdf": "BDF", "brainvision": "BrainVision"}
_LEAST_SHOWN = 0.005
_FIGURES = (
    ("posterior_dominant_rhythm", "posterior rhythm", "Hz"),
    ("delta_theta_alpha_ratio", "(δ + θ) / α", ""),
    ("periodic_discharge_frequency", "discharges", "Hz"),
    ("rhythmic_delta_frequency", "rhythmic delta", "Hz"),
    ("burst_suppression_ratio", "suppressed", "share"),
    ("amplitude", "amplitude", "µV"),
)

_WORDS = Words("recording", "recordings", "An EEG is ordered when somebody is confused")


def recordings_report(
    listed: Listed, *, events: int, data_kind: DataKind, package_version: str
) -> dict[str, Any]:
    """Say which recordings gave measurements, and what was rejected in them.

    Parameters
    ----------
    listed : sequence of mapping
        One per row of the list: ``row``, ``started_h``, ``ordered_as`` and ``refused`` (None,
        or ``code``, ``message``, ``remedy`` and ``figures``); of those used also ``format``,
        ``rate``, ``seconds``, ``end_s``, ``channels``, ``rejected``, ``flags`` (sentences),
        ``hum_hz``, ``hum_uv``, ``padded_s``, ``whole``, ``hours`` and ``picture``.
    events : int
        Rows of events that were made.
    data_kind, package_version : str
        For the header.

    Returns
    -------
    dict
        ``verdict``, ``facts``, ``restricted``, ``refused``, ``rejected``, ``shown`` and
        ``left_out``; finished words, and the numbers of the drawings.
    """
    used = [item for item in listed if item["refused"] is None]
    report = listing_report(
        listed,
        _WORDS,
        facts=_facts(used, events),
        card=_card,
        rank=lambda item: float(item["rejected"]["all"]),
        data_kind=data_kind,
        package_version=package_version,
    )
    return report | {"rejected": _rejected(used)}


def _facts(used: Listed, events: int) -> Facts:
    seconds = sum(float(item["seconds"]) for item in used)
    lost = _weighted(used, "all")
    return [
        ("EEG read", span(seconds / 3600.0), ""),
        ("Without artefacts", percent(1.0 - lost) if used else "none", "of the time"),
        ("Recordings of more than 90 min", many(sum(bool(item["hours"]) for item in used)), ""),
        ("Rows of events", many(events), ""),
    ]


def _weighted(used: Listed, reason: str) -> float:
    seconds = np.array([float(item["seconds"]) for item in used])
    shares = np.array([float(item["rejected"][reason]) for item in used])
    return float(np.average(shares, weights=seconds)) if seconds.size else 0.0


def _rejected(used: Listed) -> list[dict[str, Any]]:
    shares = {name: _weighted(used, name) for name in REJECTIONS}
    most = max(shares.values(), default=0.0)
    return [
        {"name": name, "label": REJECTIONS[name], "share": percent(share), "width": share / most}
        for name, share in shares.items()
        if share > 0
    ]


def _card(item: Mapping[str, Any]) -> dict[str, Any]:
    picture = item["picture"]
    channels, rejected = item["channels"], item["rejected"]
    found, extra = len(channels["found"]), channels["extra"]
    facts = [
        f"{_FORMATS[item['format']]}, {number(float(item['rate']), 0)} Hz",
        f"{found} of 19 electrodes" + (f" and {extra} other channels" if extra else ""),
        f"{percent(1.0 - float(rejected['all']))} without artefacts",
    ]
    if float(item["padded_s"]) > 0:
        facts.append(f"{_length(float(item['padded_s']))} without any signal")
    if float(item["hum_uv"]) >= 1.0:
        facts.append(f"hum at {item['hum_hz']:g} Hz: {number(float(item['hum_uv']), 0)} µV")
    return {
        "length": _length(float(item["end_s"])),
        "facts": [fact.replace(" ", NO_BREAK) for fact in facts],
        "missing": ", ".join(clean(name) for name in channels["missing"]),
        "bad": ", ".join(clean(name) for name in channels["bad"]),
        "figures": _figures(item["whole"]["values"]),
        "parts": {name: float(rejected[name]) for name in REJECTIONS if rejected[name] > 0},
        "rejections": [
            f"{REJECTIONS[name]}: {percent(float(rejected[name]))}"
            for name in REJECTIONS
            if rejected[name] > 0
        ],
        "png": as_png(picture),
        "marks": rejected_stretches(picture),
    }


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{number(seconds, 0)} s"
    return f"{number(seconds / 60, 0)} min" if seconds < 5400 else span(seconds / 3600)


def _figures(values: Mapping[str, float]) -> list[str]:
    shown = []
    for name, label, unit in _FIGURES:
        value = values.get(name, 0.0)
        # Nothing is suppressed in most recordings.
        if value >= _LEAST_SHOWN:
            text = percent(value) if unit == "share" else f"{value:.3g} {unit}".strip()
            shown.append(f"{label} {text}".replace(" ", NO_BREAK))
    return shown

"""What became of scans, as a dict: rows of the list, counts and slices, never a patient."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icans_risk.report.context import DataKind
from icans_risk.report.listing import Facts, Listed, Words, listing_report
from icans_risk.report.png import indexed_png
from icans_risk.report.quality_panels import NO_BREAK, many
from icans_risk.report.wording import clean

__all__ = ["scans_report"]

_WORDS = Words("scan", "scans", "A scan is ordered when somebody is confused")
_FORMATS = {"nifti1": "NIfTI-1", "nifti2": "NIfTI-2", "nrrd": "NRRD"}
_SEQUENCES = {
    "t1": "T1", "t1ce": "T1 with contrast", "t2": "T2", "flair": "FLAIR", "dwi": "DWI",
    "adc": "ADC", "swi": "SWI", "ct": "CT", "pet": "PET", "unknown": "kind not stated",
}  # fmt: skip
# Shades of edges, and their colours; all of them differ in lightness from grey tissue.
_EDGES = (
    ("lesion", 255, (255, 138, 0)), ("oedema", 254, (77, 195, 255)),
    ("ventricles", 253, (197, 161, 255)),
)  # fmt: skip
_GREYS = 250
_FIGURES = (
    ("lesion_volume", "lesion", "mL"),
    ("lesion_count", "parts", ""),
    ("lesion_diameter", "diameter", "mm"),
    ("lesion_contrast", "contrast", "SD"),
    ("lesion_suvr_mean", "uptake ratio", ""),
    ("oedema_volume", "oedema", "mL"),
    ("ventricle_volume", "ventricles", "mL"),
    ("midline_shift_proxy", "off the midplane", "mm"),
    ("brain_volume", "brain", "mL"),
)


def scans_report(
    listed: Listed, *, events: int, data_kind: DataKind, package_version: str
) -> dict[str, Any]:
    """Say which scans gave measurements, and what was noticed in them.

    Parameters
    ----------
    listed : sequence of mapping
        As for ``listing_report``; of those used also ``format``, ``shape``, ``spacing``,
        ``sequence``, ``masks``, ``flags`` (sentences), ``values`` and ``picture``.
    events : int
        Rows of events that were made.
    data_kind, package_version : str
        For the header.

    Returns
    -------
    dict
        As of ``listing_report``, and ``legend``.
    """
    used = [item for item in listed if item["refused"] is None]
    report = listing_report(
        listed,
        _WORDS,
        facts=_facts(used, events),
        card=_card,
        rank=lambda item: float(len(item["flags"])),
        data_kind=data_kind,
        package_version=package_version,
    )
    drawn = {name for item in used for name in item["masks"]}
    legend = [
        {"label": name, "colour": "#%02x%02x%02x" % colour}  # noqa: UP031
        for name, _, colour in _EDGES
        if name in drawn
    ]
    return report | {"legend": legend}


def _facts(used: Listed, events: int) -> Facts:
    return [
        ("Masks", many(sum(len(item["masks"]) for item in used)), ""),
        ("Scans with a lesion", many(sum(_has_lesion(item) for item in used)), ""),
        ("Scans with something noticed", many(sum(bool(item["flags"]) for item in used)), ""),
        ("Rows of events", many(events), ""),
    ]


def _has_lesion(item: Mapping[str, Any]) -> bool:
    return float(item["values"].get("lesion_volume", 0.0)) > 0


def _card(item: Mapping[str, Any]) -> dict[str, Any]:
    times = NO_BREAK + "×" + NO_BREAK
    facts = [
        f"{_FORMATS[item['format']]}, {_SEQUENCES[item['sequence']]}",
        times.join(str(int(side)) for side in item["shape"]) + " voxels",
        times.join(f"{float(length):.3g}" for length in item["spacing"]) + " mm",
        "masks: " + ", ".join(clean(name) for name in item["masks"]),
    ]
    picture = item["picture"]
    return {
        "facts": [fact.replace(" mm", f"{NO_BREAK}mm") for fact in facts],
        "figures": _figures(item["values"]),
        "columns": int(picture["columns"]),
        "rows": int(picture["rows"]),
        "png": _as_png(picture),
    }


def _figures(values: Mapping[str, float]) -> list[str]:
    return [
        f"{label} {_in_digits(values[name], unit)} {unit}".strip().replace(" ", NO_BREAK)
        for name, label, unit in _FIGURES
        if name in values
    ]


def _in_digits(value: float, unit: str) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if unit == "mm" else f"{value:.3g}"


def _as_png(picture: Mapping[str, Any]) -> str:
    cells = np.frombuffer(base64.b64decode(picture["shades"]), dtype=np.uint8)
    if not cells.size:
        return ""
    return indexed_png(cells.reshape(picture["rows"], picture["columns"]), _palette())


def _palette() -> NDArray[np.uint8]:
    """White for what is not shown, greys, and the colours of edges."""
    palette = np.full((256, 3), 255, dtype=np.uint8)
    greys = np.rint(np.linspace(0, 235, _GREYS)).astype(np.uint8)
    palette[1 : _GREYS + 1] = greys[:, np.newaxis]
    for _, shade, colour in _EDGES:
        palette[shade] = colour
    return palette

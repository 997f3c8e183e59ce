"""What can be measured: one YAML entry per analyte, one file per modality."""

from icans_risk.catalogue.entries import Analyte, Conversion, LeakClass, Loinc, Source
from icans_risk.catalogue.load import PLATFORM, load_catalogue
from icans_risk.catalogue.units import from_canonical, to_canonical

__all__ = [
    "PLATFORM",
    "Analyte",
    "Conversion",
    "LeakClass",
    "Loinc",
    "Source",
    "from_canonical",
    "load_catalogue",
    "to_canonical",
]

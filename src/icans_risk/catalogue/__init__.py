"""What can be measured: one YAML entry per analyte, one file per modality."""

from icans_risk.catalogue.entries import Analyte, LeakClass, load_catalogue

__all__ = ["Analyte", "LeakClass", "load_catalogue"]

"""The study file: one YAML file, strictly checked, is one study.

Booleans and numbers are strictly typed, so that ``no`` never becomes ``False`` silently.
An unknown key is an error that names the nearest valid one.
"""

from icans_risk.study.load import load_study, parse_study
from icans_risk.study.schema import Study

__all__ = ["Study", "load_study", "parse_study"]

"""A synthetic cohort whose true risk is known: a mechanism, observed as hospitals observe.

Nothing trained here is evidence about patients. Only ``workflow`` and tests import this room:
a model cannot see the truth.
"""

from icans_risk.synthetic.cohort import Simulated, simulate
from icans_risk.synthetic.parameters import FROZEN, Parameters, load
from icans_risk.synthetic.people import PRODUCT_MIXES
from icans_risk.synthetic.truth import Truth

__all__ = ["FROZEN", "PRODUCT_MIXES", "Parameters", "Simulated", "Truth", "load", "simulate"]

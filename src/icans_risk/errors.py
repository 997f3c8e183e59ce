"""The errors that this package raises on purpose.

Each message says what was expected, what came, where, and what to do. None names a
patient or repeats a cell's content: positions and counts only.
"""

__all__ = [
    "CohortError",
    "ComparisonError",
    "ExplanationError",
    "GradingError",
    "IcansRiskError",
    "LeakageError",
    "LedgerError",
    "ModelError",
    "NotEstimableError",
    "NotReleasedError",
    "SignalError",
    "StudyError",
    "TrackingError",
    "UnitError",
]


class IcansRiskError(ValueError):
    """A mistake that the user can mend; the command line shows it as one line."""


class StudyError(IcansRiskError):
    """The study file cannot be read or contradicts itself."""


class CohortError(IcansRiskError):
    """The data cannot be turned into a cohort, or a table breaks its contract."""


class ComparisonError(IcansRiskError):
    """Two models were not judged on the same patients and the same question."""


class GradingError(IcansRiskError):
    """A finding, score or grade cannot be used as it stands."""


class LeakageError(IcansRiskError):
    """A feature was asked for that would show the outcome to the model."""


class LedgerError(IcansRiskError):
    """A ledger of predictions is damaged, or something may not be written to it."""


class NotEstimableError(IcansRiskError):
    """The cohort is too small, or has one class only, for what was asked."""


class NotReleasedError(IcansRiskError):
    """A fitted model failed a check without which no model is let out."""


class ModelError(IcansRiskError):
    """A saved model is damaged, or was written by something that reads it otherwise."""


class ExplanationError(IcansRiskError):
    """Contributions do not add up to the risk that they claim to explain."""


class SignalError(IcansRiskError):
    """A recording cannot be used as it stands."""


class TrackingError(IcansRiskError):
    """The tracking store cannot be used as it is."""


class UnitError(IcansRiskError):
    """A value is in a unit that its analyte does not accept."""

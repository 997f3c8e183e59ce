"""What an audit found: verdicts, in words and numbers, the worst first."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from icans_risk.evaluation.delong import AurocInterval

__all__ = [
    "Audit",
    "Finding",
    "Verdict",
    "describe_interval",
    "is_above_chance",
    "plain",
    "rank",
    "say_interval",
]

Verdict = Literal["pass", "warn", "fail", "not_assessable"]

_WORST_FIRST: tuple[Verdict, ...] = ("fail", "warn", "not_assessable", "pass")


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    check : str
        Name of the check.
    verdict : {"pass", "warn", "fail", "not_assessable"}
        What it comes to.
    sentence : str
        What was found, in words.
    figures : mapping of str to Any
        The numbers behind it, as plain JSON values; None is not estimable.
    """

    check: str
    verdict: Verdict
    sentence: str
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Audit:
    """What all checks found.

    Attributes
    ----------
    verdict : {"pass", "warn", "fail", "not_assessable"}
        The worst that any check found; ``not_assessable`` where none found anything and the
        model itself may be no better than chance.
    model : mapping of str to Any
        ``auroc, low, high`` of the model on the audit's splits, compared inside folds, and
        how many of its ``fits`` were ``refused`` by the pipeline.
    findings : tuple of Finding
        The worst first, else in the order of the checks.
    """

    verdict: Verdict
    model: Mapping[str, Any]
    findings: tuple[Finding, ...]

    def of(self, check: str) -> Finding:
        """Return what one check found."""
        return {finding.check: finding for finding in self.findings}[check]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return {
            "verdict": self.verdict,
            "model": dict(self.model),
            "findings": [asdict(finding) for finding in self.findings],
        }


def rank(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Order findings, the worst first, without changing the order of equals."""
    return tuple(sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.verdict)))


def is_above_chance(interval: AurocInterval) -> bool:
    """Say whether the whole interval lies above 0.5; ties sum to it but for rounding."""
    return interval.low > 0.5 + 1e-9


def describe_interval(interval: AurocInterval) -> dict[str, Any]:
    """Return an AUROC with its interval as plain values."""
    return plain({"auroc": interval.estimate, "low": interval.low, "high": interval.high})


def say_interval(interval: AurocInterval, *, of: str = "95% interval") -> str:
    """Put an AUROC with its interval in words."""
    if not math.isfinite(interval.low):
        return "an AUROC that too few patients have the event to be sure of"
    return f"AUROC {interval.estimate:.2f}, {of} {interval.low:.2f} to {interval.high:.2f}"


def plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Turn NumPy's numbers into Python's, and what is not finite into None."""
    return {str(key): _plain(value) for key, value in figures.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(v) for v in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value

"""What was noticed while reading: counted, located, never silent."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["Finding", "QualityReport"]

Severity = Literal["warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing that a reader of the results should know about the data.

    Attributes
    ----------
    code : str
        Stable short name of the kind of finding.
    severity : {"warning", "note"}
        A warning can bear on the results; a note was handled and is only stated.
    file, sheet, column : str
        Where it was seen.
    rows : tuple of int
        Row numbers as the spreadsheet shows them.
    count : int
        How many cells or rows it concerns.
    message : str
        What was seen. Never a cell's content, never an identifier.
    action : str
        What was done about it.
    """

    code: str
    severity: Severity
    file: str
    sheet: str
    column: str
    rows: tuple[int, ...]
    count: int
    message: str
    action: str


@dataclass
class QualityReport:
    """All findings of one reading, with the counts that frame them."""

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        code: str,
        severity: Severity,
        rows: Iterable[int],
        *,
        where: tuple[str, str, str],
        message: str,
        action: str,
    ) -> None:
        """Add a finding unless it concerns no row; ``where`` is file, sheet and column."""
        numbers = tuple(sorted(int(row) for row in rows))
        if numbers:
            finding = Finding(code, severity, *where, numbers, len(numbers), message, action)
            self.findings.append(finding)

    def to_dict(self) -> dict[str, Any]:
        """Return findings and counts as plain data for a report or a file."""
        return {"counts": dict(self.counts), "findings": [asdict(f) for f in self.findings]}

"""What was noticed while reading: counted, located, never silent."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from icans_risk.errors import CohortError

__all__ = ["ROWS_KEPT", "Finding", "QualityReport", "Severity"]

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing that a reader of the results should know about the data.

    Attributes
    ----------
    code : str
        Stable short name of the kind of finding.
    severity : {"error", "warning", "note"}
        An error has to be mended before there is a cohort, a warning can bear on the
        results; a note was handled and is only stated.
    file, sheet, column : str
        Where it was seen.
    rows : tuple of int
        Row numbers as the spreadsheet shows them; of many, the first ``ROWS_KEPT``.
    count : int
        How many cells or rows it concerns.
    message : str
        What was seen. Never a cell's content, never an identifier.
    action : str
        What was done about it, or what to do.
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

    def sentence(self) -> str:
        """Say it in one line: where, what, and what to do."""
        if not self.file:
            return f"{self.message} {self.action}".strip()
        sheet = f", sheet {self.sheet!r}" if self.sheet else ""
        column = f", column {self.column!r}" if self.column else ""
        return f"{self.file}{sheet}{column}: {self.message} ({self.count:,} rows.) {self.action}"


# A finding that concerns a million rows names only so many of them.
ROWS_KEPT = 1000


@dataclass
class QualityReport:
    """All findings of one reading, with the counts and tables that frame them.

    Attributes
    ----------
    findings : list of Finding
        In the order in which they were noticed.
    counts : dict of str to int
        What was read, by name.
    headlines : list of str
        What has to stand first on any page about these data.
    tables : dict of str to list of dict
        Plain rows for the page and the JSON file; see ``profile`` for their columns.
    """

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    headlines: list[str] = field(default_factory=list)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(
        self,
        code: str,
        severity: Severity,
        rows: Iterable[int],
        *,
        where: tuple[str, str, str],
        message: str,
        action: str,
        count: int | None = None,
    ) -> None:
        """Add a finding unless it concerns no row; ``where`` is file, sheet and column.

        ``count`` is given where it is larger than the rows that are listed.
        """
        numbers = tuple(sorted(int(row) for row in rows))
        total = len(numbers) if count is None else count
        if total:
            kept = numbers[:ROWS_KEPT]
            self.findings.append(Finding(code, severity, *where, kept, total, message, action))

    def refuse(self, error: CohortError) -> None:
        """Add what makes a whole source unusable, in the error's own words."""
        self.findings.append(Finding("refused", "error", "", "", "", (), 1, str(error), ""))

    @property
    def errors(self) -> list[Finding]:
        """List what has to be mended before there is a cohort."""
        return [finding for finding in self.findings if finding.severity == "error"]

    def refuse_errors(self) -> None:
        """Raise with the first error, and say how many there are."""
        if not self.errors:
            return
        more = len(self.errors) - 1
        rest = f" And {more} more: 'icans-risk check' lists them all." if more else ""
        raise CohortError(f"{self.errors[0].sentence()}{rest}")

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data for a report or a file."""
        return {
            "headlines": list(self.headlines),
            "counts": dict(self.counts),
            "findings": [asdict(f) for f in self.findings],
            "tables": {name: [dict(row) for row in rows] for name, rows in self.tables.items()},
        }

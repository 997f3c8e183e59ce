"""What reading the files found, as a dict: positions and counts, never a patient."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from icans_risk.errors import IcansRiskError
from icans_risk.report.context import DataKind
from icans_risk.report.wording import clean, value_with_unit

__all__ = ["quality_report"]

ROWS_SHOWN = 10
SEVERITIES = {"error": "Errors", "warning": "Warnings", "note": "Notes"}
IDENTIFIERS = frozenset({"patient_id", "episode_id", "patient", "episode", "mrn", "name"})


def quality_report(
    findings: Iterable[Mapping[str, Any]],
    counts: Mapping[str, float],
    cohort_table: pd.DataFrame,
    *,
    study_title: str,
    data_kind: DataKind,
    package_version: str,
) -> dict[str, Any]:
    """Collect the findings of ingest, gravest first, with what to do about each.

    Parameters
    ----------
    findings : iterable of mapping
        Each with ``code``, ``severity`` (error, warning or note), ``file``, ``sheet``,
        ``column``, ``rows`` (spreadsheet row numbers), ``count``, ``message``, ``action``.
        Any other key is left out, so that no cell's content slips onto the page.
    counts : mapping of str to number
        What was read, by its label ("Rows read"), in the order to print.
    cohort_table : DataFrame
        Group counts to print as they are; the index is not printed.
    study_title, data_kind, package_version : str
        For the header.

    Returns
    -------
    dict
        ``counts``, ``summary``, ``groups`` of findings by severity, ``table``.

    Raises
    ------
    IcansRiskError
        If a severity is unknown or the cohort table has a column of identifiers.
    """
    listed = [_finding(finding) for finding in findings]
    groups = [
        {"severity": severity, "title": title, "findings": found}
        for severity, title in SEVERITIES.items()
        if (found := [f for f in listed if f["severity"] == severity])
    ]
    return {
        "study_title": clean(study_title),
        "synthetic": data_kind == "synthetic",
        "version": clean(package_version),
        "summary": _summary(groups),
        "counts": [{"label": clean(k), "value": value_with_unit(v)} for k, v in counts.items()],
        "groups": groups,
        "table": _table(cohort_table),
    }


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    severity = finding["severity"]
    if severity not in SEVERITIES:
        raise IcansRiskError(
            f"A finding's severity must be one of {list(SEVERITIES)}, got {severity!r}. "
            "Mend the reader that reported it."
        )
    place = ("code", "file", "sheet", "column", "message", "action")
    words = {key: clean(finding.get(key) or "") for key in place}
    rows = sorted({int(row) for row in finding.get("rows") or ()})
    return words | {"severity": severity, "count": int(finding["count"]), "rows": _rows(rows)}


def _rows(rows: list[int]) -> str:
    shown = ", ".join(str(row) for row in rows[:ROWS_SHOWN])
    more = len(rows) - ROWS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _summary(groups: list[dict[str, Any]]) -> str:
    if not groups:
        return (
            "No check found anything. That says that the checks passed, not that the data are "
            "right."
        )
    kinds = ", ".join(f"{group['title'].lower()}: {len(group['findings'])}" for group in groups)
    return f"The checks found something ({kinds}). Row numbers are those of the spreadsheet."


def _table(frame: pd.DataFrame) -> dict[str, list[Any]]:
    personal = sorted(IDENTIFIERS & {str(column).lower() for column in frame.columns})
    if personal:
        raise IcansRiskError(
            f"The cohort table must not name patients, got the columns {personal}. "
            "Hand over counts by group."
        )
    return {
        "columns": [clean(column) for column in frame.columns],
        "rows": [[_cell(cell) for cell in row] for row in frame.itertuples(index=False, name=None)],
    }


def _cell(cell: Any) -> str:
    if cell is None or cell is pd.NA:
        return "not recorded"
    if isinstance(cell, (bool, str)):
        return clean(cell)
    return "not estimable" if pd.isna(cell) else value_with_unit(float(cell))

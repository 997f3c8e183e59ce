"""Add grades and what decided them to a table of bedside findings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from icans_risk.errors import GradingError
from icans_risk.grading import CRS_COLUMNS, ICANS_COLUMNS, grade_crs_table, grade_icans_table
from icans_risk.ingest import read_text_table
from icans_risk.workflow.files import write_whole

__all__ = ["grade_findings"]

# The grades table has one deciding domain, that of ICANS.
DECIDED_BY = {"icans": "deciding_domain", "crs": "crs_deciding_domain"}
TRUTH = {"true": True, "false": False}


def grade_findings(
    findings_file: Path,
    graded_file: Path,
    *,
    half: Literal["ceil", "floor", "strict"] = "strict",
) -> dict[str, Any]:
    """Grade ICANS and CRS for every row of a file and write them beside the findings.

    Parameters
    ----------
    findings_file : Path
        CSV or TSV; ``ICANS_COLUMNS`` and ``CRS_COLUMNS`` name the columns that are read.
    graded_file : Path
        Receives all columns of the source and the grades.
    half : {"ceil", "floor", "strict"}
        Where half scores go, the mean of two raters.

    Returns
    -------
    dict
        Rows, and for each syndrome how many rows have which grade, what decided the
        grades, and why rows could not be graded.

    Raises
    ------
    CohortError, GradingError
        If the file cannot be read or a finding is not on its scale. Nothing is written.
    """
    source = read_text_table(findings_file)
    findings = _with_flags(source)
    graded = {}
    if set(ICANS_COLUMNS) & set(findings):
        graded["icans"] = grade_icans_table(findings, half=half)
    if set(CRS_COLUMNS) & set(findings):
        graded["crs"] = grade_crs_table(findings)
    if not graded:
        raise GradingError(
            f"{findings_file.name}: expected findings such as {_examples(ICANS_COLUMNS)}, "
            f"{_examples(CRS_COLUMNS)}, found the columns {list(source)}. Rename them."
        )
    table = pd.concat([source, *graded.values()], axis=1)
    doubled = sorted({str(name) for name in table.columns[table.columns.duplicated()]})
    if doubled:
        raise GradingError(
            f"{findings_file.name}: already has the columns {doubled}, which grading would add. "
            "Rename or drop them."
        )
    summary = {name: _summarise(part, name) for name, part in graded.items()}
    write_whole(graded_file, table.to_csv(index=False))
    return {"rows": len(table), "file": str(graded_file), **summary}


def _with_flags(source: pd.DataFrame) -> pd.DataFrame:
    findings = source.copy()
    for name in findings:
        words = findings[name].dropna().str.lower()
        if len(words) and words.isin(TRUTH).all():
            findings[name] = findings[name].str.lower().map(TRUTH).astype(object)
    return findings


def _examples(columns: Sequence[str] | Any) -> str:
    return ", ".join(list(columns)[:2])


def _summarise(graded: pd.DataFrame, name: str) -> dict[str, Any]:
    grades = graded[f"{name}_grade"]
    counts = grades.value_counts().sort_index()
    decided = graded[DECIDED_BY[name]].replace("", None).value_counts()
    reasons = graded[f"{name}_not_gradable_because"].replace("", None).value_counts()
    return {
        "grades": {f"{grade:g}": int(n) for grade, n in counts.items()},
        "not_gradable": int(grades.isna().sum()),
        "deciding_domains": {str(domain): int(n) for domain, n in decided.items()},
        "not_gradable_because": {str(reason): int(n) for reason, n in reasons.items()},
    }

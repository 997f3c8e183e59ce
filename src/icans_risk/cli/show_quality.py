"""How the terminal shows a quality report."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from icans_risk.cli.terminal import console

__all__ = ["show_quality"]

SEVERITIES = {"error": "Errors", "warning": "Warnings", "note": "Notes"}
ROWS_SHOWN = 5


def show_quality(found: Mapping[str, Any]) -> bool:
    """Print what was found, gravest first, and say whether anything has to be mended."""
    out = console()
    out.print(f"{found['title']}\n", markup=False)
    for headline in found["headlines"]:
        out.print(f"! {headline}\n", markup=False)
    for severity, title in SEVERITIES.items():
        findings = [f for f in found["findings"] if f["severity"] == severity]
        if findings:
            _show_findings(out, title, findings)
    counts = ", ".join(f"{name.replace('_', ' ')}: {n:,}" for name, n in found["counts"].items())
    out.print(f"{counts}\n", markup=False)
    errors = sum(f["severity"] == "error" for f in found["findings"])
    if errors:
        out.print(f"Refused: {errors} to mend before these data are a cohort.", markup=False)
    for name, words in (("cohort", "Cohort:"), ("report", "Report:")):
        if found.get(name):
            out.print(f"{words} {found[name]}", markup=False)
    return bool(errors)


def _show_findings(out: Console, title: str, findings: list[Mapping[str, Any]]) -> None:
    table = Table(title, "rows", "where", "what to do", box=None, header_style="", padding=(0, 1))
    for finding in findings:
        table.add_row(
            finding["message"], f"{finding['count']:,}", _where(finding), finding["action"]
        )
    out.print(table, markup=False)
    out.print("")


def _where(finding: Mapping[str, Any]) -> str:
    place = ", ".join(finding[name] for name in ("file", "sheet", "column") if finding[name])
    rows = finding["rows"]
    if not rows:
        return place
    more = finding["count"] - ROWS_SHOWN
    shown = ", ".join(str(row) for row in rows[:ROWS_SHOWN])
    return f"{place}: row {shown}" + (f" and {more:,} more" if more > 0 else "")

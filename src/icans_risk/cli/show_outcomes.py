"""How the terminal shows a report on outcomes."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from icans_risk.cli.terminal import console

__all__ = ["show_outcomes"]

LABELS = {"crs_grade": "CRS", "icans_grade": "ICANS", "tian_grade": "TIAN"}

COLUMNS = {
    "landmark_h": "landmark",
    "episodes": "episodes",
    "excluded_endpoint_before_landmark": "endpoint before",
    "excluded_died_before_landmark": "died before",
    "excluded_not_under_observation": "not observed",
    "at_risk": "at risk",
    "events": "events",
    "events_after_onset": "begun already",
    "competing_deaths": "other deaths",
    "free_of_endpoint": "free",
    "outcome_unknown": "unknown",
    "incidence": "incidence",
    "median_lead_h": "median lead",
}


def show_outcomes(report: Mapping[str, Any]) -> None:
    """Print the report."""
    out = console()
    out.print(f"{report['title']}\n", markup=False)
    out.print(f"{report['episodes']} episodes of {report['patients']} patients.\n")
    for name, counts in report["highest_grade"].items():
        out.print(f"Highest {LABELS[name]} grade:  " + _counts(counts), markup=False)
    for name, days in report["first_day"].items():
        out.print(f"First day of {name}:  " + _counts(days), markup=False)
    for endpoint in report["first_day"]:
        for policy in dict.fromkeys(row["policy"] for row in report["flow"]):
            primary = " (primary)" if policy == report["primary_policy"] else ""
            out.print(f"\n{endpoint}, {policy}{primary}", markup=False)
            rows = [
                row
                for row in report["flow"]
                if (row["endpoint"], row["policy"]) == (endpoint, policy)
            ]
            _show_flow(out, rows)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{value}: {n}" for value, n in counts.items()) or "none"


def _show_flow(out: Console, rows: list[dict[str, Any]]) -> None:
    shown = {name: words for name, words in COLUMNS.items() if any(row.get(name) for row in rows)}
    table = Table(*shown.values(), box=None, header_style="")
    for row in rows:
        table.add_row(*(_cell(name, row.get(name)) for name in shown))
    out.print(table)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name in ("landmark_h", "median_lead_h"):
        return f"{value:g} h"
    return f"{value:.3f}" if name == "incidence" else str(int(value))

"""What reading the files found, as a dict: positions and counts, never a patient."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from icans_risk.errors import IcansRiskError
from icans_risk.report.context import DataKind
from icans_risk.report.quality_analytes import analyte_panel
from icans_risk.report.quality_panels import (
    Rows,
    availability_panel,
    flow_panel,
    group_panel,
    many,
    percent,
    reason_panel,
)
from icans_risk.report.quality_presence import (
    density_panel,
    modality_panel,
    order_panel,
    tested_panel,
    timeline_panel,
)
from icans_risk.report.wording import clean, value_with_unit

__all__ = ["quality_report"]

ROWS_SHOWN = 10
SEVERITIES = {"error": "What has to be mended", "warning": "Warnings", "note": "Notes"}
STEPS = ("in", "kept", "quarantined")
IDENTIFIERS = frozenset({"patient_id", "episode_id", "patient", "episode", "mrn", "name"})


def quality_report(
    quality: Mapping[str, Any],
    cohort_table: pd.DataFrame | None = None,
    *,
    study_title: str,
    data_kind: DataKind,
    package_version: str,
    caveats: Sequence[str] = (),
) -> dict[str, Any]:
    """Say whether the data can be used, what is wrong with them, and what they look like.

    Parameters
    ----------
    quality : mapping
        What ``QualityReport.to_dict`` returns. ``headlines``: sentences that stand first.
        ``counts``: what was read, by name. ``findings``: each with ``code``, ``severity``
        (error, warning or note), ``file``, ``sheet``, ``column``, ``rows`` (spreadsheet row
        numbers), ``count``, ``message``, ``action``; any other key is left out, so that no
        cell's content slips onto the page. ``tables``: as ``ingest.profile`` makes them;
        none is needed.
    cohort_table : DataFrame, optional
        Group counts to print as they are; the index is not printed.
    study_title, data_kind, package_version : str
        For the header.
    caveats : sequence of str
        What a reader must know of the study that reads these data; before the verdict.

    Returns
    -------
    dict
        ``verdict``, ``headlines``, ``caveats``, ``facts``, ``groups`` of findings by severity,
        ``counts``, ``table``, and one entry for each panel, empty where it has no table.

    Raises
    ------
    IcansRiskError
        If a severity is unknown or a table has a column of identifiers.
    """
    listed = [_finding(finding) for finding in quality["findings"]]
    groups = {
        severity: {"severity": severity, "title": title, "findings": found}
        for severity, title in SEVERITIES.items()
        if (found := [f for f in listed if f["severity"] == severity])
    }
    headlines = [clean(headline) for headline in quality["headlines"]]
    tables: Mapping[str, Rows] = quality["tables"]
    for name, rows in tables.items():
        _refuse_identifiers({column for row in rows for column in row}, f"table {name!r}")
    return {
        "study_title": clean(study_title),
        "synthetic": data_kind == "synthetic",
        "version": clean(package_version),
        "headlines": headlines,
        "caveats": [clean(caveat) for caveat in caveats],
        "verdict": _verdict(groups, headlines),
        "facts": _facts(tables),
        "groups": groups,
        "counts": [
            {"label": _label(name), "value": value_with_unit(count), "note": ""}
            for name, count in quality["counts"].items()
        ],
        "table": _table(pd.DataFrame() if cohort_table is None else cohort_table),
        **_panels(tables),
    }


def _panels(tables: Mapping[str, Rows]) -> dict[str, Any]:
    flow = tables.get("flow", [])
    return {
        "flow": flow_panel(flow) if flow else [],
        "reasons": reason_panel(flow),
        "analytes": analyte_panel(tables.get("analytes", [])),
        "sites": group_panel(tables.get("sites", []), "site"),
        "eras": group_panel(tables.get("eras", []), "era"),
        "availability": availability_panel(tables.get("availability", [])),
        "orders": order_panel(tables.get("ordered_as", [])),
        "modalities": modality_panel(tables.get("modalities", [])),
        "timeline": timeline_panel(tables.get("timeline", [])),
        "density": density_panel(tables.get("density", [])),
        "tested": tested_panel(tables.get("tested_after", [])),
    }


def _verdict(groups: Mapping[str, Any], headlines: list[str]) -> dict[str, str]:
    """Answer in one sentence whether the data can be used."""
    errors, warnings = (len(groups.get(s, {}).get("findings", ())) for s in ("error", "warning"))
    if errors:
        kinds = "1 kind of error has" if errors == 1 else f"{errors} kinds of error have"
        return {"level": "error", "words": f"Not yet: {kinds} to be mended first.", "note": ""}
    if headlines:
        return {"level": "error", "words": "Not before what stands above is settled.", "note": ""}
    if warnings:
        kinds = "1 warning" if warnings == 1 else f"{warnings} warnings"
        return {"level": "warning", "words": f"Usable, with {kinds} to read first.", "note": ""}
    return {
        "level": "clear",
        "words": "No check found anything against it.",
        "note": "That says that the checks passed, not that the data are right.",
    }


def _facts(tables: Mapping[str, Rows]) -> list[dict[str, str]]:
    """Pick the figures that tell the size and the soundness of the data at a glance."""
    flow = tables.get("flow", [])
    if not flow:
        return []
    rows = {step: sum(r["rows"] for r in flow if r["step"] == step) for step in STEPS}
    total = rows["in"] or 1
    used, aside = rows["kept"], rows["quarantined"]
    facts = [
        ("Rows read", many(rows["in"]), ""),
        ("Values used", many(used), f"{percent(used / total)} of rows"),
        ("Set aside", many(aside), f"{percent(aside / total)} of rows"),
    ]
    sites = tables.get("sites", [])
    if sites:
        silent = sum(row["without_values"] for row in sites)
        facts.append(("Episodes", many(sum(row["episodes"] for row in sites)), ""))
        facts.append(("Without any result", many(silent), "episode" if silent == 1 else "episodes"))
        facts.append(("Sites", many(sum(row["site"] is not None for row in sites)), ""))
    return [{"label": label, "value": value, "note": note} for label, value, note in facts]


def _label(name: str) -> str:
    """Turn the name of a count into a label."""
    words = clean(name).replace("_", " ").replace("icans", "ICANS")
    return words[:1].upper() + words[1:]


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    severity = finding["severity"]
    if severity not in SEVERITIES:
        raise IcansRiskError(
            f"A finding's severity must be one of {list(SEVERITIES)}, got {severity!r}. "
            "Mend the reader that reported it."
        )
    place = ("code", "file", "sheet", "column", "message", "action")
    words = {key: clean(finding.get(key) or "") for key in place}
    rows, count = sorted({int(row) for row in finding.get("rows") or ()}), int(finding["count"])
    return words | {"severity": severity, "count": count, "rows": _rows(rows, count)}


def _rows(rows: list[int], count: int) -> str:
    shown = ", ".join(str(row) for row in rows[:ROWS_SHOWN])
    # Of many rows only some are kept, and they are still counted.
    more = count - ROWS_SHOWN
    return f"{shown} and {more:,} more" if rows and more > 0 else shown


def _table(frame: pd.DataFrame) -> dict[str, list[Any]]:
    _refuse_identifiers(frame.columns, "cohort table")
    return {
        "columns": [clean(column) for column in frame.columns],
        "rows": [[_cell(cell) for cell in row] for row in frame.itertuples(index=False, name=None)],
    }


def _refuse_identifiers(columns: Iterable[object], what: str) -> None:
    personal = sorted(IDENTIFIERS & {str(column).lower() for column in columns})
    if personal:
        raise IcansRiskError(
            f"The {what} must not name patients, got the columns {personal}. "
            "Hand over counts by group."
        )


def _cell(cell: Any) -> str:
    if cell is None or cell is pd.NA:
        return "not recorded"
    if isinstance(cell, (bool, str)):
        return clean(cell)
    return "not estimable" if pd.isna(cell) else value_with_unit(float(cell))

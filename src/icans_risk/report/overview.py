"""The index of a run with several landmarks, as a dict: each patient's course over them."""

from collections.abc import Mapping
from typing import Any

from icans_risk.report.ward import by_risk
from icans_risk.report.words import Words

__all__ = ["overview_report"]


def overview_report(wards: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Put the lists of several landmarks beside each other.

    The order is that of the last landmark: who has no estimate there first, then by risk.

    Parameters
    ----------
    wards : mapping of str to dict
        Name of a landmark (``72h``), which is that of its folder, to the dict of
        ``ward_report``; in the order of time, with the same page names for the same patients.

    Returns
    -------
    dict
        ``run`` (of the last landmark), ``limits`` (of all), ``landmarks`` and ``rows``, each
        with a cell for each landmark.
    """
    last = list(wards.values())[-1]
    words = Words(last["language"])
    ordered = [row["page"] for row in sorted(last["rows"], key=by_risk)]
    by_page = {name: {row["page"]: row for row in ward["rows"]} for name, ward in wards.items()}
    return {
        "language": words.language,
        "run": last["run"],
        "limits": list(dict.fromkeys(line for ward in wards.values() for line in ward["limits"])),
        "counts": words("overview.counts", n=len(ordered), landmarks=len(wards)),
        "landmarks": [_landmark(name, ward) for name, ward in wards.items()],
        "rows": [_row(page, by_page, words) for page in ordered],
    }


def _landmark(name: str, ward: Mapping[str, Any]) -> dict[str, Any]:
    silent = sum(row["risk"] is None for row in ward["rows"])
    return {
        "name": name,
        "hours": ward["run"]["landmark_hours"],
        "landmark": ward["run"]["landmark_short"],
        "horizon": ward["run"]["horizon_short"],
        "with": len(ward["rows"]) - silent,
        "without": silent,
    }


def _row(page: str, by_page: Mapping[str, Mapping[str, Any]], words: Words) -> dict[str, Any]:
    rows = {name: rows[page] for name, rows in by_page.items()}
    last = list(rows.values())[-1]
    cells = [
        {
            "page": f"{name}/{page}",
            "risk": row["risk"],
            "low": row["low"],
            "high": row["high"],
            "words": row["risk_words"] or words("lists.none"),
            "detail": _detail(row, words),
        }
        for name, row in rows.items()
    ]
    keys = ("episode", "product", "change", "ages")
    return {"cells": cells, **{key: last[key] for key in keys}}


def _detail(row: Mapping[str, Any], words: Words) -> str:
    if row["risk"] is None:
        return str(row["short"])
    if row["low"] is None:
        return words("lists.range", range=words.not_estimable)
    ends = {"low": words.of_100(row["low"]), "high": words.of_100(row["high"])}
    return words("lists.range", range=words("span.to", **ends))

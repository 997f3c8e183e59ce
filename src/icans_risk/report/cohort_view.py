"""All patients of a landmark together, as a dict: who has an estimate, and how they spread."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

from icans_risk.report.wording import number, of_100

__all__ = ["cohort_report"]

# Bands of ten in a hundred: a count of patients, not a smoothed curve of few of them.
BANDS = 10


def cohort_report(ward: Mapping[str, Any]) -> dict[str, Any]:
    """Count estimates by band, the reasons for none, and both by product.

    Parameters
    ----------
    ward : mapping
        From ``ward_report``.

    Returns
    -------
    dict
        ``counts`` and ``sum`` (sentences), ``bands``, ``reasons`` and ``products``.
    """
    rows = ward["rows"]
    risks = sorted(row["risk"] for row in rows if row["risk"] is not None)
    return {
        "run": ward["run"],
        "limits": ward["limits"],
        "counts": ward["counts"],
        "sum": _sum(risks),
        "bands": _bands(risks),
        "reasons": _reasons(rows),
        "products": _products(rows),
    }


def _sum(risks: Sequence[float]) -> str:
    if not risks:
        return ""
    return (
        f"The estimates of these {len(risks)} patients add up to {number(sum(risks), 1)} who are "
        f"expected to reach the endpoint: {of_100(fmean(risks))} of 100 on average."
    )


def _bands(risks: Sequence[float]) -> list[dict[str, Any]]:
    if not risks:
        return []
    counted = Counter(min(BANDS - 1, int(BANDS * risk)) for risk in risks)
    most = max(counted.values())
    step = 100 // BANDS
    return [
        {
            "band": f"{step * band} to {'' if band == BANDS - 1 else 'under '}{step * (band + 1)}",
            "from": step * band,
            "patients": counted[band],
            "share": counted[band] / most,
        }
        for band in range(BANDS)
    ]


def _reasons(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = Counter((row["code"], row["reason"]) for row in rows if row["risk"] is None)
    return [
        {"code": code.replace("_", " "), "reason": reason, "patients": count}
        for (code, reason), count in found.most_common()
    ]


def _products(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    products = Counter(row["product"] for row in rows).most_common()
    return [_product(name, [r for r in rows if r["product"] == name]) for name, _ in products]


def _product(product: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    risks = sorted(row["risk"] for row in rows if row["risk"] is not None)
    silent = Counter(row["code"].replace("_", " ") for row in rows if row["risk"] is None)
    spread = (
        f"median {of_100(median(risks))} of 100, from {of_100(risks[0])} to {of_100(risks[-1])}"
        if len(risks) > 1
        else "".join(f"{of_100(risk)} of 100" for risk in risks)
    )
    return {
        "product": product,
        "patients": len(rows),
        "with": len(risks),
        "without": len(rows) - len(risks),
        "why": ", ".join(f"{code} {count}" for code, count in silent.most_common()),
        "risks": risks,
        "spread": spread,
    }

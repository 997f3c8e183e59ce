"""All patients of a landmark together, as a dict: who has an estimate, and how they spread."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

from icans_risk.report.words import Words

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
    rows, words = ward["rows"], Words(ward["language"])
    risks = sorted(row["risk"] for row in rows if row["risk"] is not None)
    return {
        "language": words.language,
        "run": ward["run"],
        "limits": ward["limits"],
        "counts": ward["counts"],
        "sum": _sum(risks, words),
        "bands": _bands(risks, words),
        "reasons": _reasons(rows),
        "products": _products(rows, words),
    }


def _sum(risks: Sequence[float], words: Words) -> str:
    if not risks:
        return ""
    mean = words.of_100(fmean(risks))
    return words("cohort.sum", n=len(risks), sum=words.number(sum(risks), 1), mean=mean)


def _bands(risks: Sequence[float], words: Words) -> list[dict[str, Any]]:
    if not risks:
        return []
    counted = Counter(min(BANDS - 1, int(BANDS * risk)) for risk in risks)
    most = max(counted.values())
    step = 100 // BANDS
    return [
        {
            "band": words(
                "cohort.band_last" if band == BANDS - 1 else "cohort.band",
                low=step * band,
                high=step * (band + 1),
            ),
            "from": step * band,
            "patients": counted[band],
            "share": counted[band] / most,
        }
        for band in range(BANDS)
    ]


def _reasons(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = Counter((row["short"], row["reason"]) for row in rows if row["risk"] is None)
    return [
        {"code": short, "reason": reason, "patients": count}
        for (short, reason), count in found.most_common()
    ]


def _products(rows: Sequence[Mapping[str, Any]], words: Words) -> list[dict[str, Any]]:
    products = Counter(row["product"] for row in rows).most_common()
    return [
        _product(name, [row for row in rows if row["product"] == name], words)
        for name, _ in products
    ]


def _product(product: str, rows: Sequence[Mapping[str, Any]], words: Words) -> dict[str, Any]:
    risks = sorted(row["risk"] for row in rows if row["risk"] is not None)
    silent = Counter(row["short"] for row in rows if row["risk"] is None)
    return {
        "product": product,
        "patients": len(rows),
        "with": len(risks),
        "without": len(rows) - len(risks),
        "why": ", ".join(f"{short} {count}" for short, count in silent.most_common()),
        "risks": risks,
        "spread": _spread(risks, words),
    }


def _spread(risks: Sequence[float], words: Words) -> str:
    if len(risks) < 2:
        return "".join(words("cohort.single", share=words.of_100(risk)) for risk in risks)
    low, middle, high = (words.of_100(p) for p in (risks[0], median(risks), risks[-1]))
    return words("cohort.spread", median=middle, low=low, high=high)

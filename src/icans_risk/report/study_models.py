"""How well each model ranks patients, and how the risks of the two outcomes lie apart."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from icans_risk.report.assessment import AMONG, Assessment
from icans_risk.report.context import RunContext
from icans_risk.report.performance import compare_simpler
from icans_risk.report.study_words import (
    NEAR,
    count,
    dash,
    figures,
    label_of,
    measured,
    risk_words,
    ticks,
)
from icans_risk.report.wording import NOT_ESTIMABLE, clean, number

__all__ = ["AUROC_AXIS", "distribution_panel", "p_value", "performance_panel"]

AUROC_AXIS = (0.4, 1.0)


def performance_panel(run: RunContext, found: Assessment) -> dict[str, Any]:
    """Put discrimination of all models into tables.

    Returns
    -------
    dict
        ``simpler`` (a sentence), ``models``, ``among``, ``differences`` and ``products``
        (rows), ``ticks`` of the AUROC axis and ``half``, where 0.5 stands on it.
    """
    return {
        "simpler": compare_simpler(run),
        "interval": clean(run.interval_name),
        "prevalence": number(found.prevalence),
        "folds": _folds(found),
        "models": [_model(found, str(name), row) for name, row in _lines(found.performance)],
        "among": _among(found, clean(run.syndrome)),
        "syndrome": clean(run.syndrome),
        "simple": None if found.simple is None else label_of(found, found.simple),
        "main": label_of(found, found.main),
        "differences": _differences(found),
        "products": _products(found),
        "half": dash((0.5, math.nan, math.nan), AUROC_AXIS),
        "ticks": ticks((0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0), AUROC_AXIS),
    }


def _lines(table: pd.DataFrame) -> list[tuple[Any, Mapping[Any, Any]]]:
    return list(zip(table.index, table.to_dict("records"), strict=True))


def _folds(found: Assessment) -> str:
    row = found.performance.loc[found.main].to_dict()
    estimable, folds = int(row["estimable_folds"]), int(row["folds"])
    if estimable == folds:
        return f"the mean over {folds} test folds"
    return f"the mean over the {estimable} of {folds} test folds that hold both outcomes"


def _model(found: Assessment, name: str, row: Mapping[Any, Any]) -> dict[str, Any]:
    auroc = measured(row, "auroc")
    flat = name in found.constant
    precision = figures(measured(row, "average_precision"))
    return {
        "label": label_of(found, name),
        "is_main": name == found.main,
        "auroc_in_folds": number(float(row["auroc_in_folds"])),
        "auroc": "ranks nobody" if flat else figures(auroc),
        "dash": dash(auroc, AUROC_AXIS),
        "average_precision": "ranks nobody" if flat else precision,
        "brier": number(float(row["brier"]), 3),
    }


def _among(found: Assessment, syndrome: str) -> list[dict[str, Any]]:
    rows = []
    for among, words in AMONG.items():
        lines = found.ranking[found.ranking["among"] == among].set_index("model")
        main = lines.loc[found.main].to_dict()
        row = {
            "label": words.format(syndrome=syndrome),
            "patients": count(main["patients"]),
            "events": count(main["patients_with_event"]),
            "main": _ranked(main),
            "dash": dash(measured(main, "auroc"), AUROC_AXIS),
            "simple": None,
        }
        if found.simple is not None:
            row["simple"] = _ranked(lines.loc[found.simple].to_dict())
        rows.append(row)
    return rows


def _ranked(row: Mapping[Any, Any]) -> dict[str, str]:
    return {
        "auroc_in_folds": number(float(row["auroc_in_folds"])),
        "auroc": figures(measured(row, "auroc")),
    }


def _differences(found: Assessment) -> list[dict[str, Any]]:
    return [
        {
            "label": label_of(found, str(name)),
            "difference": figures(measured(row, "difference")),
            "p_value": p_value(float(row["p_value"])),
            "dash": dash(measured(row, "difference"), (-0.3, 0.3)),
        }
        for name, row in _lines(found.differences)
    ]


def p_value(value: float) -> str:
    """Print a p value; never as zero.

    Examples
    --------
    >>> p_value(0.0312), p_value(0.00004), p_value(float("nan"))
    ('0.03', 'under 0.001', 'not estimable')
    """
    if not math.isfinite(value):
        return NOT_ESTIMABLE
    if value < 0.001:
        return "under 0.001"
    return number(value, 3 if value < 0.01 else 2)


def _products(found: Assessment) -> list[dict[str, Any]]:
    if found.within_product.empty:
        return []
    of_main = found.within_product[found.within_product["model"] == found.main]
    rows = []
    for row in of_main.to_dict("records"):
        rows.append(
            {
                "label": clean(row["level"]),
                "patients": count(row["patients"]),
                "events": count(row["events"]),
                "auroc": figures(measured(row, "auroc")),
                "simple": _same_level(found, row["level"]),
                "dash": dash(measured(row, "auroc"), AUROC_AXIS),
            }
        )
    return rows


def _same_level(found: Assessment, level: Any) -> str | None:
    if found.simple is None:
        return None
    table = found.within_product
    (row,) = table[(table["model"] == found.simple) & (table["level"] == level)].to_dict("records")
    return figures(measured(row, "auroc"))


def distribution_panel(found: Assessment) -> dict[str, Any]:
    """Place the predicted risks of the two outcomes over one axis.

    Returns
    -------
    dict
        ``groups``: ``words``, ``n``, ``bars`` (share of the highest bar; None is hidden),
        ``quantiles`` in words and as places; ``top`` of the axis and its ``ticks``.
    """
    table, top = found.distribution, _top(found)
    shown = table[table["low"] < top - 1e-9]
    slope = measured(found.performance.loc[found.main].to_dict(), "discrimination_slope")
    return {
        "slope": figures(slope),
        "top": top,
        "ticks": ticks([round(top * k / 4, 3) for k in range(5)], (0.0, top)),
        "groups": [_group(found, shown, group=group, top=top) for group in ("events", "others")],
        "hides": bool(shown[["events", "others"]].isna().any().any()),
        "fewest": found.fewest,
    }


def _top(found: Assessment) -> float:
    """End the axis where the last predicted risk lies, at a multiple of a fifth."""
    last = float(found.calibration["predicted"].max())
    return 1.0 if not math.isfinite(last) else max(0.2, math.ceil(round(last, 6) * 5) / 5)


def _group(found: Assessment, bins: pd.DataFrame, *, group: str, top: float) -> dict[str, Any]:
    highest = bins[group].max()
    scale = float(highest) if highest and math.isfinite(highest) else 1.0
    bars = [
        {
            "start": round(low / top, NEAR),
            "width": round((high - low) / top, NEAR),
            "height": None if math.isnan(rows) else round(rows / scale, NEAR),
        }
        for low, high, rows in zip(bins["low"], bins["high"], bins[group], strict=True)
    ]
    line = found.quantiles.loc[group].to_dict()
    n = found.events if group == "events" else found.episodes - found.events
    return {
        "words": "reached the endpoint" if group == "events" else "did not",
        "is_event": group == "events",
        "n": f"{n:,}",
        "bars": bars,
        "highest": count(highest),
        "places": {name: round(min(value / top, 1.0), NEAR) for name, value in line.items()},
        "quantiles": {name: risk_words(value) for name, value in line.items()},
    }

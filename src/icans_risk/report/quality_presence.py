"""Who was tested, when and why, in the words and lengths that the quality page draws."""

from collections.abc import Mapping
from typing import Any

from icans_risk.report.quality_panels import MODALITY_WORDS, Rows, many, percent

__all__ = ["density_panel", "modality_panel", "order_panel", "tested_panel", "timeline_panel"]

TIMELINE_DAYS = range(-7, 31)
DENSITY_DAYS = range(-7, 15)
OUTCOMES = {"reached": True, "others": False}
ORDERS = ("protocol", "prophylaxis", "clinical", "unknown")
# After infusion these are features only where nobody's state was the reason for them.
FOR_CAUSE = ("csf", "eeg", "imaging", "treatment")
# What is called a test, in the middle of a sentence.
TESTS = {"Blood": "blood", "CSF": "CSF", "EEG": "EEG", "Imaging": "imaging", "Bedside": "bedside"}
# A ratio of testing below this is no news.
NOTABLE_RATIO = 1.2


def _by_modality(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {name: [] for name in MODALITY_WORDS}
    for row in rows:
        groups[row["modality"]].append(row)
    return {name: found for name, found in groups.items() if found}


def timeline_panel(rows: Rows) -> dict[str, Any] | None:
    """Draw how many values of each modality were collected on each day."""
    if not rows:
        return None
    strips = []
    for name, found in _by_modality(rows).items():
        by_day = {row["day"]: row["values"] for row in found}
        day, most = max(by_day.items(), key=lambda item: item[1])
        counts = [by_day.get(day, 0) for day in TIMELINE_DAYS]
        strips.append(
            {
                "label": MODALITY_WORDS[name],
                "words": f"{many(sum(counts))} values, most on {_day(day)} ({many(most)})",
                "bars": [count / most for count in counts],
                "counts": [many(count) for count in counts],
            }
        )
    return {"first_day": TIMELINE_DAYS[0], "strips": strips, "days": _day_names()}


def _day(day: int) -> str:
    return f"day {day}".replace("-", "−")


def _day_names() -> list[str]:
    return [_day(day) for day in TIMELINE_DAYS]


def density_panel(rows: Rows) -> dict[str, Any] | None:
    """Compare how often people were tested, by whether they reached the endpoint."""
    panels = []
    for name, found in _by_modality(rows).items():
        peak = max(row["per_episode_day"] for row in found)
        if not peak or len({row["severe"] for row in found}) < len(OUTCOMES):
            continue
        lines = {
            words: [
                {"day": row["day"] - DENSITY_DAYS[0], "height": row["per_episode_day"] / peak}
                for row in found
                if row["severe"] is severe
            ]
            for words, severe in OUTCOMES.items()
        }
        panels.append(
            {"label": MODALITY_WORDS[name], "peak": f"{peak:.2g}", **lines} | _mean(found)
        )
    if not panels:
        return None
    return {"panels": panels, "last": len(DENSITY_DAYS) - 1, "summary": _summary(panels)}


def _mean(found: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Average over all days before, and all days after, the infusion."""
    means: dict[str, float | None] = {}
    for words, severe in OUTCOMES.items():
        for period, is_after in (("before", False), ("after", True)):
            days = [r for r in found if r["severe"] is severe and (r["day"] >= 0) is is_after]
            observed = sum(row["episodes"] for row in days)
            values = sum(row["values"] for row in days)
            means[f"{words}_{period}"] = values / observed if observed else None
    reached, others = means["reached_after"], means["others_after"]
    ratio = reached / others if reached is not None and others else None
    said = {
        name: "not estimable" if mean is None else f"{mean:.2f}" for name, mean in means.items()
    }
    return said | {
        "ratio": ratio,
        "ratio_words": "not estimable" if ratio is None else f"{ratio:.1f}",
    }


def _summary(panels: list[dict[str, Any]]) -> str:
    """Name the modality whose testing differs most between the outcomes."""
    compared = [p for p in panels if p["ratio"] is not None and p["label"] in TESTS]
    largest = max(compared, key=lambda panel: panel["ratio"], default=None)
    if largest is None or largest["ratio"] < NOTABLE_RATIO:
        return "After infusion both groups were tested about equally often."
    return (
        f"After infusion, patients who reached the endpoint had {largest['ratio_words']} times as "
        f"many {TESTS[largest['label']]} values per day as the others."
    )


def tested_panel(rows: Rows) -> list[dict[str, Any]]:
    """Compare the shares of people with any CSF, EEG or imaging after infusion."""
    return [
        {
            "label": MODALITY_WORDS[row["modality"]],
            "severe": row["severe"],
            "outcome": "reached the endpoint" if row["severe"] else "did not",
            "words": f"{percent(row['share'])} ({many(row['tested'])} of {many(row['episodes'])})",
            "width": row["share"],
        }
        for row in sorted(
            rows, key=lambda r: (list(MODALITY_WORDS).index(r["modality"]), not r["severe"])
        )
    ]


def modality_panel(rows: Rows) -> dict[str, Any] | None:
    """Show which modalities exist together, and for how many episodes."""
    total = sum(row["episodes"] for row in rows)
    if not total:
        return None
    most = max(row["episodes"] for row in rows)
    patterns = [
        {
            "dots": [row[name] for name in MODALITY_WORDS],
            "words": _pattern(row),
            "episodes": many(row["episodes"]),
            "share": percent(row["episodes"] / total),
            "width": row["episodes"] / most,
        }
        for row in rows
    ]
    return {"columns": list(MODALITY_WORDS.values()), "rows": patterns}


def _pattern(row: Mapping[str, Any]) -> str:
    if row["plasma"] is None:
        return "Other patterns, each of fewer than 5 episodes"
    return "" if any(row[name] for name in MODALITY_WORDS) else "No result at all"


def order_panel(rows: Rows) -> dict[str, Any] | None:
    """Say why tests were ordered, before and after infusion."""
    if not rows:
        return None
    after = [row for row in rows if row["infusion"] == "after" and row["modality"] in FOR_CAUSE]
    barred = sum(row["clinical"] + row["unknown"] for row in after)
    total = sum(row[order] for row in after for order in ORDERS)
    return {
        "summary": (
            f"{many(barred)} of {many(total)} CSF, EEG, imaging and treatment values after "
            "infusion were ordered for a clinical or an unknown reason. Their mere presence "
            "nearly tells the outcome, so they are no features unless the study asks for it."
            if barred
            else ""
        ),
        "rows": [
            {"label": MODALITY_WORDS[row["modality"]], "infusion": row["infusion"]}
            | {order: many(row[order]) for order in ORDERS}
            for row in rows
        ],
    }

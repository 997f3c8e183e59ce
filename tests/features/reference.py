"""The slow and obvious way to the vectors: loops over rows, from the written definitions.

It shares no code with the room. Statistics are computed in exact fractions.
"""

import math
from fractions import Fraction


def vector_table(cohort, specification, landmarks):
    """Every vector as ``{(episode, landmark): {column: value}}``, measured columns only."""
    rows = cohort.events.to_dict("records")
    return {
        (episode["episode_id"], landmark): {
            f"{m.analyte}.{statistic}.{name}": _statistic(
                statistic, *_counted(rows, specification, episode, landmark, m.analyte, name)
            )
            for m in specification.measurements
            for name in m.windows
            for statistic in m.statistics
        }
        for episode in cohort.episodes.to_dict("records")
        for landmark in landmarks
    }


def used_table(cohort, specification, landmarks):
    """The events that count in some window, as a sorted list of tuples."""
    rows = cohort.events.to_dict("records")
    used = set()
    for episode in cohort.episodes.to_dict("records"):
        for landmark in landmarks:
            for m in specification.measurements:
                for name in m.windows:
                    counted, _ = _counted(rows, specification, episode, landmark, m.analyte, name)
                    used |= {_as_input(row, landmark) for row in counted}
    return sorted(used)


def _as_input(row, landmark):
    return (
        row["episode_id"],
        landmark,
        row["modality"],
        row["analyte"],
        row["collected_h"],
        row["available_h"],
        row["assay"],
        row["value"],
    )


def _counted(rows, specification, episode, landmark, analyte, window_name):
    (window,) = [w for w in specification.windows if w.name == window_name]
    anchor = {
        "infusion": 0.0,
        "landmark": landmark,
        "lymphodepletion": episode.get("lymphodepletion_start_h", math.nan),
    }[window.anchor]
    if math.isnan(anchor):
        return [], anchor
    known = [
        row
        for row in rows
        if row["episode_id"] == episode["episode_id"]
        and f"{row['modality']}.{row['analyte']}" == analyte
        and row["available_h"] <= landmark
    ]
    counted = []
    for collected, assay in sorted({(row["collected_h"], row["assay"]) for row in known}):
        versions = [r for r in known if (r["collected_h"], r["assay"]) == (collected, assay)]
        latest = max(
            versions,
            key=lambda r: (
                r["available_h"],
                r["version"],
                not _is_admitted(r, specification),
                r["value"],
            ),
        )
        after_start = window.start_h is None or collected > anchor + window.start_h
        before_end = window.end_h is None or collected <= anchor + window.end_h
        if _is_admitted(latest, specification) and after_start and before_end:
            counted.append(latest)
    return counted, anchor


def _is_admitted(row, specification):
    if specification.presence == "informative" or row["collected_h"] <= 0:
        return True
    if row["modality"] in ("plasma", "clinical"):
        return True
    return row["ordered_as"] in ("protocol", "prophylaxis")


def _statistic(name, counted, anchor):
    times = [Fraction(row["collected_h"]) for row in counted]
    values = [Fraction(row["value"]) for row in counted]
    if not counted or (name in ("slope_per_day", "auc_per_day") and len(set(times)) < 2):
        return math.nan
    definition = {
        "last": lambda: values[-1],
        "first": lambda: values[0],
        "max": lambda: max(values),
        "mean": lambda: sum(values) / len(values),
        "slope_per_day": lambda: _slope(times, values),
        "auc_per_day": lambda: _mean_over_time(times, values),
        "hours_to_peak": lambda: _peak(times, values) - Fraction(anchor),
    }[name]
    return float(definition())


def _peak(times, values):
    return min(t for t, v in zip(times, values, strict=True) if v == max(values))


def _slope(times, values):
    n = len(times)
    days = [t / 24 for t in times]
    sum_xy = sum(x * y for x, y in zip(days, values, strict=True))
    sum_xx = sum(x * x for x in days)
    numerator = n * sum_xy - sum(days) * sum(values)
    return numerator / (n * sum_xx - sum(days) ** 2)


def _mean_over_time(times, values):
    area = Fraction(0)
    for i in range(1, len(times)):
        area += (times[i] - times[i - 1]) * (values[i] + values[i - 1]) / 2
    return area / (times[-1] - times[0])

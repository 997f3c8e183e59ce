"""The slow and obvious way to the vectors: loops over rows, from the written definitions.

It shares no code with the room. Statistics are computed in exact fractions.
"""

import math
import statistics
from fractions import Fraction

from features.cohorts import DOSES


def vector_table(cohort, specification, landmarks):
    """Every vector as ``{(episode, landmark): {column: value}}``, from events only."""
    rows = cohort.events.to_dict("records")
    return {
        (episode["episode_id"], landmark): _vector(rows, specification, episode, landmark)
        for episode in cohort.episodes.to_dict("records")
        for landmark in landmarks
    }


def _vector(rows, specification, episode, landmark):
    vector = {}
    for name in specification.treatments or ():
        is_given = bool(_doses(rows, episode, landmark, name))
        vector[f"{name}.given.to_landmark"] = float(is_given)
    for m in specification.measurements:
        for name in m.windows:
            counted, anchor = _counted(rows, specification, episode, landmark, m.analyte, name)
            for statistic in m.statistics:
                written = statistic
                if statistic in ("above_fraction", "hours_above", "hours_to_first_above"):
                    written = f"{statistic}_{_written(m.threshold)}"
                vector[f"{m.analyte}.{written}.{name}"] = _with_options(
                    m, statistic, counted, anchor, landmark
                )
    for change in specification.changes:
        before, after = (
            _counted(rows, specification, episode, landmark, change.analyte, name)[0]
            for name in change.between
        )
        for kind in change.kinds:
            written = kind if change.of == "last" else f"{kind}_of_{change.of}"
            column = f"{change.analyte}.{written}.{'-to-'.join(change.between)}"
            vector[column] = _change(kind, change.of, before, after)
    return vector


def used_table(cohort, specification, landmarks):
    """The events that count in some window, as a sorted list of tuples."""
    rows = cohort.events.to_dict("records")
    needed = {(m.analyte, name) for m in specification.measurements for name in m.windows}
    needed |= {
        (change.analyte, name) for change in specification.changes for name in change.between
    }
    used = {}
    for episode in cohort.episodes.to_dict("records"):
        for landmark in landmarks:
            first = _first_dose(rows, episode, landmark)
            for analyte, name in needed:
                counted, _ = _counted(rows, specification, episode, landmark, analyte, name)
                used |= {_result(row, landmark): _as_input(row, landmark, first) for row in counted}
            looked_at = _doses_looked_at(rows, specification, episode, landmark)
            if any(window.anchor == "crs_onset" for window in specification.windows):
                looked_at += _grades(rows, specification, episode, landmark)
            for row in looked_at:
                used.setdefault(_result(row, landmark), _as_input(row, landmark, first))
    return sorted(used.values())


def _doses_looked_at(rows, specification, episode, landmark):
    if specification.treatment_policy == "censor":
        first = _first_dose(rows, episode, landmark)
        doses = [dose for name in DOSES for dose in _doses(rows, episode, landmark, name)]
        return [dose for dose in doses if dose["collected_h"] == first]
    treatments = specification.treatments or ()
    return [dose for name in treatments for dose in _doses(rows, episode, landmark, name)]


def _written(number):
    return f"{number:g}".replace("-", "m").replace(".", "_")


def _result(row, landmark):
    names = ("episode_id", "modality", "analyte", "collected_h", "assay")
    return (landmark, *(row[name] for name in names))


def _as_input(row, landmark, first_dose):
    return (
        row["episode_id"],
        landmark,
        row["modality"],
        row["analyte"],
        row["collected_h"],
        row["available_h"],
        row["assay"],
        row["value"],
        row["collected_h"] > first_dose,
    )


def _counted(rows, specification, episode, landmark, analyte, window_name):
    (window,) = [w for w in specification.windows if w.name == window_name]
    if window.anchor == "crs_onset":
        anchor = _onset(rows, specification, episode, landmark)
    else:
        anchor = {
            "infusion": 0.0,
            "landmark": landmark,
            "lymphodepletion": episode.get("lymphodepletion_start_h", math.nan),
        }[window.anchor]
    if math.isnan(anchor):
        return [], anchor
    until = _last_hour(rows, specification, episode, landmark)
    counted = [
        row
        for row in _known(rows, specification, episode, landmark, analyte)
        if (window.start_h is None or row["collected_h"] > anchor + window.start_h)
        and (window.end_h is None or row["collected_h"] <= anchor + window.end_h)
        and row["collected_h"] <= until
    ]
    return counted, anchor


def _onset(rows, specification, episode, landmark):
    grades = _grades(rows, specification, episode, landmark)
    return min((row["collected_h"] for row in grades if row["value"] >= 1), default=math.nan)


def _grades(rows, specification, episode, landmark):
    until = _last_hour(rows, specification, episode, landmark)
    known = _known(rows, specification, episode, landmark, "clinical.crs_grade")
    return [row for row in known if row["collected_h"] <= until]


def _last_hour(rows, specification, episode, landmark):
    if specification.treatment_policy != "censor":
        return math.inf
    return _first_dose(rows, episode, landmark)


def _first_dose(rows, episode, landmark):
    doses = [dose for name in DOSES for dose in _doses(rows, episode, landmark, name)]
    return min((dose["collected_h"] for dose in doses), default=math.inf)


def _doses(rows, episode, landmark, analyte):
    """The doses in response to toxicity that were known, each in its latest version."""
    known = [
        row
        for row in rows
        if row["episode_id"] == episode["episode_id"]
        and f"{row['modality']}.{row['analyte']}" == analyte
        and row["available_h"] <= landmark
    ]
    doses = []
    for result in {(row["collected_h"], row["assay"]) for row in known}:
        versions = [row for row in known if (row["collected_h"], row["assay"]) == result]
        latest = max(
            versions,
            key=lambda r: (r["available_h"], r["version"], 0 if _is_usual(r) else r["value"]),
        )
        if latest["value"] > 0 and latest["collected_h"] > 0 and not _is_usual(latest):
            doses.append(latest)
    return doses


def _is_usual(row):
    return row["ordered_as"] in ("protocol", "prophylaxis")


def _known(rows, specification, episode, landmark, analyte):
    """The admitted results that were there at the landmark, each in its latest version."""
    known = [
        row
        for row in rows
        if row["episode_id"] == episode["episode_id"]
        and f"{row['modality']}.{row['analyte']}" == analyte
        and row["available_h"] <= landmark
    ]
    results = []
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
        if _is_admitted(latest, specification):
            results.append(latest)
    return results


def _is_admitted(row, specification):
    if specification.presence == "informative" or row["collected_h"] <= 0:
        return True
    if row["modality"] in ("plasma", "clinical"):
        return True
    return row["ordered_as"] in ("protocol", "prophylaxis")


def _with_options(measurement, statistic, counted, anchor, landmark):
    if statistic == "count":
        return math.nan if math.isnan(anchor) else float(len(counted))
    if len(counted) < measurement.minimum_count:
        return math.nan
    if statistic == "hours_since_last":
        return landmark - counted[-1]["collected_h"]
    oldest = measurement.maximum_age_h
    if (
        statistic == "last"
        and oldest is not None
        and counted[-1]["collected_h"] < landmark - oldest
    ):
        return math.nan
    return _statistic(statistic, counted, anchor, measurement.threshold)


def _statistic(name, counted, anchor, threshold=None):
    times = [Fraction(row["collected_h"]) for row in counted]
    values = [Fraction(row["value"]) for row in counted]
    needs_two_times = name in ("slope_per_day", "auc_per_day", "hours_above")
    if not counted or (needs_two_times and len(set(times)) < 2):
        return math.nan
    definition = {
        "last": lambda: values[-1],
        "first": lambda: values[0],
        "max": lambda: max(values),
        "min": lambda: min(values),
        "mean": lambda: sum(values) / len(values),
        "median": lambda: statistics.median(values),
        "sd": lambda: _deviation(values),
        "range": lambda: max(values) - min(values),
        "slope_per_day": lambda: _slope(times, values),
        "auc_per_day": lambda: _mean_over_time(times, values),
        "hours_to_peak": lambda: _peak(times, values) - Fraction(anchor),
        "above_fraction": lambda: Fraction(sum(v > threshold for v in values), len(values)),
        "hours_above": lambda: _hours_above(times, values, Fraction(threshold)),
        "hours_to_first_above": lambda: _first_above(times, values, threshold) - anchor,
    }[name]
    return float(definition())


def _change(kind, of, before, after):
    old, new = _statistic(of, before, 0), _statistic(of, after, 0)
    if math.isnan(old) or math.isnan(new):
        return math.nan
    hours = after[-1]["collected_h"] - before[-1]["collected_h"]
    definition = {
        "difference": lambda: new - old,
        "ratio": lambda: new / old if old > 0 else math.nan,
        "log2_ratio": lambda: math.log2(new / old) if old > 0 and new > 0 else math.nan,
        "slope_per_day": lambda: 24 * (new - old) / hours if hours != 0 else math.nan,
    }[kind]
    return definition()


def _deviation(values):
    if len(values) < 2:
        return math.nan
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _first_above(times, values, threshold):
    above = [time for time, value in zip(times, values, strict=True) if value > threshold]
    return float(min(above)) if above else math.nan


def _hours_above(times, values, threshold):
    """Cut each straight line at the threshold and add up the parts that lie above it."""
    hours = Fraction(0)
    for i in range(1, len(times)):
        start, end, step = values[i - 1], values[i], times[i] - times[i - 1]
        if start == end:
            hours += step if start > threshold else 0
            continue
        crossing = min(max((threshold - start) / (end - start), Fraction(0)), Fraction(1))
        hours += step * (1 - crossing if end > start else crossing)
    return hours


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

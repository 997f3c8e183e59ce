"""Break the room on purpose, one bug at a time; the battery must notice each."""

import importlib
import itertools
from pathlib import Path

import numba
import pytest

from features.cohorts import (
    CENSORED,
    CRS,
    DOSES,
    LANDMARKS,
    PROTEIN,
    SPECIFICATION,
    event,
    make_cohort,
)
from features.comparison import agrees
from icans_risk import features

ROOM = Path(features.__file__).parent
NUMBERS = itertools.count()

# Each: the file, the text as it stands (exactly once), and the bug.
MUTANTS = {
    "the tie at the landmark is excluded": (
        "kernel.py",
        "rows.available[row] > landmark",
        "rows.available[row] >= landmark",
    ),
    "the wrong clock is cut": (
        "kernel.py",
        "rows.available[row] > landmark",
        "rows.collected[row] > landmark",
    ),
    "nothing is cut": ("kernel.py", "rows.available[row] > landmark", "False"),
    "the window's start is inside": (
        "kernel.py",
        'plan.lower[slot], side="right"',
        'plan.lower[slot], side="left"',
    ),
    "the window's end is outside": (
        "kernel.py",
        'plan.upper[slot], side="right"',
        'plan.upper[slot], side="left"',
    ),
    "stale values from before the window count": (
        "kernel.py",
        'np.searchsorted(times, plan.lower[slot], side="right")',
        "0",
    ),
    "values from after the window count": (
        "kernel.py",
        'np.searchsorted(times, plan.upper[slot], side="right")',
        "times.size",
    ),
    "a short window reaches back to the last event": (
        "kernel.py",
        "times, plan.lower[slot],",
        "times, plan.lower[slot] if np.isinf(plan.lower[slot]) or times.size == 0 "
        "else min(plan.lower[slot], times[-1] - 24.0),",
    ),
    "the first version counts for ever": ("kernel.py", "known[count - 1] = row", "pass"),
    "the latest version counts before it is known": (
        "kernel.py",
        "rows.available[row] > landmark",
        "rows.available[np.searchsorted(rows.result, rows.result[row])] > landmark",
    ),
    "every version counts": (
        "kernel.py",
        "count > 0 and rows.result[row] == rows.result[known[count - 1]]",
        "False",
    ),
    "a refused version leaves the one before it standing": (
        "kernel.py",
        "rows.available[row] > landmark",
        "rows.available[row] > landmark or rows.is_refused[row]",
    ),
    "refused events count": ("kernel.py", "known[~rows.is_refused[known]]", "known"),
    "the neighbour's rows count": (
        "rows.py",
        "group = episode.astype(np.int64) *",
        "group = episode.astype(np.int64) // 2 *",
    ),
    "zero is missing": (
        "kernel.py",
        "times = rows.collected[known]",
        "known = known[rows.value[known] != 0.0]; times = rows.collected[known]",
    ),
    "the second landmark sees what the first saw": (
        "kernel.py",
        "group, plan.landmark[landmark]",
        "group, plan.landmark[0]",
    ),
    "the last landmark is everyone's": (
        "kernel.py",
        "group, plan.landmark[landmark]",
        "group, plan.landmark[-1]",
    ),
    "an event at infusion is taken for a later one": (
        "admission.py",
        "> 0.0",
        ">= 0.0",
    ),
    "every order is admitted": (
        "admission.py",
        '("protocol", "prophylaxis")',
        '("protocol", "prophylaxis", "clinical", "unknown")',
    ),
    "an unknown order is admitted": (
        "admission.py",
        '("protocol", "prophylaxis")',
        '("protocol", "prophylaxis", "unknown")',
    ),
    "the number of the version outranks when it was known": (
        "rows.py",
        "assay, available, version,",
        "assay, version, available,",
    ),
    "two assays are one result": (
        "rows.py",
        "_is_new(group, collected, assay)",
        "_is_new(group, collected)",
    ),
    "an unknown start of lymphodepletion is infusion": (
        "window.py",
        "episodes[_LYMPHODEPLETION].to_numpy",
        "episodes[_LYMPHODEPLETION].fillna(0.0).to_numpy",
    ),
    "the window is anchored at infusion, not at the landmark": (
        "window.py",
        "        return landmarks",
        "        return np.zeros(())",
    ),
    "a value at the threshold is above it": (
        "kernel.py",
        "sample.values > threshold",
        "sample.values >= threshold",
    ),
    "one value more than the minimum is needed": (
        "kernel.py",
        "sample.values.size < options.minimum_count",
        "options.minimum_count > 1 and sample.values.size <= options.minimum_count",
    ),
    "one value less than the minimum is enough": (
        "kernel.py",
        "sample.values.size < options.minimum_count",
        "sample.values.size + 1 < options.minimum_count",
    ),
    "a value is as old as its report": (
        "kernel.py",
        "plan.landmark[landmark] - times[stop - 1]",
        "plan.landmark[landmark] - rows.available[known[stop - 1]]",
    ),
    "a value of the greatest age is too old": (
        "kernel.py",
        "sample.age > options.maximum_age",
        "sample.age >= options.maximum_age",
    ),
    "CRS begins with a grade that nobody knows yet": (
        "onset.py",
        "Plan(landmarks, lower",
        "Plan(np.full_like(landmarks, np.inf), lower",
    ),
    "CRS begins with a grade of zero": ("onset.py", "np.nextafter(1.0, 0.0)", "-1.0"),
    "CRS begins with grade 2": ("onset.py", "np.nextafter(1.0, 0.0)", "1.0"),
    "a ratio is upside down": (
        "changes.py",
        "np.divide(after, before,",
        "np.divide(before, np.where(after == 0.0, 1.0, after),",
    ),
    "the windows of a change are swapped": (
        "build.py",
        "before, after, last_before, last_after = cells",
        "after, before, last_after, last_before = cells",
    ),
    "the hours of a change run backwards": (
        "build.py",
        "last_after - last_before",
        "last_before - last_after",
    ),
    "values after a dose count under censor": (
        "treatment.py",
        '== "censor"\n        return',
        "== ''\n        return",
    ),
    "a value at the hour of the dose is cut": (
        "build.py",
        "np.minimum(bounds.upper, last_hours[:, :, np.newaxis]",
        "np.minimum(bounds.upper, np.nextafter(last_hours, 0.0)[:, :, np.newaxis]",
    ),
    "a value at the hour of the dose is marked": ("build.py", "> first_h", ">= first_h"),
    "a dose before the infusion is a response": (
        "treatment.py",
        "bounds=(np.zeros(shape),",
        "bounds=(np.full(shape, -np.inf),",
    ),
    "a prophylactic dose is a response": (
        "treatment.py",
        'events["ordered_as"].isin(ADMITTED_ORDERS)',
        'events["ordered_as"].isin(ADMITTED_ORDERS[:1])',
    ),
    "nothing given is a dose": ("treatment.py", "        0.0,\n", "        -1.0,\n"),
    "the first treatment of the catalogue alone cuts": (
        "treatment.py",
        "np.fmin.reduce(self.first_h,",
        "np.fmin.reduce(self.first_h[:, :, :1],",
    ),
    "CRS begins after the dose that cuts": (
        "onset.py",
        "bounds=(np.full(until.shape, -np.inf), until)",
        "bounds=(np.full(until.shape, -np.inf), np.full(until.shape, np.inf))",
    ),
    "the dose that cut is no input": (
        "treatment.py",
        'collected_h"].to_numpy() == first_h',
        'collected_h"].to_numpy() < first_h',
    ),
}


@pytest.fixture
def hard_cohort():
    return make_cohort(
        [
            event(CRS, -24, 9.0),
            event(CRS, 0, 2.0),
            event(CRS, 6, 0.0),
            event(CRS, 24, 1.0),
            event(CRS, 24, 4.0, assay="other"),
            event(CRS, 20, 3.0, available_h=24.5),
            event(CRS, 30, 2.0, available_h=40),
            event(CRS, 30, 5.0, available_h=60, version=2.0),
            event(CRS, 30, 7.0, available_h=80, version=3.0),
            event(CRS, 36, 6.0, available_h=50, version=2.0),
            event(CRS, 36, 8.0, available_h=70, version=1.0),
            event(CRS, 48, 1.5),
            event(CRS, 71, 9.5, available_h=73),
            event(CRS, 3, 11.0, episode_id="q"),
            event(CRS, 48, 12.0, episode_id="q"),
            event(PROTEIN, -24, 30.0, episode_id="q", ordered_as="unknown"),
            event(PROTEIN, 0, 35.0, episode_id="q", ordered_as="clinical"),
            event(PROTEIN, 12, 99.0, episode_id="q", ordered_as="clinical"),
            event(PROTEIN, 13, 98.0, episode_id="q", ordered_as="unknown"),
            event(PROTEIN, 14, 50.0, episode_id="q"),
            event(PROTEIN, 15, 51.0, episode_id="q", available_h=20),
            event(
                PROTEIN,
                15,
                52.0,
                episode_id="q",
                available_h=30,
                version=2.0,
                ordered_as="clinical",
            ),
            event(CRS, -24, 0.0, episode_id="r"),
            event(CRS, 70, 0.0, episode_id="r"),
            event(PROTEIN, 30, 50.0, episode_id="r"),
            event(PROTEIN, 40, 60.0, episode_id="r", available_h=60),
            # CRS of r begins at 2 h, which nobody knows before 70 h.
            event(CRS, 1, 0.0, episode_id="r"),
            event(CRS, 2, 1.0, episode_id="r", available_h=70),
            event(CRS, 20, 2.0, episode_id="r", available_h=70),
            # What was given to p is known at 40 h, and that nothing was at 12 h from the start.
            event(DOSES[0], 12, 0.0, ordered_as="clinical"),
            event(DOSES[0], 24, 1.0, ordered_as="clinical", available_h=40),
            event(DOSES[1], 48, 8.0, ordered_as="clinical"),
            event(DOSES[1], -2, 8.0, episode_id="q", ordered_as="clinical"),
            event(DOSES[1], 2, 8.0, episode_id="q", ordered_as="prophylaxis"),
            event(DOSES[1], 14, 8.0, episode_id="q", ordered_as="unknown"),
            # Whoever knows of this dose of r knows of CRS at 2 h, after it.
            event(DOSES[0], 1, 1.0, episode_id="r", ordered_as="clinical", available_h=71),
        ]
    )


@pytest.fixture
def load_copy(tmp_path, monkeypatch):
    """Import a copy of the room, with one text replaced, as plain Python."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    monkeypatch.syspath_prepend(tmp_path)

    def load(file="kernel.py", sound="", broken=""):
        name = f"damaged_room_{next(NUMBERS)}"
        (tmp_path / name).mkdir()
        for source in ROOM.glob("*.py"):
            text = source.read_text(encoding="utf-8")
            if sound and source.name == file:
                assert text.count(sound) == 1, f"{sound!r} must stand once in {file}"
                text = text.replace(sound, broken)
            text = text.replace("icans_risk.features", name)
            (tmp_path / name / source.name).write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        return importlib.import_module(name)

    return load


def agrees_throughout(room, cohort):
    return all(agrees(room, cohort, chosen, LANDMARKS) for chosen in (SPECIFICATION, CENSORED))


def test_the_battery_finds_no_fault_in_the_room(hard_cohort):
    assert agrees_throughout(features, hard_cohort)


def test_the_battery_finds_no_fault_in_a_sound_copy(hard_cohort, load_copy):
    assert agrees_throughout(load_copy(), hard_cohort)


@pytest.mark.parametrize("bug", MUTANTS)
def test_the_battery_notices_when(bug, hard_cohort, load_copy):
    broken_room = load_copy(*MUTANTS[bug])

    assert not agrees_throughout(broken_room, hard_cohort)


def test_a_bug_whose_place_is_gone_is_an_error(load_copy):
    with pytest.raises(AssertionError, match="must stand once"):
        load_copy("kernel.py", "text that does not stand there", "")

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
# The twelve that every layer of this kind must notice are marked with their number.
MUTANTS = {
    "1, the tie at the landmark is excluded": (
        "kernel.py",
        "available[row] > now",
        "available[row] >= now",
    ),
    "2, the wrong clock is cut": ("kernel.py", "available[row] > now", "collected[row] > now"),
    "3, nothing is cut": ("kernel.py", "available[row] > now", "False"),
    "4, the window's start is inside": (
        "kernel.py",
        "count, lower[episode, landmark, window])",
        "count, np.nextafter(lower[episode, landmark, window], -np.inf))",
    ),
    "5, the window's end is outside": (
        "kernel.py",
        "count, upper[episode, landmark, window])",
        "count, np.nextafter(upper[episode, landmark, window], -np.inf))",
    ),
    "10, stale values from before the window count": (
        "kernel.py",
        "_first_after(times, count, lower[episode, landmark, window])",
        "0",
    ),
    "values from after the window count": (
        "kernel.py",
        "_first_after(times, count, upper[episode, landmark, window])",
        "count",
    ),
    "6, a short window reaches back to the last event": (
        "kernel.py",
        "count, lower[episode, landmark, window])",
        "count, lower[episode, landmark, window] if count == 0 else "
        "min(lower[episode, landmark, window], times[count - 1] - 24.0))",
    ),
    "8, the first version counts for ever": ("kernel.py", "count -= 1", "continue"),
    "7, the latest version counts before it is known": (
        "kernel.py",
        "available[row] > now",
        "available[rows[0] + np.searchsorted(collected[rows[0] : rows[1]], collected[row])] > now",
    ),
    "every version counts": ("kernel.py", "is_newer = count > 0", "is_newer = False"),
    "a refused version leaves the one before it standing": (
        "kernel.py",
        "_find_known(available, collected,",
        "_find_known(np.where(is_refused, np.inf, available) if is_refused.size else available, "
        "collected,",
    ),
    "refused events count": ("kernel.py", "if not is_refused[known[i]]", "if True"),
    "9, the neighbour's rows count": (
        "coding.py",
        'episode=_codes(batch["episode_id"], wanted)',
        'episode=_codes(batch["episode_id"], wanted) // 2',
    ),
    "11, zero is missing": (
        "sorting.py",
        "or available > latest:",
        "or available > latest or batch.value[row] == 0.0:",
    ),
    "what the last landmark does not see is lost for all": (
        "walking.py",
        "latest=float(hours.max())",
        "latest=float(hours.min())",
    ),
    "12, the second landmark sees what the first saw": (
        "kernel.py",
        "now = landmarks[landmark]",
        "now = landmarks[0]",
    ),
    "the last landmark is everyone's": (
        "kernel.py",
        "now = landmarks[landmark]",
        "now = landmarks[-1]",
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
        "sorting.py",
        "    elif available[row] != available[other]:",
        "    elif version.size and version[row] != version[other]:\n"
        "        is_before = version[row] < version[other]\n"
        "    elif available[row] != available[other]:",
    ),
    "two assays are one result": ("kernel.py", "(assay.size == 0 or", "(True or"),
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
        "is_above = values > threshold",
        "is_above = values >= threshold",
    ),
    "one value more than the minimum is needed": (
        "kernel.py",
        'values.size < cell["minimum_count"]',
        'cell["minimum_count"] > 1 and values.size <= cell["minimum_count"]',
    ),
    "one value less than the minimum is enough": (
        "kernel.py",
        'values.size < cell["minimum_count"]',
        'values.size + 1 < cell["minimum_count"]',
    ),
    "a value is as old as its report": (
        "kernel.py",
        "now - times[stop - 1]",
        "now - available[known[stop - 1]]",
    ),
    "a value of the greatest age is too old": (
        "kernel.py",
        'numbers[_SINCE_LAST] > cell["maximum_age"]',
        'numbers[_SINCE_LAST] >= cell["maximum_age"]',
    ),
    "CRS begins with a grade that nobody knows yet": (
        "onset.py",
        "landmark=landmarks,",
        "landmark=np.full_like(landmarks, np.inf),",
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
        "walking.py",
        "np.minimum(bounds.upper, until[:, :, np.newaxis]",
        "np.minimum(bounds.upper, np.nextafter(until, 0.0)[:, :, np.newaxis]",
    ),
    "a value at the hour of the dose is marked": ("build.py", "> first_h", ">= first_h"),
    "a dose before the infusion is a response": (
        "treatment.py",
        "bounds=(np.zeros(shape),",
        "bounds=(np.full(shape, -np.inf),",
    ),
    "a prophylactic dose is a response": (
        "treatment.py",
        "pa.array(ADMITTED_ORDERS)",
        "pa.array(ADMITTED_ORDERS[:1])",
    ),
    "nothing given is a dose": ("treatment.py", "        0.0,\n", "        -1.0,\n"),
    "the first treatment of the catalogue alone cuts": (
        "treatment.py",
        "np.fmin.reduce(self.first_h,",
        "np.fmin.reduce(self.first_h[:, :, :1],",
    ),
    "CRS begins after the dose that cuts": (
        "onset.py",
        "bounds = (np.full(until.shape, -np.inf), until)",
        "bounds = (np.full(until.shape, -np.inf), np.full(until.shape, np.inf))",
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

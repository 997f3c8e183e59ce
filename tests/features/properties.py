"""What leakage would break, as one function per relation, and the cases that try to break it.

F(E, T) are the vectors from the events E at the landmark T, in the worlds of ``worlds.py``.
They are compared bit for bit, but for those of other units.

==== ================================================ =========================================
id   relation                                         function
==== ================================================ =========================================
MT1  F(E + events known after T, T) = F(E, T)         ``mt1_what_is_known_later_...``
MT2  an event moved past T is as good as deleted      ``mt2_a_result_that_comes_late_...``
MT3  F(E, T) = F(events known at T, T)                ``mt3_a_cohort_cut_at_the_landmark_...``
MT4  other grades, other labels, another death: F     ``mt4_other_grades_...``
MT5  the outcome's onset at another hour: F           ``mt5_another_onset_...``
MT6  a patient alone: F                               ``mt6_a_patient_alone_...``
MT7  other order of rows, columns and episodes: F     ``mt7_the_order_of_rows_...``
MT8  all clocks moved by as much: F                   ``mt8_the_zero_of_time_...``
MT9  the same results in other units: F to 1e-9       ``mt9_the_same_results_in_other_...``
MT10 exact copies: F; a near copy counts as one more  ``mt10_exact_copies_...``,
                                                      ``mt10_a_copy_of_another_time_...``
MT19 a later T only adds results                      ``mt19_a_later_landmark_only_...``
==== ================================================ =========================================

Counted are the patients with events for whom a relation was put to the test and held. In the
worlds of derived measurements, F derives before it builds, so each relation holds for the two
together.
"""

import zlib

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from features.comparison import assert_identical
from features.worlds import (
    CATALOGUE,
    DERIVING,
    INFORMATIVE,
    MEASURED,
    MOVING,
    MOVING_DERIVING,
    WINDOWS,
    are_refused,
    cases,
    ward,
)
from icans_risk.catalogue.units import from_canonical, to_canonical
from icans_risk.features import FeatureSpecification, Measurement, used_events

_RESULT = ["episode_id", "modality", "analyte", "collected_h"]


def mt1_what_is_known_later_than_a_landmark_changes_nothing_up_to_it(case, chance):
    cut = chance.choice(case.landmarks)
    later = case.more_events(chance)
    after = np.maximum(later["collected_h"], np.nextafter(cut, np.inf))
    future = later.assign(available_h=np.maximum(later["available_h"], after))
    landmarks = [hour for hour in case.landmarks if hour <= cut]

    found = case.vectors(pd.concat([case.events, future]))

    assert_same(_up_to(found, cut), case.vectors(landmarks=landmarks))


def mt2_a_result_that_comes_late_is_as_good_as_deleted(case, chance):
    cut = chance.choice(case.landmarks)
    late = np.nextafter(cut, np.inf) + chance.choice([0.0, 1e-6, 900.0])
    rows = case.one_row_each(chance, among=case.events["available_h"] <= cut)
    is_moved = np.isin(np.arange(len(case.events)), rows)
    moved = case.events.assign(available_h=case.events["available_h"].mask(is_moved, late))

    expected = case.vectors(case.events[~is_moved])

    assert_same(_up_to(case.vectors(moved), cut), _up_to(expected, cut))


def mt3_a_cohort_cut_at_the_landmark_gives_the_same_vectors(case, chance):
    cut = chance.choice(case.landmarks)
    known = case.events[case.events["available_h"] <= cut]

    found = case.vectors()

    assert_same(_at(found, cut), case.vectors(known, [cut]))


def mt4_other_grades_and_another_death_change_nothing(case, chance):
    grades = case.grades(chance)
    flipped = grades.assign(icans_grade=4 - chance.permutation(grades["icans_grade"]))
    died = case.episodes.assign(
        died_h=case.episodes["died_h"].to_numpy()[::-1], death_cause="icans"
    )

    found = case.vectors(grades=flipped, episodes=died)

    assert_same(found, case.vectors(grades=grades))


def mt5_another_onset_of_the_outcome_changes_nothing(case, chance):
    grades = case.grades(chance)
    clocks = ["covers_from_h", "assessed_h", "available_h"]
    shift = grades["episode_id"].map(
        dict(zip(case.episodes["episode_id"], chance.integers(-100, 500, 10**4), strict=False))
    )
    moved = grades.assign(**grades[clocks].add(shift, axis="index"))

    assert_same(case.vectors(grades=moved), case.vectors(grades=grades))


def mt6_a_patient_alone_has_the_same_vectors(case, chance):
    together, n_landmarks = case.vectors(), len(case.landmarks)

    for number, patient in enumerate(case.episodes["episode_id"]):
        events = case.events[(case.events["episode_id"] == patient).to_numpy()]
        alone = case.vectors(events, episodes=case.episodes.iloc[[number]])
        expected = together.iloc[number * n_landmarks : (number + 1) * n_landmarks]
        assert alone.to_numpy().tobytes() == expected.to_numpy().tobytes()


def mt7_the_order_of_rows_columns_and_episodes_changes_nothing(case, chance):
    shuffled = case.events.iloc[chance.permutation(len(case.events))]
    columns = shuffled.columns[chance.permutation(shuffled.shape[1])]
    episodes = case.episodes.iloc[chance.permutation(len(case.episodes))]

    found = case.vectors(shuffled[columns], episodes=episodes)

    assert_same(found.loc[list(case.episodes["episode_id"])], case.vectors())


def mt8_the_zero_of_time_changes_nothing(case, chance):
    # Halves of an hour are exact in binary: not one bit may differ.
    shift = chance.integers(-500, 2000) / 2
    halves = case.events.assign(
        collected_h=np.floor(2 * case.events["collected_h"]) / 2,
        available_h=np.ceil(2 * case.events["available_h"]) / 2,
    )
    moved = halves.assign(
        collected_h=halves["collected_h"] + shift, available_h=halves["available_h"] + shift
    )
    start = case.episodes["lymphodepletion_start_h"] + shift

    found = case.vectors(
        moved,
        [hour + shift for hour in case.landmarks],
        episodes=case.episodes.assign(lymphodepletion_start_h=start),
    )

    expected = case.vectors(halves)
    assert_same(found.set_axis(expected.index), expected)


def mt9_the_same_results_in_other_units_give_the_same_vectors(case, chance):
    vectors = [case.vectors(_reported_in_some_unit(case.events, chance)) for _ in range(2)]

    np.testing.assert_allclose(*vectors, rtol=1e-9)


def mt10_exact_copies_change_nothing(case, chance):
    rows = np.arange(len(case.events))
    copies = np.append(rows, chance.choice(rows, size=2 * len(case.episodes)))

    found = case.vectors(case.events.iloc[chance.permutation(copies)])

    assert_same(found, case.vectors())


def mt10_a_copy_of_another_time_counts_as_one_more_result(case, chance):
    rows = case.events.iloc[case.one_row_each(chance)]
    # A moment that no other row has.
    copies = rows.assign(collected_h=rows["collected_h"] - 1 / 64)
    found = case.vectors(pd.concat([case.events, copies])) - case.vectors()

    for row in copies.to_dict("records"):
        column = f"{row['modality']}.{row['analyte']}.count.to_date"
        is_known = [row["available_h"] <= hour for hour in case.landmarks]
        more = found[column].to_numpy()[found.index.get_level_values(0) == row["episode_id"]]
        np.testing.assert_array_equal(more, np.array(is_known, dtype=float))


def mt19_a_later_landmark_only_adds_results(case, chance):
    specification = _with_fixed_windows(case.world.specification)
    cohort = case.cohort(case.events)
    landmarks = sorted({*case.landmarks, 0.0, 48.0})
    used = used_events(cohort, specification, landmarks, catalogue=CATALOGUE)
    results = [_results(used[used["landmark_h"] == hour]) for hour in landmarks]
    is_refused = are_refused(cohort.events, specification.presence)
    clock = cohort.events["available_h"]

    for number in range(1, len(landmarks)):
        # Gone may be only what turned out, in the meantime, to be ordered for cause.
        is_new = (clock > landmarks[number - 1]) & (clock <= landmarks[number])
        withdrawn = _results(cohort.events[is_new & is_refused])
        assert results[number - 1] - results[number] <= withdrawn


# Each with the worlds in which it must hold: those of measurements, and of derived ones.
RELATIONS = {
    mt1_what_is_known_later_than_a_landmark_changes_nothing_up_to_it: (MEASURED, DERIVING),
    mt2_a_result_that_comes_late_is_as_good_as_deleted: (MEASURED, DERIVING),
    mt3_a_cohort_cut_at_the_landmark_gives_the_same_vectors: (MEASURED, DERIVING),
    mt4_other_grades_and_another_death_change_nothing: (MEASURED, DERIVING),
    mt5_another_onset_of_the_outcome_changes_nothing: (MEASURED, DERIVING),
    mt6_a_patient_alone_has_the_same_vectors: (MEASURED, DERIVING),
    mt7_the_order_of_rows_columns_and_episodes_changes_nothing: (MEASURED, DERIVING),
    mt8_the_zero_of_time_changes_nothing: ((MOVING,), MOVING_DERIVING),
    mt9_the_same_results_in_other_units_give_the_same_vectors: (MEASURED, DERIVING),
    mt10_exact_copies_change_nothing: (MEASURED, DERIVING),
    mt10_a_copy_of_another_time_counts_as_one_more_result: ((INFORMATIVE,), ()),
    mt19_a_later_landmark_only_adds_results: (MEASURED, DERIVING),
}


def hold_in_small_cases(relation, world, n_cases):
    """Put a relation to the test in cases that shrink; count the patients whom it held for."""
    held = 0

    @seed(zlib.crc32(f"{relation.__name__}, {world.name}".encode()))
    @settings(
        max_examples=n_cases,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(world), chance=st.integers(0, 2**32 - 1).map(np.random.default_rng))
    def one_case(case, chance):
        nonlocal held
        relation(case, chance)
        held += case.n_patients

    one_case()
    return held


def hold_in_wards(relation, world, n_patients):
    """Put a relation to the test in wards of forty; count the patients whom it held for."""
    held, number = 0, 0
    while held < n_patients:
        number += 1
        chance = np.random.default_rng([zlib.crc32(relation.__name__.encode()), number])
        case = ward(world, chance, min(n_patients - held, 40) + 1)
        relation(case, chance)
        held += case.n_patients
    return held


def assert_same(found, expected):
    """The same bits; where they are not, the columns that differ."""
    is_same = found.to_numpy().tobytes() == expected.to_numpy().tobytes()
    if not (is_same and found.index.equals(expected.index)):
        assert_identical(found, expected)


def _at(vectors, landmark):
    return vectors[vectors.index.get_level_values("landmark_h") == landmark]


def _up_to(vectors, landmark):
    return vectors[vectors.index.get_level_values("landmark_h") <= landmark]


def _reported_in_some_unit(events, chance):
    """The same results, each analyte reported in a unit of the catalogue, and read again."""
    values = events["value"].to_numpy(copy=True)
    names = events["modality"] + "." + events["analyte"]
    for name in sorted(set(names)):
        unit = chance.choice(list(CATALOGUE[name].accepted_units))
        is_it = (names == name).to_numpy()
        reported = from_canonical(values[is_it], str(unit), CATALOGUE[name])
        values[is_it] = to_canonical(reported, f" {unit} ", CATALOGUE[name])
    return events.assign(value=values)


def _with_fixed_windows(specification):
    fixed = tuple(w for w in WINDOWS if w.anchor in ("infusion", "lymphodepletion"))
    names = tuple(window.name for window in fixed)
    measurements = tuple(Measurement(n, names, ("last",)) for n in specification.analytes)
    return FeatureSpecification(fixed, measurements, presence=specification.presence)


def _results(rows):
    return set(rows[_RESULT].itertuples(index=False, name=None))

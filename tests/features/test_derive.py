"""Derived measurements: formulas, pairs, both clocks, versions, and no look ahead."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EVENTS
from icans_risk.errors import StudyError
from icans_risk.features.derive import derive_events
from icans_risk.features.derived import DERIVED, nfl_upper_limit

FAST = settings(
    deadline=None,
    max_examples=25,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
EPISODES = pd.DataFrame(
    {
        "episode_id": ["p", "q", "r"],
        "patient_id": ["P", "Q", "R"],
        "followed_until_h": [500.0, 500.0, 500.0],
        "age_years": [62.0, np.nan, 12.0],
    }
)
ANG, QUOTIENT, EEG = "plasma.ang2_ang1_ratio", "csf.albumin_quotient", "eeg.delta_theta_alpha_ratio"
NFL = "plasma.nfl_for_age"


def event(name, collected_h, value, **other):
    modality, _, analyte = name.partition(".")
    row = {
        "episode_id": "p", "modality": modality, "analyte": analyte, "collected_h": collected_h,
        "available_h": collected_h, "value": value, "censored": "", "ordered_as": "protocol",
        "assay": "", "version": 1.0,
    }  # fmt: skip
    return row | other


def table(rows):
    frame = pd.DataFrame(rows, columns=list(EVENTS))
    numbers = [name for name, column in EVENTS.items() if column.kind == "number"]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def derive(rows, *wanted):
    return derive_events(table(rows), EPISODES, wanted)


# --- the plain reference: from the written definition, one moment after the other -----------


def _latest(versions):
    rank = ("protocol", "prophylaxis", "unknown", "clinical").index
    return max(
        versions,
        key=lambda r: (r["available_h"], r["version"], rank(r["ordered_as"]), r["value"]),
    )


def _results(rows, name):
    found = {}
    for row in rows:
        if f"{row['modality']}.{row['analyte']}" == name:
            found.setdefault((row["collected_h"], row["assay"]), []).append(row)
    return {result: _latest(versions) for result, versions in found.items()}


def _pair(leading, others, derived):
    near = [
        (abs(r["collected_h"] - leading["collected_h"]), *result)
        for result, r in others.items()
        if abs(r["collected_h"] - leading["collected_h"]) <= derived.pairing.hours + 1e-6
        and (not derived.pairing.same_assay or r["assay"] == leading["assay"])
    ]
    if not near:
        return None
    gap, *result = min(near)
    return gap, others[tuple(result)]


def _combine(chosen, derived, age):
    values = [np.array([row["value"]]) for _, row in chosen]
    extra = [np.array([age])] if derived.episode_columns else []
    value = derived.compute(*values, *extra)[0]
    signs = {
        sign * {"<": -1, ">": 1}[row["censored"]]
        for sign, (_, row) in zip(derived.directions, chosen, strict=True)
        if row["censored"]
    }
    if not math.isfinite(value) or len(signs) > 1:
        return None
    orders = ("protocol", "prophylaxis", "unknown", "clinical")
    return {
        "collected_h": max(row["collected_h"] for _, row in chosen),
        "available_h": max(row["available_h"] for _, row in chosen),
        "value": value,
        "censored": {-1: "<", 1: ">"}[signs.pop()] if signs else "",
        "ordered_as": orders[max(orders.index(row["ordered_as"]) for _, row in chosen)],
    }


def _derive_one_episode(rows, name, age):
    derived, seen, made = DERIVED[name], set(), []
    for moment in sorted({row["available_h"] for row in rows}):
        now = [row for row in rows if row["available_h"] <= moment]
        inputs = [_results(now, analyte) for analyte in derived.inputs]
        for result, leading in sorted(inputs[0].items()):
            chosen = [(0.0, leading)] + [_pair(leading, other, derived) for other in inputs[1:]]
            if None in chosen:
                continue
            state = (result, repr(chosen))
            is_reported = _pair(leading, _results(now, name), derived) is not None
            if state in seen or is_reported:
                continue
            seen.add(state)
            one = _combine(chosen, derived, age)
            if one is not None:
                gap = max(gap for gap, _ in chosen)
                made.append(one | {"assay": leading["assay"], "gap": gap, "lead": result[0]})
    return _keep_nearest(made)


def _keep_nearest(made):
    kept = {}
    order = ("collected_h", "assay", "available_h", "gap", "lead")
    for row in sorted(made, key=lambda row: [row[name] for name in order]):
        standing = kept.setdefault((row["collected_h"], row["assay"]), [])
        is_nearer = all(row["gap"] <= other["gap"] for other in standing)
        if is_nearer and not any(row["available_h"] == o["available_h"] for o in standing):
            standing.append(row | {"version": len(standing) + 1.0})
    return [row for standing in kept.values() for row in standing]


def reference(rows, name):
    modality, _, analyte = name.partition(".")
    made = []
    for episode in EPISODES.to_dict("records"):
        own = [row for row in rows if row["episode_id"] == episode["episode_id"]]
        for row in _derive_one_episode(own, name, episode["age_years"]):
            named = {"episode_id": episode["episode_id"], "modality": modality, "analyte": analyte}
            made.append(row | named)
    return table(made)


def assert_same_rows(found, expected):
    keys = list(EVENTS)
    pd.testing.assert_frame_equal(
        found[keys].sort_values(keys, ignore_index=True),
        expected[keys].sort_values(keys, ignore_index=True),
        check_dtype=False,
        rtol=1e-12,
    )


def inputs_of(name):
    analytes = [*DERIVED[name].inputs, *DERIVED[name].inputs, name]
    return st.builds(
        lambda analyte, collected, lag, value, **other: event(
            analyte, collected, value, available_h=collected + lag, **other
        ),
        analyte=st.sampled_from(analytes),
        collected=st.sampled_from([-24.5, -24, -1, -0.5, 0, 0.5, 1, 23.5, 24, 24.5, 25, 48.5]),
        lag=st.sampled_from([0, 0, 0.5, 24, 48]),
        value=st.sampled_from([0.0, 0.5, 1.0, 2.0, 8.0]),
        episode_id=st.sampled_from(["p", "p", "q", "r"]),
        censored=st.sampled_from(["", "", "", "<", ">"]),
        ordered_as=st.sampled_from(["protocol", "prophylaxis", "clinical", "unknown"]),
        assay=st.sampled_from(["", "", "elisa"]),
        version=st.sampled_from([1.0, 1.0, 2.0]),
    )


@pytest.mark.parametrize("name", DERIVED)
def test_the_room_says_what_the_plain_reference_says(name):
    @FAST
    @given(st.lists(inputs_of(name), max_size=14))
    def holds(rows):
        # A copy of a row says nothing new, and the order of the rows nothing at all.
        assert_same_rows(derive(rows + rows[:3], name), reference(rows, name))

    holds()


@pytest.mark.parametrize("name", DERIVED)
def test_what_becomes_known_later_changes_nothing_before(name):
    @FAST
    @given(st.lists(inputs_of(name), max_size=14), st.sampled_from([0.0, 0.5, 24.0, 25.0, 48.0]))
    def holds(rows, moment):
        everything = derive(rows, name)
        until = everything[everything["available_h"] <= moment].reset_index(drop=True)
        known = derive([row for row in rows if row["available_h"] <= moment], name)
        pd.testing.assert_frame_equal(known, until, check_dtype=False, check_exact=True)

    holds()


# --- formulas and units ---------------------------------------------------------------------


def test_every_derived_measurement_has_its_entries_and_their_units():
    catalogue = load_catalogue()
    for name, derived in DERIVED.items():
        entries = [catalogue[analyte] for analyte in derived.inputs]
        assert tuple(entry.unit for entry in entries) == derived.units
        assert len(derived.directions) == len(derived.inputs)
        assert catalogue[name].leak_class == "safe"
        assert {entry.leak_class for entry in entries} == {"safe"}
        needs_one_platform = any(entry.assay_dependent for entry in entries)
        assert catalogue[name].assay_dependent == needs_one_platform
        assert derived.pairing.same_assay or not needs_one_platform


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        (ANG, (3.0, 20.0), 0.15),
        # 28 mg/dL over 4 g/dL = 4000 mg/dL is 0.007, seven thousandths.
        (QUOTIENT, (28.0, 4.0), 7.0),
        ("csf.il6_plasma_ratio", (300.0, 60.0), 5.0),
        ("csf.il8_plasma_ratio", (1500.0, 30.0), 50.0),
        ("csf.mcp1_plasma_ratio", (700.0, 350.0), 2.0),
        ("csf.nfl_plasma_ratio", (800.0, 16.0), 50.0),
        (EEG, (0.25, 0.15, 0.40), 1.0),
        (NFL, (57.6,), 2.0),
    ],
)
def test_the_formulas_by_hand(name, values, expected):
    rows = [event(i, 2.0, v) for i, v in zip(DERIVED[name].inputs, values, strict=True)]
    found = derive(rows, name)
    assert list(found.columns) == list(EVENTS)
    assert found["value"].tolist() == pytest.approx([expected])
    assert f"{found['modality'][0]}.{found['analyte'][0]}" == name


@pytest.mark.parametrize(
    ("csf", "csf_unit", "serum", "serum_unit"),
    [(28.0, "mg/dL", 4.0, "g/dL"), (0.28, "g/L", 40.0, "g/L"), (280.0, "mg/L", 4000.0, "mg/dL")],
)
def test_the_albumin_quotient_does_not_depend_on_the_units_of_the_source(
    csf, csf_unit, serum, serum_unit
):
    catalogue = load_catalogue()
    canonical = [
        value * catalogue[name].accepted_units[unit].factor
        for name, value, unit in (
            ("csf.albumin", csf, csf_unit), ("plasma.albumin", serum, serum_unit),
        )
    ]  # fmt: skip
    rows = [event("csf.albumin", 0, canonical[0]), event("plasma.albumin", 0, canonical[1])]
    assert derive(rows, QUOTIENT)["value"].tolist() == pytest.approx([7.0])


def test_the_limits_of_nfl_are_those_printed_and_rise_with_age():
    printed = {22: 10.4, 42: 17.3, 52: 22.4, 67: 32.7, 82: 47.8, 87: 54.3}
    for age, limit in printed.items():
        assert nfl_upper_limit(age) == pytest.approx(limit)
    ages = np.arange(20.0, 100.0)
    assert (np.diff(nfl_upper_limit(ages)) >= 0).all()
    # The evidence's own curve through the same limits, within two per cent.
    curve = 10.4 * np.exp(0.0253 * (ages - 22.0))
    within = (ages >= 22) & (ages <= 87)
    assert np.allclose(nfl_upper_limit(ages)[within], curve[within], rtol=0.02)


def test_without_an_age_or_a_limit_for_it_there_is_no_nfl_for_age():
    assert derive([event("plasma.nfl", 0, 20.0, episode_id="q")], NFL).empty
    assert derive([event("plasma.nfl", 0, 20.0, episode_id="r")], NFL).empty
    with pytest.raises(StudyError, match="age_years"):
        derive_events(table([event("plasma.nfl", 0, 20.0)]), EPISODES[["episode_id"]], [NFL])


# --- pairs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n, d in DERIVED.items() if len(d.inputs) == 2])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_pair_counts_up_to_its_limit_on_both_sides(name, side):
    leading, other = DERIVED[name].inputs
    hours = DERIVED[name].pairing.hours
    at = derive([event(leading, 0.1, 4.0), event(other, 0.1 + side * hours, 2.0)], name)
    beyond = derive(
        [event(leading, 0.1, 4.0), event(other, 0.1 + side * (hours + 0.01), 2.0)], name
    )
    assert at["value"].tolist() == [2.0]
    assert at["collected_h"].tolist() == [max(0.1, 0.1 + side * hours)]
    assert beyond.empty


def test_the_nearest_partner_is_taken_and_of_two_the_earlier():
    drawn = [event("csf.albumin", 10, 20.0)]
    nearer = [event("plasma.albumin", 4, 2.0), event("plasma.albumin", 11, 4.0, available_h=10)]
    assert derive(drawn + nearer, QUOTIENT)["value"].tolist() == [5.0]
    equal = [event("plasma.albumin", h, v, available_h=9.0) for h, v in ((8, 2.0), (12, 4.0))]
    assert derive(drawn + equal, QUOTIENT)["value"].tolist() == [10.0]


def test_of_two_that_share_a_later_partner_the_nearer_one_stands():
    rows = [
        event("csf.albumin", 0, 10.0),
        event("csf.albumin", 10, 20.0),
        event("plasma.albumin", 12, 4.0),
        event("csf.albumin", 0, 40.0, available_h=30, version=2.0),
    ]
    found = derive(rows, QUOTIENT)
    assert found[["collected_h", "available_h", "value"]].to_numpy().tolist() == [[12, 12, 5]]


def test_recordings_are_not_mixed():
    parts = [event("eeg.delta_relative", 1, 0.3), event("eeg.theta_relative", 1, 0.3)]
    assert derive([*parts, event("eeg.alpha_relative", 2, 0.3)], EEG).empty
    assert derive([*parts, event("eeg.alpha_relative", 1, 0.3, assay="icu")], EEG).empty


def test_platforms_are_not_mixed_and_can_be_named():
    csf, blood = event("csf.nfl", 0, 800.0, assay="simoa"), event("plasma.nfl", 0, 20.0)
    assert derive([csf, blood | {"assay": "ella"}], "csf.nfl_plasma_ratio").empty
    assert derive([csf, blood | {"assay": "simoa"}], "csf.nfl_plasma_ratio")["assay"][0] == "simoa"
    apart = [event("csf.nfl@simoa", 0, 800.0), event("plasma.nfl@simoa", 0, 20.0)]
    found = derive([*apart, event("plasma.nfl", 0, 1.0)], "csf.nfl_plasma_ratio@simoa")
    assert found["value"].tolist() == [40.0]
    assert found["analyte"].tolist() == ["nfl_plasma_ratio@simoa"]


def test_episodes_are_not_mixed():
    rows = [event("csf.albumin", 0, 20.0), event("plasma.albumin", 0, 4.0, episode_id="q")]
    assert derive(rows, QUOTIENT).empty


# --- clocks, versions, orders ---------------------------------------------------------------


def test_both_clocks_are_the_later_ones():
    rows = [
        event("csf.albumin", 10, 28.0, available_h=58),
        event("plasma.albumin", 12, 4.0, available_h=15),
    ]
    (found,) = derive(rows, QUOTIENT).to_dict("records")
    assert (found["collected_h"], found["available_h"], found["version"]) == (12.0, 58.0, 1.0)


def test_a_corrected_input_makes_a_new_version_and_leaves_the_old_one():
    rows = [
        event("csf.albumin", 10, 28.0, available_h=20),
        event("plasma.albumin", 10, 4.0, available_h=12),
        event("plasma.albumin", 10, 3.5, available_h=30, version=2.0),
    ]
    found = derive(rows, QUOTIENT)
    assert found["available_h"].tolist() == [20.0, 30.0]
    assert found["value"].tolist() == [7.0, 8.0]
    assert found["version"].tolist() == [1.0, 2.0]


def test_a_nearer_partner_that_is_known_later_makes_a_new_version():
    rows = [
        event("csf.albumin", 10, 28.0),
        event("plasma.albumin", 4, 4.0),
        event("plasma.albumin", 9, 3.5, available_h=40),
    ]
    found = derive(rows, QUOTIENT)
    assert found[["collected_h", "available_h", "value"]].to_numpy().tolist() == [
        [10.0, 10.0, 7.0],
        [10.0, 40.0, 8.0],
    ]


def test_what_the_laboratory_reported_is_not_derived_from_then_on():
    rows = [
        event("csf.albumin", 10, 28.0, available_h=20),
        event("plasma.albumin", 10, 4.0),
        event(QUOTIENT, 10, 7.4, available_h=30),
        event("plasma.albumin", 10, 3.5, available_h=31, version=2.0),
    ]
    assert derive(rows, QUOTIENT)["available_h"].tolist() == [20.0]
    for hour in (19.0, 20.0):
        assert derive([*rows[:2], rows[2] | {"available_h": hour}], QUOTIENT).empty


@pytest.mark.parametrize(
    ("csf", "serum", "expected"),
    [
        ("protocol", "protocol", "protocol"), ("prophylaxis", "protocol", "prophylaxis"),
        ("protocol", "clinical", "clinical"), ("unknown", "prophylaxis", "unknown"),
        ("clinical", "unknown", "clinical"),
    ],
)  # fmt: skip
def test_the_more_restrictive_order_counts(csf, serum, expected):
    rows = [
        event("csf.albumin", 0, 28.0, ordered_as=csf),
        event("plasma.albumin", 0, 4.0, ordered_as=serum),
    ]
    assert derive(rows, QUOTIENT)["ordered_as"].tolist() == [expected]


@pytest.mark.parametrize(
    ("csf", "serum", "expected"),
    [("<", "", ["<"]), ("", "<", [">"]), (">", "<", [">"]), ("", ">", ["<"]), ("<", "<", [])],
)
def test_a_censored_input_opens_the_value_on_its_side(csf, serum, expected):
    rows = [
        event("csf.albumin", 0, 28.0, censored=csf),
        event("plasma.albumin", 0, 4.0, censored=serum),
    ]
    assert derive(rows, QUOTIENT)["censored"].tolist() == expected


def test_a_zero_below_gives_nothing_and_a_zero_above_gives_zero():
    csf, serum = event("csf.albumin", 0, 28.0), event("plasma.albumin", 0, 0.0)
    assert derive([csf, serum], QUOTIENT).empty
    found = derive([csf | {"value": 0.0}, serum | {"value": 4.0}], QUOTIENT)
    assert found["value"].tolist() == [0.0]


def test_several_are_derived_in_the_order_asked_for_and_once():
    rows = [
        event("csf.albumin", 0, 28.0), event("plasma.albumin", 0, 4.0),
        event("plasma.ang2", 0, 3.0), event("plasma.ang1", 0, 30.0),
    ]  # fmt: skip
    found = derive(rows, ANG, QUOTIENT, ANG)
    assert found["analyte"].tolist() == ["ang2_ang1_ratio", "albumin_quotient"]
    assert derive([], ANG).columns.tolist() == list(EVENTS)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(StudyError, match="ang2_ang1_ratio"):
        derive([], "plasma.ang1_ang2_ratio")

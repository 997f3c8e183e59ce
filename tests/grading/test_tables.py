import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.strategies import crs_rows, icans_rows, to_crs_findings, to_icans_findings
from icans_risk.cohort import EPISODES, GRADES
from icans_risk.errors import GradingError
from icans_risk.grading import (
    CRS_COLUMNS,
    ICANS_COLUMNS,
    CapdRules,
    Consciousness,
    Hypotension,
    Motor,
    grade_crs,
    grade_crs_table,
    grade_icans,
    grade_icans_table,
)


def joined(values):
    return "; ".join(str(value) for value in values)


def number(value):
    return None if np.isnan(value) else int(value)


@settings(max_examples=150)
@given(st.lists(icans_rows(), min_size=1, max_size=12), st.sampled_from([0, 1, 3]))
def test_the_icans_table_agrees_with_the_scalar_function(rows, low_from):
    rules = CapdRules(low_from=low_from)
    table = grade_icans_table(pd.DataFrame(rows, columns=list(ICANS_COLUMNS)), capd_rules=rules)
    for row, line in zip(rows, table.to_dict("records"), strict=True):
        graded = grade_icans(to_icans_findings(row), capd_rules=rules)
        assert line.pop("icans_not_gradable_because") == (graded.not_gradable_because or "")
        for name, value in {
            "icans_grade": graded.grade,
            "icans_at_most": graded.at_most,
            "icans_unadjusted_grade": graded.unadjusted_grade,
        }.items():
            assert number(line.pop(name)) == value, name
        assert line == {
            "deciding_domain": joined(graded.deciding_domains),
            "icans_not_assessed": joined(graded.not_assessed),
            "icans_not_counted": joined(graded.not_counted),
            "icans_flags": joined(graded.flags),
        }


@settings(max_examples=150)
@given(st.lists(crs_rows, min_size=1, max_size=12))
def test_the_crs_table_agrees_with_the_scalar_function(rows):
    table = grade_crs_table(pd.DataFrame(rows))
    for row, line in zip(rows, table.to_dict("records"), strict=True):
        graded = grade_crs(to_crs_findings(row))
        assert number(line.pop("crs_grade")) == graded.grade
        assert line == {
            "crs_deciding_domain": joined(graded.deciding_domains),
            "crs_not_assessed": joined(graded.not_assessed),
            "crs_not_counted": joined(graded.not_counted),
            "crs_not_gradable_because": graded.not_gradable_because or "",
        }


def test_absent_columns_are_not_assessed():
    table = grade_icans_table(pd.DataFrame({"seizure": ["longer than 5 minutes", None]}))
    assert table["icans_grade"].tolist()[0] == 4
    assert np.isnan(table["icans_grade"].tolist()[1])
    assert table["icans_not_assessed"].tolist() == [
        "ice; consciousness; motor; pressure",
        "ice; consciousness; seizure; motor; pressure",
    ]


def test_the_index_and_the_input_are_kept():
    findings = pd.DataFrame({"ice_total": [10, 4], "site": ["a", "b"]}, index=["x", "y"])
    before = findings.copy()
    assert list(grade_icans_table(findings).index) == ["x", "y"]
    pd.testing.assert_frame_equal(findings, before)


def test_an_empty_table_gives_an_empty_table():
    assert grade_icans_table(pd.DataFrame({"ice_total": []})).empty
    assert grade_crs_table(pd.DataFrame({"has_fever": []})).empty


@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_words_may_come_in_any_text_type(dtype):
    words = pd.Series([Motor.DEEP_FOCAL_WEAKNESS.value, None, "none"], dtype=dtype)
    assert grade_icans_table(pd.DataFrame({"ice_total": 10, "motor": words}))[
        "icans_grade"
    ].tolist() == [4, 0, 0]


@pytest.mark.parametrize("dtype", ["object", "boolean", "float64"])
def test_flags_may_come_in_any_type_that_can_be_missing(dtype):
    flags = pd.Series([1, 0, None], dtype="float64").astype("boolean").astype(dtype)
    graded = grade_crs_table(pd.DataFrame({"has_fever": flags}))
    assert graded["crs_grade"].tolist()[:2] == [1, 0]
    assert np.isnan(graded["crs_grade"].tolist()[2])


def test_halves_follow_the_stated_rule():
    findings = pd.DataFrame({"ice_total": [6.5]})
    assert grade_icans_table(findings, half="floor")["icans_grade"].tolist() == [2]
    assert grade_icans_table(findings, half="ceil")["icans_grade"].tolist() == [1]
    with pytest.raises(GradingError, match="halves need the rule"):
        grade_icans_table(findings)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"ice_total": [3, 11]}, r"'ice_total' must lie in 0\.\.10; 1 of 2 cells .*positions 1\)"),
        ({"ice_total": [-1]}, r"must lie in 0\.\.10"),
        ({"ice_total": ["7 Smith"]}, "must be a number"),
        ({"ice_total": [True]}, "must be a number"),
        ({"ice_naming": [4]}, r"must lie in 0\.\.3"),
        ({"ice_total": [9], "ice_naming": [3]}, "must be the sum of the items"),
        ({"ice_total": [9], "capd_total": [3]}, "must be empty beside CAPD"),
        ({"ice_writing": [1], "capd_unable": [True]}, "must be empty beside CAPD"),
        ({"capd_total": [9], "capd_unable": [True]}, "must be empty where capd_unable"),
        ({"motor": ["Smith fell"]}, r"'motor' must be one of \['none'"),
        ({"ice_total": [9], "cns_tumour": ["yes"]}, "must be true or false"),
        ({"ice_total": [9], "last_grade": [5]}, r"must lie in 0\.\.4"),
        ({"ice_total": [9], "motor_attribution": ["crs"]}, "must be one of"),
        ({"age": [40]}, "at least one of"),
        ({"ice_total": [9], "seizures": ["none"]}, "'seizures' has no meaning, but 'seizure' has"),
    ],
)
def test_what_cannot_be_read_is_refused_by_position_only(columns, message):
    with pytest.raises(GradingError, match=message) as caught:
        grade_icans_table(pd.DataFrame(columns))
    assert "Smith" not in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"temperature_c": [98.6]}, r"must lie in 25\.\.45"),
        ({"hypotension": ["low"]}, "must be one of"),
        ({"ice_total": [9]}, "at least one of"),
        ({"temperature": [38.0], "oxygen": ["none"]}, "but 'temperature_c' has"),
    ],
)
def test_a_crs_table_that_cannot_be_read_is_refused(columns, message):
    with pytest.raises(GradingError, match=message):
        grade_crs_table(pd.DataFrame(columns))


@pytest.mark.parametrize(
    ("total", "unable", "expected", "unadjusted"),
    [(12, None, 0, 3), (13, None, 3, 3), (None, True, 4, 4)],
)
def test_capd_at_its_baseline_does_not_count(total, unable, expected, unadjusted):
    findings = {"capd_total": [total], "capd_unable": [unable], "capd_baseline": [12]}
    graded = grade_icans_table(pd.DataFrame(findings))
    assert graded["icans_grade"].tolist() == [expected]
    assert graded["icans_unadjusted_grade"].tolist() == [unadjusted]


def test_the_columns_of_a_cohort_are_not_taken_for_misspelt_findings():
    columns = {name: [None] for name in (*EPISODES, *GRADES)} | {"has_fever": [True]}
    findings = pd.DataFrame(columns | {"ice_total": [9]})
    assert grade_icans_table(findings)["icans_grade"].tolist() == [1]
    assert grade_crs_table(findings)["crs_grade"].tolist() == [1]


def test_a_column_that_stands_twice_is_refused():
    with pytest.raises(GradingError, match="stand twice"):
        grade_icans_table(pd.DataFrame([[9, 8]], columns=["ice_total", "ice_total"]))


def test_one_table_may_hold_both_syndromes():
    columns = {name: [None] for name in (*ICANS_COLUMNS, *CRS_COLUMNS)}
    findings = pd.DataFrame(columns).assign(
        ice_total=4,
        temperature_c=38.2,
        hypotension=Hypotension.NONE.value,
        consciousness=Consciousness.AWAKENS_TO_VOICE.value,
    )
    assert grade_icans_table(findings)["icans_grade"].tolist() == [2]
    assert grade_crs_table(findings)["crs_grade"].tolist() == [1]

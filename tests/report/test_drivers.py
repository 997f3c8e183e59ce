import math

import pytest

from icans_risk.errors import ExplanationError
from icans_risk.report import patient_report, render_patient
from report.examples import CONTRIBUTIONS, NAN, RUN, answered, contributions, logit
from report.parsing import parse


def page_of(episode):
    return parse(render_patient(patient_report(RUN, episode)))


def test_base_and_contributions_add_up_to_the_printed_risk_on_the_page():
    page = page_of(answered(0.143))
    values = [float(page.text(mark).replace("−", "-")) for mark in ("base-logit", "sum-logit")]
    printed = float(page.text("risk-logit").replace("−", "-"))
    assert sum(values) == pytest.approx(printed, abs=2e-3)
    assert printed == pytest.approx(logit(0.143), abs=1e-3)
    assert "the logit of the printed risk 0.143" in page.text("sum")


@pytest.mark.parametrize("off", [0.001, NAN])
def test_contributions_that_do_not_add_up_are_refused(off):
    wrong = contributions(CONTRIBUTIONS | {"plasma.ldh": off})
    with pytest.raises(ExplanationError, match="add up"):
        patient_report(RUN, answered(contributions=wrong))


def test_contributions_that_are_not_folded_are_refused():
    table = contributions(CONTRIBUTIONS)
    twice = table.assign(analyte=table["analyte"].replace("plasma.crp", "plasma.ldh"))
    with pytest.raises(ExplanationError, match="one row per analyte"):
        patient_report(RUN, answered(contributions=twice))


def test_at_most_five_each_way_are_named_and_the_rest_stand_together():
    up = {f"plasma.u{i}": 0.1 * (i + 1) for i in range(7)}
    down = {f"plasma.d{i}": -0.1 * (i + 1) for i in range(8)}
    table = contributions(up | down)
    base = logit(0.143) - table["contribution_logit"].sum()
    rows = patient_report(RUN, answered(contributions=table, base_logit=base))["drivers"]["rows"]
    assert [row["label"] for row in rows] == [
        *(f"plasma.u{i}" for i in (6, 5, 4, 3, 2)),
        *(f"plasma.d{i}" for i in (7, 6, 5, 4, 3)),
        "All other inputs together",
    ]
    assert math.fsum(row["logit"] for row in rows) + base == pytest.approx(logit(0.143))
    assert max(abs(row["share"]) for row in rows) == 1
    assert rows[-1]["count"] == "5 inputs"


def test_each_driver_says_in_words_what_it_does_and_what_it_was():
    rows = {row["label"]: row for row in patient_report(RUN, answered())["drivers"]["rows"]}
    assert rows["CRS grade (ASTCT)"]["effect"] == "raises the estimate"
    assert rows["CRS grade (ASTCT)"]["odds"] == "1.86"
    assert rows["Age"]["effect"] == "lowers the estimate"
    (crp,) = rows["C-reactive protein"]["parts"]
    assert crp["value"] == "12.25 mg/dL, 18 h old"
    assert crp["collected"] + " " + crp["came"] == "collected 54 h (day 2), available 55.5 h"


def test_a_missing_input_that_moved_the_model_reads_not_measured():
    table = contributions(CONTRIBUTIONS | {"plasma.ldh": 0.3})
    base = logit(0.143) - table["contribution_logit"].sum()
    rows = patient_report(RUN, answered(contributions=table, base_logit=base))["drivers"]["rows"]
    (ldh,) = {row["label"]: row for row in rows}["Lactate dehydrogenase"]["parts"]
    assert (ldh["value"], ldh["sentence"], ldh["trend"]) == ("not measured", "", None)


def test_a_model_without_inputs_is_explained_by_its_start_alone():
    episode = answered(contributions=contributions({}), base_logit=logit(0.143))
    page = page_of(episode)
    assert "hardly move that and leave it at about 14 of 100" in page.text("sum-in-words")

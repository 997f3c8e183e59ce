import dataclasses
import json
import re
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from icans_risk.errors import IcansRiskError, LeakageError
from icans_risk.report import AnalyteText, Rate, patient_report, render_patient
from report.examples import (
    INPUTS,
    NAN,
    RUN,
    answered,
    silent,
)
from report.make_golden import GOLDEN, golden_text
from report.parsing import parse

ALWAYS = {
    "research-use",
    "header",
    "limits",
    "basis",
    "completeness",
    "performance",
    "verdict",
    "simpler",
    "not-said",
    "model",
}
ANSWERED = {"base-rates", "estimate", "risk", "range", "held-out", "icon-array", "drivers", "sum"}


def page_of(episode, run=RUN, **kwargs):
    return parse(render_patient(patient_report(run, episode), **kwargs))


def test_an_answered_page_has_its_sections_in_the_order_that_puts_limits_first():
    page = page_of(answered())
    assert set(page.texts) >= ALWAYS | ANSWERED
    assert "no-estimate" not in page.texts
    order = ["limits", "basis", "base-rates", "estimate", "drivers", "performance", "not-said"]
    assert [mark for mark in page.texts if mark in order] == order


@pytest.mark.parametrize("status", RUN.reasons)
def test_an_abstention_shows_its_reason_and_no_number_of_anybodys_risk(status):
    page = page_of(silent(status, product="axi-cel"))
    assert set(page.texts) >= ALWAYS | {"no-estimate"}
    assert not ANSWERED & set(page.texts)
    assert RUN.reasons[status] in page.text("no-estimate")
    assert "No estimate does not mean low risk." in page.text("no-estimate")
    assert "of 100 patients" not in page.everything


def test_an_unknown_status_is_refused():
    with pytest.raises(IcansRiskError, match="'lost'"):
        patient_report(RUN, silent("lost"))


def test_the_page_has_no_script_no_handler_and_nothing_to_fetch():
    for episode in (answered(), silent()):
        html = render_patient(patient_report(RUN, episode))
        tags = {tag for tag, _ in parse(html).elements}
        names = {name for _, attrs in parse(html).elements for name, _ in attrs}
        assert not tags & {"script", "link", "img", "iframe", "object", "form", "base", "use"}
        assert not {name for name in names if name.startswith("on") or name in {"src", "style"}}
        assert not re.search(r"https?://|//[a-z]|url\(|@import", html)
        assert "default-src 'none'" in html


def test_the_templates_never_switch_escaping_off():
    folder = Path(__file__).parents[2] / "src" / "icans_risk" / "report" / "templates"
    for template in folder.glob("*.j2"):
        assert not re.search(r"\|\s*safe|autoescape", template.read_text(encoding="utf-8"))


def test_every_section_carries_a_mark_and_a_heading():
    for tag, attrs in page_of(answered()).elements:
        if tag == "section":
            assert {"data-test", "aria-labelledby"} <= dict(attrs).keys()


def test_headings_do_not_skip_a_level():
    levels = [int(tag[1]) for tag, _ in page_of(answered()).elements if re.match(r"h\d$", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_risk_reads_as_whole_patients_and_the_picture_agrees():
    page = page_of(answered(0.143, risk_low=0.086, risk_high=0.22))
    assert page.text("risk") == "About 14 of 100 patients like this"
    assert page.text("range") == "Range: 9 to 22 of 100. Model uncertainty only."
    assert "0.143, range 0.086 to 0.220" in page.text("estimate")
    assert "14 of 100 figures are filled" in page.text("icon-array")
    figures = [attrs for tag, attrs in page.elements if tag == "g"]
    assert len(figures) == 100
    assert sum(dict(attrs)["fill"] != "#ffffff" for attrs in figures) == 14


def test_a_tiny_risk_reads_fewer_than_one_and_fills_no_figure():
    page = page_of(answered(0.004))
    assert page.text("risk") == "Fewer than 1 of 100 patients like this"
    assert "0 of 100 figures are filled" in page.text("icon-array")


def test_the_page_says_that_the_estimate_is_held_out_and_what_its_range_leaves_out():
    said = page_of(answered()).text("held-out")
    assert "none of which saw this patient" in said
    assert (
        "It leaves out what a larger cohort would teach, and differences between hospitals" in said
    )


def test_a_range_that_was_not_computed_reads_not_estimable():
    page = page_of(answered(risk_low=NAN, risk_high=NAN))
    assert page.text("range") == "Range: not estimable. Model uncertainty only."


@pytest.mark.parametrize(
    ("risk", "low", "high"), [(0.2, 0.3, 0.4), (0.0, 0.0, 0.1), (1.2, 0.1, 1.3)]
)
def test_a_risk_outside_its_range_or_outside_zero_to_one_is_refused(risk, low, high):
    episode = dataclasses.replace(answered(0.5), risk=risk, risk_low=low, risk_high=high)
    with pytest.raises(IcansRiskError, match="0 < risk_low <= risk"):
        patient_report(RUN, episode)


def test_times_are_said_in_hours_and_in_days_counted_from_zero():
    page = page_of(answered())
    assert page.text("landmark").startswith("72 h after infusion (end of day 2)")
    assert "the day of infusion, which is day 0" in page.text("landmark")
    assert page.text("horizon") == "336 h after infusion (end of day 13)"


def test_each_input_shows_its_latest_value_both_times_and_its_age():
    rows = {row["label"]: row for row in patient_report(RUN, answered())["basis"]["rows"]}
    ferritin = rows["Ferritin"]
    assert ferritin["value"] == "1,834 ng/mL"
    assert ferritin["describes"] == "54 h (day 2)"
    assert ferritin["available"] == "60 h"
    assert ferritin["age"] == "18 h"
    assert rows["C-reactive protein"]["value"] == "12.25 mg/dL"
    assert rows["CRS grade (ASTCT)"]["value"] == "2"
    assert rows["Age"]["value"] == "63 years"


def test_values_from_after_treatment_are_counted_and_marked_in_words():
    page = page_of(answered())
    assert page.text("treatment").startswith(
        "3 of the 5 values that were used were collected after"
    )
    assert page.text("basis").count("after treatment") == 2 * 3 + 1
    assert "Values taken after a drug against inflammation" in page.text("doubts")

    untreated = page_of(answered(inputs=INPUTS.assign(after_treatment=False)))
    assert "treatment" not in untreated.texts
    assert "after treatment" not in untreated.text("basis")


def test_a_dose_from_which_on_nothing_counts_is_named_and_is_no_input():
    dose = {"modality": "treatment", "analyte": "steroid", "value": 1.0, "after_treatment": False}
    rows = [
        *INPUTS.iloc[[0, 2]].to_dict("records"),
        dose | {"collected_h": 31.0, "available_h": 32},
    ]
    run = dataclasses.replace(
        RUN, cutting={"treatment.steroid": AnalyteText(label="Steroid given")}
    )

    report = patient_report(run, answered(inputs=pd.DataFrame(rows)))

    assert report["basis"]["treatment"] == [
        "What was collected later than 31 h after infusion (day 1) does not count, because of "
        "treatment then: Steroid given."
    ]
    assert "of the 6 inputs" in report["basis"]["summary"]
    labels = [row["label"] for row in report["basis"]["rows"] + report["basis"]["more"]]
    assert "Steroid given" not in labels
    assert "Steroid given" in [row["label"] for row in report["basis"]["every_value"]]


def test_a_page_says_whether_treatments_are_inputs():
    assert "Treatments given are not inputs of the model." in page_of(answered()).text("drugs")
    steroid = {"treatment.steroid": AnalyteText(label="Steroid given")}
    run = dataclasses.replace(RUN, analytes={**RUN.analytes, **steroid})
    episode = answered(values={"treatment.steroid": "not given"})
    page = page_of(episode, run)
    assert "Treatments given by the landmark are inputs of the model." in page.text("drugs")
    assert "Steroid given" not in page.text("missing")
    rows = {row["label"]: row for row in patient_report(run, episode)["basis"]["rows"]}
    assert (rows["Steroid given"]["value"], rows["Steroid given"]["describes"]) == ("not given", "")


def test_what_is_missing_is_named_as_not_measured():
    page = page_of(answered())
    assert "Not measured: Lactate dehydrogenase." in page.text("missing")
    assert "5 of the 6 inputs that the model knows were available." in page.text("completeness")


def test_inputs_beyond_the_first_ten_are_folded_but_the_missing_ones_are_still_named():
    many = {f"plasma.m{i}": AnalyteText(label=f"Marker {i}") for i in range(12)}
    run = dataclasses.replace(RUN, analytes={**RUN.analytes, **many})
    report = patient_report(run, answered())
    assert (len(report["basis"]["rows"]), len(report["basis"]["more"])) == (10, 8)
    assert "Marker 11" in parse(render_patient(report)).text("missing")


def test_a_known_product_is_an_input_even_without_a_column_of_that_name():
    rows = patient_report(RUN, silent(product="axi-cel"))["basis"]["rows"]
    assert {row["label"]: row["value"] for row in rows}["CAR T-cell product"] == "axi-cel"


def test_an_input_from_after_the_landmark_is_refused():
    late = INPUTS.assign(available_h=[24.0, 72.0, 31.5, 72.5, 60.0])
    with pytest.raises(LeakageError, match="1 of 5 rows"):
        patient_report(RUN, answered(inputs=late))


def test_the_base_rate_of_the_same_product_stands_before_that_of_all():
    report = patient_report(RUN, answered())
    assert [(r["group"], r["words"]) for r in report["base_rates"]] == [
        ("Same product (axi-cel)", "14 of 50 patients, about 28 of 100"),
        ("All patients of the study", "17 of 76 patients, about 22 of 100"),
    ]


def test_fewer_than_ten_similar_patients_are_too_few_for_a_rate():
    rates = patient_report(RUN, answered(product="brexu-cel"))["base_rates"]
    assert rates[0]["words"] == "3 of 4 patients: too few to give a rate"
    assert rates[0]["share"] is None


@pytest.mark.parametrize(
    ("product", "words"), [(None, "The product is not recorded."), ("new", "No such patients.")]
)
def test_an_unknown_product_has_no_rate_of_its_own(product, words):
    assert patient_report(RUN, answered(product=product))["base_rates"][0]["words"] == words


def test_the_page_says_plainly_when_something_simpler_does_as_well():
    said = "Something simpler does as well: “Product and current CRS grade” (AUROC 0.73"
    page = page_of(answered())
    assert said in page.text("limits")
    assert said in page.text("performance")


def test_a_lead_within_the_intervals_is_said_to_be_perhaps_chance():
    run = dataclasses.replace(RUN, comparators=[("Product alone", 0.64, 0.53, 0.75)])
    page = page_of(answered(), run)
    assert "“Product alone” (AUROC 0.64 against 0.71). Their intervals overlap" in page.everything
    assert "does as well" not in page.everything


def test_what_cannot_be_estimated_never_reads_nan():
    nothing = (NAN, NAN, NAN)
    run = dataclasses.replace(
        RUN,
        metrics={"auroc": nothing, "brier": (0.1, NAN, 0.2)},
        comparators=[("Product alone", *nothing)],
        product_rates={"axi-cel": Rate(n=0, events=0)},
    )
    for episode in (answered(), silent()):
        text = page_of(episode, run).everything
        assert not re.search(r"\b(nan|NaN|None|inf|Undefined)\b", text)
        assert "AUROC not estimable" in text
        assert "0.10 (95 % interval not estimable)" in text


def test_the_sample_size_verdict_and_the_policies_are_printed_verbatim():
    page = page_of(answered())
    assert page.text("verdict") == RUN.sample_size_verdict
    assert RUN.observation_policy in page.text("training")
    assert RUN.treatment_policy in page.text("training")


def test_notes_of_the_run_stand_among_the_limits():
    run = dataclasses.replace(RUN, notes=["Presence of a test is used: informative."])
    assert "Presence of a test is used: informative." in page_of(silent(), run).text("limits")


def test_a_caveat_stands_before_all_limits():
    run = dataclasses.replace(RUN, caveats=["Presence is informative."])
    assert page_of(silent(), run).text("limits").startswith("Limits first Presence is informative.")


def test_the_page_gives_no_advice_and_no_words_of_urgency():
    for episode in (answered(0.9, risk_high=0.95), silent()):
        text = page_of(episode).everything.lower()
        for word in (
            "urgent",
            "alert",
            "immediately",
            "dexamethasone",
            "tocilizumab",
            "you should",
        ):
            assert word not in text


def test_a_synthetic_run_says_so_on_top_and_a_real_one_does_not():
    synthetic = dataclasses.replace(RUN, data_kind="synthetic")
    for episode in (answered(), silent()):
        assert "SYNTHETIC DATA" in page_of(episode, synthetic).text("synthetic")
        assert "synthetic" not in page_of(episode).everything.lower()


def test_the_title_of_the_window_holds_no_identifier():
    html = render_patient(patient_report(RUN, answered(episode_id="MRN-5551234")))
    title = html.partition("<title>")[2].partition("</title>")[0]
    assert title == "ICANS risk: one patient (research use only)"
    assert "5551234" not in title


def test_a_lone_page_has_no_link():
    report = patient_report(RUN, answered())
    assert not [t for t, _ in parse(render_patient(report, has_index=False)).elements if t == "a"]


def test_the_report_is_the_golden_one():
    assert json.loads(golden_text()) == json.loads(GOLDEN.read_text(encoding="utf-8"))

"""A patient over several landmarks, and all patients of one together."""

import dataclasses

import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.report import (
    cohort_report,
    overview_report,
    page_name,
    patient_report,
    render_cohort,
    render_overview,
    render_ward,
    ward_report,
)
from icans_risk.report.messages import LANGUAGES, load_messages
from icans_risk.workflow.reasons import REASONS
from report.examples import INPUTS, RUN, answered, silent
from report.parsing import parse

SYNTHETIC = {"data_kind": "synthetic"}


def ward(*episodes, landmark_h=72.0, before=None, **changes):
    run = dataclasses.replace(RUN, landmark_h=landmark_h, **changes)
    known = INPUTS[INPUTS["available_h"] <= landmark_h]
    reports = {
        page_name(i): patient_report(
            run, e if e.status != "answered" else dataclasses.replace(e, inputs=known)
        )
        for i, e in enumerate(episodes, start=1)
    }
    return ward_report(run, reports, before=before)


def two_landmarks(**changes):
    early = ward(answered(0.14), answered(0.30), silent(), silent(), landmark_h=48, **changes)
    late = ward(answered(0.25), silent(), answered(0.10), silent(), before=early, **changes)
    return {"48h": early, "72h": late}


def links(html):
    return [dict(attrs)["href"] for tag, attrs in parse(html).elements if tag == "a"]


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (answered(0.25), answered(0.143), "11 more than at 48 h"),
        (answered(0.143), answered(0.25), "11 fewer than at 48 h"),
        (answered(0.141), answered(0.139), "as many as at 48 h"),
        (answered(0.25), silent(), "no estimate at 48 h"),
        (silent(), answered(0.143), "about 14 of 100 at 48 h"),
        (silent(), silent(), "no estimate at 48 h"),
    ],
)
def test_a_change_is_that_of_the_counts_as_printed(now, then, words):
    before = ward(then, landmark_h=48)
    (row,) = ward(now, before=before)["rows"]
    assert row["change"] == words


def test_the_first_landmark_has_no_change_and_no_column_for_it():
    report = ward(answered())
    assert report["since"] is None
    assert report["rows"][0]["change"] == ""
    assert "Since" not in parse(render_ward(report)).text("patients")


def test_a_later_landmark_says_that_the_model_may_have_changed():
    page = parse(render_ward(two_landmarks()["72h"]))
    assert "or the model: each landmark has its own" in page.text("since-note")
    assert page.texts["change"][0] == "about 30 of 100 at 48 h"


def test_a_row_says_how_old_its_values_are():
    assert ward(answered())["rows"][0]["ages"] == "0 h to 18 h"
    assert ward(silent())["rows"][0]["ages"] == "not measured"


def test_the_overview_goes_by_the_last_landmark_the_unanswered_first():
    report = overview_report(two_landmarks())
    pages = [row["cells"][-1]["page"] for row in report["rows"]]
    assert pages == [f"72h/patient-{n:03d}.html" for n in (2, 4, 1, 3)]
    assert report["counts"] == "4 patients at 2 landmarks."
    assert [(row["with"], row["without"]) for row in report["landmarks"]] == [(2, 2), (2, 2)]


def test_a_row_of_the_overview_shows_every_landmark():
    rows = overview_report(two_landmarks())["rows"]
    assert [(cell["words"], cell["detail"]) for cell in rows[0]["cells"]] == [
        ("About 30 of 100", "range 18 to 36"),
        ("No estimate", "no data before landmark"),
    ]


def test_the_overview_links_only_to_pages_below_it():
    html = render_overview(overview_report(two_landmarks()), has_study=True)
    assert set(links(html)) == {
        f"{hours}h/{page}.html"
        for hours in (48, 72)
        for page in (
            "index", "cohort", "study", "quality", *(f"patient-00{n}" for n in (1, 2, 3, 4))
        )
    }  # fmt: skip


@pytest.mark.parametrize("name", ["javascript:x", "../72h", "72h/x", "<b>", ""])
def test_the_name_of_a_landmark_is_its_hours_and_nothing_else(name):
    report = overview_report({"48h": ward(answered(), landmark_h=48), name: ward(answered())})
    with pytest.raises(IcansRiskError, match="called like 72h"):
        render_overview(report)


def test_the_lists_use_no_words_of_triage():
    texts = [parse(render_overview(overview_report(two_landmarks()))).everything]
    texts += [parse(render_ward(two_landmarks()["72h"])).everything]
    texts += [parse(render_cohort(cohort_report(ward(answered(0.9, risk_high=0.95))))).everything]
    for text in texts:
        lower = text.lower().replace("no order of urgency", "").replace("not an order of", "")
        for word in ("urgent", "priority", "critical", "high risk", "triage", "alarm", "worse"):
            assert word not in lower


def test_every_patient_is_in_one_band_and_the_highest_in_the_last():
    risks = (0.005, 0.099, 0.1, 0.55, 0.995)
    report = cohort_report(ward(*(answered(r, risk_low=r / 2, risk_high=0.999) for r in risks)))
    counted = {row["band"]: row["patients"] for row in report["bands"]}
    assert counted["0 to under 10"] == 2
    assert counted["10 to under 20"] == 1
    assert counted["50 to under 60"] == 1
    assert counted["90 to 100"] == 1
    assert sum(counted.values()) == 5
    assert report["sum"] == (
        "The estimates of these 5 patients add up to 1.7 who are expected to reach the "
        "endpoint: 35 of 100 on average."
    )


def test_reasons_are_counted_the_most_frequent_first():
    report = cohort_report(
        ward(silent("unlike_training"), answered(), silent(), silent("unlike_training"))
    )
    assert [(row["code"], row["patients"]) for row in report["reasons"]] == [
        ("unlike training", 2),
        ("no data before landmark", 1),
    ]
    assert report["reasons"][0]["reason"] == RUN.reasons["unlike_training"]


def test_products_say_who_was_answered_and_how_estimates_spread():
    report = cohort_report(
        ward(answered(0.1), answered(0.3), silent(product="axi-cel"), silent(product=None))
    )
    first, second = report["products"]
    assert (first["product"], first["patients"], first["with"]) == ("axi-cel", 3, 2)
    assert first["spread"] == "median 20 of 100, from 10 to 30"
    assert first["why"] == "no data before landmark 1"
    assert (second["product"], second["spread"], second["risks"]) == ("not recorded", "", [])


def test_where_nobody_has_an_estimate_nothing_is_drawn():
    page = parse(render_cohort(cohort_report(ward(silent()))))
    assert "says nothing about anybody's risk" in page.text("nobody")
    assert "svg" not in {tag for tag, _ in page.elements}
    assert "sum" not in page.texts


def test_the_cohort_view_names_no_patient():
    assert "AX-017" not in render_cohort(cohort_report(ward(answered(), silent())))


def test_the_synthetic_banner_is_on_the_overview_and_on_the_cohort_view():
    wards = two_landmarks(**SYNTHETIC)
    assert "SYNTHETIC DATA" in parse(render_overview(overview_report(wards))).text("synthetic")
    assert "SYNTHETIC DATA" in parse(render_cohort(cohort_report(wards["72h"]))).text("synthetic")


def test_the_ward_leads_to_the_cohort_view_and_to_the_overview():
    html = render_ward(ward(answered()), has_cohort=True, has_overview=True, has_quality=False)
    assert links(html) == ["../index.html", "cohort.html", "patient-001.html"]


def german_pages():
    reports = {
        name: patient_report(RUN, episode, language="de")
        for name, episode in ((page_name(1), answered()), (page_name(2), silent()))
    }
    before = ward_report(RUN, reports)
    late = ward_report(RUN, reports, before=before)
    return [
        render_ward(late, has_study=True, has_cohort=True, has_overview=True),
        render_overview(overview_report({"48h": before, "72h": late}), has_study=True),
        render_cohort(cohort_report(late)),
    ]


def test_lists_are_in_the_language_of_the_pages_that_they_list():
    english = {
        text
        for key, text in load_messages("en").items()
        if key.partition(".")[0] in ("lists", "overview", "cohort", "codes", "limits", "header")
        and "{" not in text
        and text != load_messages("de")[key]
        and len(text) > 8
    }
    for html in german_pages():
        page = parse(html)
        assert ("html", (("lang", "de"),)) in page.elements
        words = page.everything
        assert "Patienten" in words
        assert not [text for text in english if text in words]


def test_german_lists_say_numbers_and_changes_in_german():
    ward_page, overview_page, cohort_page = map(parse, german_pages())
    assert "so viele wie bei 72 h" in ward_page.everything
    assert "2 Patienten an 2 Blickpunkten." in overview_page.text("counts")
    assert "ergeben zusammen 0,1" in cohort_page.text("sum")
    assert load_messages("de")["codes.no_data_before_landmark"] in cohort_page.text("reasons")


def test_every_status_has_its_words_in_both_languages():
    for language in LANGUAGES:
        assert {f"codes.{code}" for code in REASONS} <= set(load_messages(language))

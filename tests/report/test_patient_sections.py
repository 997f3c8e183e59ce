"""What stands in each part of a patient page, asked through its marks."""

import dataclasses

import pandas as pd
import pytest

from icans_risk.errors import IcansRiskError, LeakageError
from icans_risk.report import Rate, patient_report, render_patient
from report.examples import CONTRIBUTIONS, INPUTS, NAN, contributions, logit
from report.full_example import FULL_RUN, GRADES, STABLE, TAKEN, full, full_silent
from report.parsing import parse

EVERYWHERE = {
    "research-use", "header", "landmark", "horizon", "valid-until", "model-facts", "limits",
    "basis", "completeness", "kinds", "timeline", "pending", "drugs", "grades", "absent",
    "unranked", "doubts", "performance", "nearest", "not-said", "model",
}  # fmt: skip
WITH_A_NUMBER = {
    "base-rates", "estimate", "risk", "range", "icon-array", "held-out", "drivers", "stability",
    "course", "course-words", "sum",
}  # fmt: skip


def report_of(episode, run=FULL_RUN, **options):
    return patient_report(run, episode, **options)


def page_of(episode, run=FULL_RUN, **options):
    return parse(render_patient(report_of(episode, run), **options))


def driver(report, label):
    (row,) = [row for row in report["drivers"]["rows"] if row["label"].startswith(label)]
    return row


def test_every_part_stands_on_an_answered_page_and_none_with_a_number_on_another():
    assert set(page_of(full()).texts) >= EVERYWHERE | WITH_A_NUMBER
    marks = set(page_of(full_silent()).texts)
    assert marks >= EVERYWHERE | {"no-estimate", "reason"}
    assert not marks & WITH_A_NUMBER


def test_completeness_and_age_stand_above_the_number():
    order = list(page_of(full()).texts)
    assert order.index("completeness") < order.index("kinds") < order.index("base-rates")
    assert order.index("base-rates") < order.index("risk")


@pytest.mark.parametrize(
    ("landmarks", "said"),
    [
        ((72.0, 84.0), "84 h after infusion (day 3): then the study asks again"),
        ((72.0,), "96 h after infusion (end of day 3): 24 h after the landmark"),
        ((72.0, 144.0), "96 h after infusion (end of day 3): 24 h after the landmark"),
    ],
)
def test_an_estimate_is_valid_until_the_next_landmark_or_for_a_day(landmarks, said):
    run = dataclasses.replace(FULL_RUN, landmarks_h=landmarks)
    text = page_of(full(), run).text("valid-until")
    assert text.startswith(said)
    assert "whichever comes first" in text


def test_an_estimate_is_not_valid_beyond_its_horizon():
    run = dataclasses.replace(FULL_RUN, horizon_h=80.0, landmarks_h=())
    assert "80 h after infusion (day 3): the horizon" in page_of(full(), run).text("valid-until")


def test_inputs_are_counted_by_kind_with_the_age_of_the_newest_and_the_oldest():
    kinds = {row["kind"]: row for row in report_of(full())["basis"]["kinds"]}
    assert kinds["Blood"] == {
        "kind": "Blood",
        "there": 2,
        "total": 4,
        "available": "2 of 4",
        "newest": "18 h",
        "oldest": "18 h",
    }
    assert (kinds["CSF"]["there"], kinds["CSF"]["newest"]) == (0, "")


def test_inputs_that_go_together_are_one_row_and_their_pushes_add_up():
    row = driver(report_of(full()), "C-reactive protein and Ferritin (they rise and fall together)")
    assert row["logit"] == pytest.approx(0.41 + 0.08)
    assert [part["label"] for part in row["parts"]] == ["C-reactive protein", "Ferritin"]
    assert row["agreed"] == "Same direction in 100 of 100 rebuilds."


def test_only_inputs_whose_direction_nine_in_ten_rebuilds_share_are_named():
    report = report_of(full())
    labels = [row["label"] for row in report["drivers"]["rows"]]
    assert "Age" not in labels
    assert report["drivers"]["rows"][-1]["count"] == "4 inputs"
    assert "at least 90 of 100 rebuilt models" in report["drivers"]["judged"]

    just = report_of(full(agreement=STABLE | {"static.age_years": 0.9}))
    assert "Age" in [row["label"] for row in just["drivers"]["rows"]]


def test_an_input_that_is_not_stable_leaves_the_group_it_belongs_to():
    report = report_of(full(agreement=STABLE | {"plasma.ferritin": 0.7}))
    labels = [row["label"] for row in report["drivers"]["rows"]]
    assert "C-reactive protein" in labels
    assert not any("Ferritin" in label for label in labels)


def test_without_rebuilds_inputs_are_named_by_size_and_the_page_says_so():
    report = report_of(full(agreement={}))
    assert "was not judged" in report["drivers"]["judged"]
    assert "Age" in [row["label"] for row in report["drivers"]["rows"]]
    assert all(row["agreed"] == "" for row in report["drivers"]["rows"])


def test_a_push_that_prints_as_none_is_not_named():
    labels = [row["label"] for row in report_of(full(agreement={}))["drivers"]["rows"]]
    assert "Interleukin-6" not in labels


def test_a_value_stands_beside_its_reference_and_what_is_usual_here():
    crp, ferritin = driver(report_of(full()), "C-reactive protein")["parts"]
    assert (crp["reference"], crp["middle"]) == (
        "reference up to 5 mg/L",
        "half of the study's patients 30 to 90",
    )
    assert ferritin["value"] == "1,834 ng/mL, 18 h old"
    assert ferritin["sentence"].startswith(
        "Above the reference range; higher than in three of four patients of the study. In pub"
    )
    assert ferritin["source"] == "Source: Strati 2020"
    assert ferritin["where"] == " (doi:10.1182/bloodadvances.2020002228)"


def test_what_moved_the_model_against_the_published_direction_is_said_to():
    high = INPUTS.assign(value=[0.0, 2.0, 100.0, 120.0, 1834.0])
    changed = CONTRIBUTIONS | {"plasma.crp": -0.41}
    moved = contributions(changed)
    base = logit(0.143) - moved["contribution_logit"].sum()
    run = dataclasses.replace(FULL_RUN, together=())
    episode = full(inputs=high, contributions=moved, base_logit=base)
    (crp,) = driver(report_of(episode, run), "C-reactive protein")["parts"]
    assert "Here the model moved the other way." in crp["sentence"]
    (product,) = driver(report_of(episode, run), "Product")["parts"]
    assert "other way" not in product["sentence"]


def test_of_inputs_named_together_each_is_judged_by_its_own_push():
    moved = contributions(CONTRIBUTIONS | {"plasma.ferritin": -0.1})
    base = logit(0.143) - moved["contribution_logit"].sum()
    high = INPUTS.assign(value=[0.0, 2.0, 100.0, 120.0, 1834.0])
    row = driver(report_of(full(inputs=high, contributions=moved, base_logit=base)), "C-reactive")
    assert row["logit"] == pytest.approx(0.31)
    crp, ferritin = row["said"]
    assert crp["lead"] == "C-reactive protein: "
    assert "other way" not in crp["sentence"]
    assert "Here the model moved the other way." in ferritin["sentence"]


def test_a_trend_has_the_windows_of_the_model_and_ends_at_the_latest_value():
    crp = driver(report_of(full()), "C-reactive protein")["parts"][0]["trend"]
    assert crp["words"] == "2 values over time, from 4.2 mg/L to 12.25 mg/L"
    first, last = crp["points"]
    assert (first["y"], last["y"]) == (0.0, 1.0)
    assert (first["x"], last["x"]) == (round(30 / 72, 4), 0.75)
    assert crp["windows"][-1] == [0.0, 1.0]

    before = INPUTS.assign(collected_h=[24.0, 72.0, -36.0, 54.0, 54.0])
    crp = driver(report_of(full(inputs=before)), "C-reactive protein")["parts"][0]["trend"]
    assert crp["infusion"] == round(36 / 108, 4)
    assert crp["windows"] == [[0.0, crp["infusion"]], [crp["infusion"], 1.0]]


def test_one_value_is_no_trend():
    assert driver(report_of(full()), "C-reactive protein")["parts"][1]["trend"] is None


def test_the_course_shows_the_landmarks_so_far_and_says_why_an_estimate_falls():
    page = page_of(full())
    assert "partly because time has passed without the event" in page.text("course-words")
    course = page.text("course")
    assert "about 21 of 100" in course
    assert "no estimate" in course
    assert "course" not in page_of(full(trajectory=None)).texts


def test_a_course_that_goes_on_after_the_landmark_is_refused():
    later = full().trajectory.assign(landmark_h=[24.0, 48.0, 96.0])
    with pytest.raises(IcansRiskError, match="must end at the page's landmark"):
        report_of(full(trajectory=later))


def test_drugs_given_are_listed_and_the_risk_is_that_under_local_practice():
    text = page_of(full()).text("drugs")
    assert "Tocilizumab given: 2 times, first 40 h (day 1), last 48 h (end of day 1)" in text
    assert "Levetiracetam given: before infusion" in text
    assert "risk under local practice, including treatment given later" in text
    bare = page_of(full(taken=TAKEN.iloc[:0])).text("drugs")
    assert "No drug is recorded as given before the landmark." in bare


def test_what_is_pending_is_shown_to_the_reader_and_said_to_be_no_input():
    page = page_of(full())
    pending = page.text("pending")
    assert "Blood, taken 54 h (day 2): Interleukin-6" in pending
    assert "CSF, taken 70 h (day 2): CSF protein and CSF interleukin-6" in pending
    assert "no input of the model" in pending
    assert "pending, usually back within 3 days" in page.text("timeline-table")
    marks = report_of(full())["timeline"]["lanes"]
    assert [mark["pending"] for mark in marks[1]["marks"]] == [True]
    assert [mark["is_input"] for mark in marks[2]["marks"]] == [False]


def test_a_pending_result_changes_no_number_of_the_page():
    bare = report_of(full(taken=TAKEN[TAKEN["available_h"].notna()]))
    whole = report_of(full())
    for part in ("estimate", "drivers", "course", "basis", "absent", "doubts"):
        assert bare[part] == whole[part]


@pytest.mark.parametrize("column", ["collected_h", "available_h"])
def test_what_was_taken_or_came_back_after_the_landmark_is_refused(column):
    late = TAKEN.assign(**{column: TAKEN[column].where(TAKEN["analyte"] != "ferritin", 72.5)})
    with pytest.raises(LeakageError, match="1 of 10 rows"):
        report_of(full(taken=late))


def test_a_grade_from_after_the_landmark_is_refused():
    with pytest.raises(LeakageError, match="1 of 3 were not"):
        report_of(full(grades=GRADES.assign(assessed_h=[24.0, 30.0, 73.0])))


def test_grades_are_the_worst_of_each_day_and_a_day_without_one_is_not_recorded():
    rows = report_of(full(grades=GRADES.iloc[[0, 2]]))["timeline"]["grades"]
    assert rows == [
        {"day": "day 0", "crs": "0", "icans": "0"},
        {"day": "day 1", "crs": "not recorded", "icans": "not recorded"},
        {"day": "day 2", "crs": "2", "icans": "1"},
    ]


def test_without_grades_the_crs_grades_among_the_inputs_are_drawn():
    rows = report_of(full(grades=None))["timeline"]["grades"]
    assert [row["crs"] for row in rows] == ["0", "not recorded", "2"]
    assert {row["icans"] for row in rows} == {"not recorded"}


def test_absent_blood_is_ranked_by_what_it_would_tell_and_a_puncture_never():
    run = dataclasses.replace(FULL_RUN, analytes=FULL_RUN.analytes | {
        "plasma.il6": dataclasses.replace(FULL_RUN.analytes["plasma.il6"], turnaround_h=6.0)
    })  # fmt: skip
    rows = report_of(full(), run)["absent"]["rows"]
    assert [(row["label"], row["worth"], row["between"], row["late"]) for row in rows] == [
        ("Interleukin-6", "4 % less unknown", "10 and 30 of 100", ""),
        ("Lactate dehydrogenase", "hardly less unknown", "14 and 15 of 100", ""),
    ]
    text = page_of(full(), run).text("absent")
    assert "not a recommendation to order a test" in text
    assert "never ranked: CSF protein." in text


def test_what_usually_comes_after_the_end_of_the_page_stands_last_and_says_so():
    rows = report_of(full())["absent"]["rows"]
    assert [(row["label"], row["turnaround"], row["late"]) for row in rows] == [
        ("Lactate dehydrogenase", "3 h", ""),
        ("Interleukin-6", "3 days", "after this page has ended"),
    ]
    assert "after this page has ended" in page_of(full()).text("absent")


def test_a_page_without_an_estimate_names_what_was_absent_without_any_risk():
    page = page_of(full_silent())
    assert "Interleukin-6" in page.text("absent")
    assert "of 100" not in page.text("absent")


def test_what_would_make_the_page_wrong_begins_with_this_patient():
    few = dataclasses.replace(FULL_RUN, product_rates={"axi-cel": Rate(n=12, events=3)})
    old = INPUTS.assign(collected_h=[24.0, 72.0, 30.0, 40.0, 54.0])
    doubts = report_of(full(inputs=old, risk_high=0.6), few)["doubts"]
    assert doubts[0] == "C-reactive protein is more than 24 h old and may have changed."
    assert "The model learnt from 12 patients with this product, 3 of them with the endpoint." in (
        doubts
    )
    assert "Rebuilt models differ widely about this patient." in doubts
    assert doubts[-1] == "A value stands under a wrong unit, patient or sample."


def test_the_nearest_group_is_that_of_the_product_with_its_own_figures():
    said = page_of(full()).text("nearest")
    assert "same product, axi-cel (50 patients, 14 with the endpoint)" in said
    assert "1.10 (95 % interval 0.80 to 1.50)" in said
    nobody = page_of(full(levels={})).text("nearest")
    assert nobody == "No group that this patient belongs to is large enough for figures of its own."


def test_blind_first_folds_every_number_about_the_patient_away():
    page = page_of(full(), blind_first=True)
    assert "kept nowhere" in page.text("own-estimate")
    folded = page.text("blind")
    for mark in ("estimate", "drivers", "course", "absent"):
        assert page.text(mark) in folded
    order = list(page.texts)
    assert order.index("base-rates") < order.index("own-estimate") < order.index("blind")
    assert not [tag for tag, _ in page.elements if tag in {"form", "script", "button"}]


def test_a_page_without_an_estimate_has_nothing_to_fold():
    assert "blind" not in page_of(full_silent(), blind_first=True).texts


def test_every_drawing_has_a_title_or_is_hidden_from_readers():
    html = render_patient(report_of(full()))
    for svg in html.split("<svg ")[1:]:
        opening, _, rest = svg.partition(">")
        assert 'aria-hidden="true"' in opening or rest.lstrip().startswith("<title>"), opening


def test_a_page_stays_small():
    many = pd.concat([INPUTS] * 40, ignore_index=True)
    assert len(render_patient(report_of(full(inputs=many)))) < 500_000


def test_a_german_page_speaks_german_with_a_decimal_comma():
    report = report_of(full(), language="de", units="si")
    page = parse(render_patient(report))
    assert page.text("risk") == "Etwa 14 von 100 Patienten wie diesem"
    assert page.text("range") == "Spanne: 9 bis 22 von 100. Nur die Unsicherheit des Modells."
    assert "0,143, Spanne 0,086 bis 0,220" in page.text("estimate")
    assert ("html", (("lang", "de"),)) in page.elements
    ferritin = driver(report, "C-reaktives Protein und Ferritin")["parts"][1]
    assert ferritin["value"] == "1.834 µg/L, 18 h alt"


def test_si_units_convert_value_and_reference_alike():
    run = dataclasses.replace(
        FULL_RUN,
        analytes={
            **FULL_RUN.analytes,
            "plasma.ldh": dataclasses.replace(
                FULL_RUN.analytes["plasma.ldh"], reference=(120.0, 240.0)
            ),
        },
    )
    row = {"modality": "plasma", "analyte": "ldh", "collected_h": 60.0, "available_h": 63.0}
    inputs = pd.concat(
        [INPUTS, pd.DataFrame([row | {"value": 600.0, "after_treatment": False}])],
        ignore_index=True,
    )
    moved = contributions(CONTRIBUTIONS | {"plasma.ldh": 0.5})
    base = logit(0.143) - moved["contribution_logit"].sum()
    episode = full(inputs=inputs, contributions=moved, base_logit=base)
    (ldh,) = driver(report_of(episode, run, units="si"), "Lactate")["parts"]
    assert (ldh["value"], ldh["reference"]) == ("10 µkat/L, 12 h old", "reference 2 to 4 µkat/L")
    (ldh,) = driver(report_of(episode, run), "Lactate")["parts"]
    assert (ldh["value"], ldh["reference"]) == ("600 U/L, 12 h old", "reference 120 to 240 U/L")


def test_a_risk_that_was_not_ranged_has_no_range_in_the_course():
    course = full().trajectory.assign(risk_low=NAN, risk_high=NAN)
    rows = report_of(full(trajectory=course))["course"]["rows"]
    assert [row["low"] for row in rows] == [None, None, None]

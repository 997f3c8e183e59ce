"""The study report: what stands where, what is hidden, what is never said."""

import dataclasses
import json
import re
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.report import Assessment, render_study
from report.examples import RUN
from report.make_golden import GOLDEN_STUDY, golden_study
from report.parsing import Page, parse
from report.study_example import (
    AUDIT,
    NAN,
    NOTHING,
    assessment,
    level,
    no_interval,
    report,
    stability,
)

PANELS = [
    "limits", "short", "flow", "characteristics", "measured", "outcome", "performance",
    "calibration", "distribution", "decision", "thresholds", "stability", "reads", "subgroups",
    "internal-external", "audit", "policies", "sample-size", "tripod", "made",
]  # fmt: skip


def page(run=RUN, found: Assessment | None = None, **changes) -> Page:
    is_example = run is RUN and found is None and not changes
    return example() if is_example else parse(render_study(report(run, found, **changes)))


@cache
def example() -> Page:
    return parse(render_study(report()))


def test_the_dict_is_the_golden_one():
    assert json.loads(golden_study()) == json.loads(GOLDEN_STUDY.read_text(encoding="utf-8"))


def test_limits_stand_first_and_then_the_panels_in_their_order():
    marks = [mark for mark in page().texts if mark in PANELS]
    assert marks == PANELS


def test_the_first_panel_says_what_it_is_and_what_it_is_not():
    found = page()
    assert found.text("research-use").startswith("RESEARCH USE ONLY.")
    limits = found.text("limits")
    assert "no patient was judged by a model that had seen them" in limits
    assert RUN.sample_size_verdict in limits
    assert "3 checks: 1 failed, 1 not assessable, 1 passed." in found.text("audit-verdict")
    assert "synthetic" not in found.texts


def test_a_synthetic_study_carries_the_banner_and_says_it_again_at_the_end():
    found = page(dataclasses.replace(RUN, data_kind="synthetic"))
    assert "no figure here is evidence that a model works" in found.text("synthetic")
    assert "Synthetic data." in found.everything


def test_a_panel_without_its_data_is_left_out_with_its_entry_in_the_contents():
    bare = assessment(
        simple=None,
        thresholds=pd.DataFrame(),
        within_product=pd.DataFrame(),
        differences=pd.DataFrame(),
        subgroups=pd.DataFrame(),
        internal_external=pd.DataFrame(),
        transport=pd.DataFrame(),
        not_left_out={},
        policies=assessment().policies.query("policy == 'discharged_well'"),
    )
    found = page(found=bare, **NOTHING)
    gone = {
        "characteristics", "measured", "thresholds", "stability", "reads", "subgroups",
        "internal-external", "audit", "policies", "tripod", "differences", "products",
    }  # fmt: skip
    assert not gone & set(found.texts)
    assert [mark for mark in found.texts if mark in PANELS] == [
        mark for mark in PANELS if mark not in gone
    ]
    assert "no table of alarms is printed" in found.text("range")


@pytest.mark.parametrize("bare", [False, True])
def test_every_entry_of_the_contents_leads_to_a_heading_of_the_page(bare):
    found = page(**(NOTHING if bare else {}))
    ids = [dict(attrs)["id"] for _, attrs in found.elements if "id" in dict(attrs)]
    assert len(ids) == len(set(ids))
    links = [dict(attrs)["href"] for tag, attrs in found.elements if tag == "a"]
    assert links[0] == "index.html"
    assert {link[1:] for link in links[1:]} <= set(ids)
    assert "index.html" not in str(parse(render_study(report(), has_index=False)).elements)


def test_headings_descend_by_one_step_and_every_table_says_what_its_columns_are():
    found = page()
    depths = [int(tag[1]) for tag, _ in found.elements if re.fullmatch("h[1-6]", tag)]
    assert depths[0] == 1
    assert depths.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(depths))
    scopes = [dict(attrs).get("scope") for tag, attrs in found.elements if tag == "th"]
    assert set(scopes) == {"col", "row", "rowgroup"}


def test_every_picture_is_named_or_stands_beside_the_same_in_words():
    pictures = [dict(attrs) for tag, attrs in page().elements if tag == "svg"]
    named = [picture["aria-label"] for picture in pictures if picture.get("role") == "img"]
    assert len(named) == 5
    assert all("aria-label" in p or p.get("aria-hidden") == "true" for p in pictures)


def test_there_is_no_script_nothing_to_fetch_and_no_style_in_an_attribute():
    for tag, attrs in page().elements:
        assert tag not in {"script", "link", "iframe", "object", "img", "form"}
        names = {name for name, _ in attrs}
        assert not names & {"src", "style", "action"}
        assert not any(name.startswith("on") for name in names)


def test_neither_accuracy_nor_f1_nor_advice_stands_on_the_page():
    text = page().everything.lower()
    for word in ("accuracy", "f1", "youden", "should be treated", "recommend"):
        assert word not in text


def test_flow_accounts_for_every_episode_under_every_policy():
    flow = report()["flow"]
    assert flow["columns"] == [
        "Discharged without it: free of it",
        "Observed to the horizon only, weighted",
    ]
    rows = {row["label"]: row["counts"] for row in flow["rows"]}
    assert rows["Episodes (infusions)"] == ["130", "130"]
    assert rows["Had reached the endpoint before the landmark"] == ["8", "8"]
    assert rows["Outcome unknown: not judged"] == ["0", "27"]
    kept = [row for row in flow["rows"] if row["kind"] == "part"]
    assert [row["start"] for row in kept] == [0, 30 / 130, 33 / 130]


def test_a_flow_without_the_primary_policy_is_refused():
    with pytest.raises(IcansRiskError, match="discharged_well"):
        report(flow={"complete_case": {"episodes": 1}})


def test_characteristics_are_apart_by_outcome_and_say_what_is_hidden():
    panel = report()["characteristics"]
    assert panel["sizes"] == ["120", "30", "90"]
    assert panel["alike"] == ["Disease: LBCL"]
    rows = [(row["kind"], row["label"], *row["cells"]) for row in panel["rows"]]
    assert rows[0] == ("own", "Age, years", "63 (55 to 70.5)", "63 (55 to 70.5)", "63 (55 to 70.5)")
    assert rows[1] == ("heading", "Sex")
    assert rows[2][1:3] == ("female", "50 (41.7\N{NO-BREAK SPACE}%)")
    assert rows[-1] == ("level", "not recorded", "hidden", "hidden", "hidden")
    assert "Hidden: counts below 5" in panel["note"]


def test_what_was_measured_shows_the_most_unequal_first_and_names_what_nobody_has():
    panel = report()["measured"]
    assert [row["label"] for row in panel["rows"]] == ["Interleukin-6", "CSF interleukin-6"]
    assert (panel["rows"][0]["events"], panel["rows"][0]["others"]) == (0.6667, 0.4444)
    assert panel["rows"][1]["events"] is None
    assert panel["summary"] == [
        "1 of 4 inputs were measured in every patient.",
        "In nobody: Relative theta power, early.",
    ]


def test_detection_is_not_sold_as_prediction():
    assert "7 came within 24 h of the landmark, and 5 when some ICANS" in page().text("outcome")
    foreseen = page().text("foreseen")
    assert "Without ICANS at the landmark, and events later than 24 h" in foreseen
    tile = report()["short"][1]
    assert tile["value"] == "0.69 (0.61 to 0.77)"
    assert tile["note"] == "no ICANS yet, and events later than 24 h"


def test_a_model_that_ranks_nobody_has_no_auroc():
    (row,) = [m for m in report()["performance"]["models"] if m["label"] == "Prevalence"]
    assert (row["auroc_in_folds"], row["auroc"]) == ("0.50", "ranks nobody")
    assert row["dash"] is None


def test_folds_without_an_event_are_said():
    assert "the 19 of 20 test folds that hold both outcomes" in page().text("performance")


def test_the_curve_says_which_curve_it_is_and_how_many_resamples_drew_its_band():
    text = page().text("calibration")
    assert "a restricted cubic spline" in text
    assert "498 of 500 resamples" in text
    line = assessment(calibration=assessment().calibration.assign(method="line"))
    assert "a straight line on the log odds" in page(found=line).text("calibration")


def test_without_a_curve_there_is_a_sentence_and_no_picture():
    curve = assessment().calibration.assign(method="not estimable", observed=NAN, low=NAN, high=NAN)
    found = page(found=assessment(calibration=curve))
    assert "calibration-curve" not in found.texts
    assert "No calibration curve is estimable here" in found.text("calibration")


def test_hidden_bars_are_drawn_as_hidden_and_said():
    panel = report()["distribution"]
    assert panel["hides"] is True
    assert [bar["height"] for bar in panel["groups"][1]["bars"]][4:] == [None, None]
    assert "hidden: fewer than 5 patients" in page().text("distribution")
    assert report()["calibration"]["bars"][4]["height"] is None


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (True, "Thresholds from 10\N{NO-BREAK SPACE}% to 30\N{NO-BREAK SPACE}%, as the study dec"),
        (False, "The study declares no range of thresholds; the curve is drawn from 10"),
    ],
)
def test_whether_the_range_was_declared_is_said(declared, words):
    found = assessment(range_declared=declared, because=None)
    assert parse(render_study(report(found=found))).texts["range"][0].startswith(words)


def test_net_benefit_is_counted_over_the_range():
    assert report()["decision"]["summary"] == [
        "The model's net benefit lies above both treating everyone and treating no one at 2 of 3 "
        "thresholds of the range.",
        "It lies above that of \u201cm-EASIX\u201d at 2 of 3; the interval of the difference lies "
        "wholly above 0 at 1 and wholly below 0 at 0.",
    ]
    assert report()["short"][-1]["value"] == "at 2 of 3 thresholds"
    assert report()["short"][2]["value"] == "0.04 (−0.02 to 0.10)"


def test_a_threshold_is_told_in_alarms_and_missed_events():
    (part,) = report()["thresholds"]["parts"]
    cells = {row["label"]: row["cells"][0] for row in part["rows"]}
    assert cells["Alarms per 100 patients"] == "40 (32 to 44)"
    assert cells["Missed events per 100 patients"] == "5.0 (4.0 to 5.5)"
    assert cells["Of those alarmed, reach the endpoint (PPV)"].startswith("40\N{NO-BREAK SPACE}%")
    assert cells["Of those not alarmed, stay free of it (NPV)"] == "not estimable"


def test_subgroups_hide_small_counts_and_say_what_cannot_be_estimated():
    (part,) = report()["subgroups"]["parts"]
    assert part["rows"][1]["patients"] == "hidden"
    text = page().text("subgroups")
    assert "hidden patients, hidden with the endpoint not estimable" in text
    assert "fewer than 10 patients with the endpoint" in text
    assert "Not compared: Disease: one level only." in text
    assert "that none is seen does not show that there is none" in text


def test_left_out_levels_have_a_mean_and_a_range_for_a_further_one():
    site, time = report()["internal_external"]["parts"]
    assert site["mean"]["auroc"] == "0.71 (0.61 to 0.81)"
    assert site["next"]["auroc"] == "0.51 to 0.91"
    assert site["rows"][0]["other"] == "0.72 (0.62 to 0.82)"
    assert site["rows"][2]["estimated"] is False
    assert (time["title"], time["mean"]) == ("The latest period, learnt from those before", None)
    assert "this is no external validation" in page().text("internal-external")


def test_two_levels_give_no_prediction_interval():
    two = assessment().transport.assign(used=2, prediction_low=NAN, prediction_high=NAN)
    site, _ = report(found=assessment(transport=two))["internal_external"]["parts"]
    assert site["mean"] is not None
    assert site["next"] is None


def test_where_no_level_could_be_left_out_the_page_says_that_nobody_knows():
    found = assessment(internal_external=pd.DataFrame(), transport=pd.DataFrame())
    text = page(found=found).text("internal-external")
    assert "is not known" in text
    assert "Period of infusion: not recorded" in text


def test_a_level_without_a_model_says_so():
    row = level("north", 40, 12, NAN) | {"status": "no model", "by": "site", "model": "model"}
    found = assessment(internal_external=pd.DataFrame([row]), transport=pd.DataFrame())
    assert "no model" in page(found=found).text("internal-external")


def test_the_audit_keeps_its_order_and_marks_what_failed():
    text = page().text("audit")
    assert text.index("■ failed") < text.index("– not assessable") < text.index("○ passed")
    unknown = [AUDIT[0] | {"verdict": "odd"}]
    assert report(audit=unknown)["audit"][0]["verdict"] == "odd"


def test_headline_figures_stand_side_by_side_for_each_policy():
    panel = report()["policies"]
    rows = {row["label"]: row["cells"] for row in panel["rows"]}
    assert rows["Patients judged"] == ["120", "108"]
    assert rows["Share with it"] == ["25.0\N{NO-BREAK SPACE}%", "22.5\N{NO-BREAK SPACE}%"]
    assert rows["AUROC, pooled: everyone at risk"] == ["0.78 (0.68 to 0.88)", "0.70 (0.68 to 0.88)"]
    assert rows["Net benefit at 20\N{NO-BREAK SPACE}%"] == ["0.100 (0.050 to 0.150)"] * 2
    assert not any("inside folds: events" in label for label in rows)


def test_sample_size_is_held_against_each_criterion():
    rows = report()["sample_size"]["rows"]
    assert [row["is_met"] for row in rows] == [False, False, False]
    assert sum(row["binds"] for row in rows) == 1
    assert report(candidate_parameters=None)["sample_size"]["rows"] == []


def test_stability_is_told_in_numbers_beside_its_pictures():
    text = page().text("stability")
    assert "200 bootstrap samples of the patients, 3 of them without a model" in text
    assert "by 4.0\N{NO-BREAK SPACE}% on average" in " ".join(report()["stability"]["sentences"])
    assert report()["stability"]["optimism"][1]["point632plus"] == "–"
    none = stability(
        classification=pd.DataFrame(),
        calibration=stability().calibration.assign(calibration_slope=NAN),
    )
    assert "classification" not in page(stability=none).texts


def test_the_checklist_is_counted_by_status():
    panel = report()["tripod"]
    assert panel["summary"] == "2 items: 1 asked of the author, 1 filled from the run."
    assert [row["status"] for row in panel["rows"]] == [
        "asked of the author",
        "filled from the run",
    ]


def test_nothing_estimable_is_said_and_never_reads_nan():
    blank = assessment().performance.assign(
        **no_interval("auroc", "calibration_slope", "observed_expected", "brier")
    )
    ranking = assessment().ranking.assign(**no_interval("auroc"))
    found = page(found=assessment(performance=blank, ranking=ranking, lead_h=(NAN, NAN, NAN)))
    assert "nan" not in re.sub(r"nan\w+", "", found.everything.lower())
    assert "not estimable" in found.text("short")


def test_a_large_study_makes_no_large_page():
    many = 5_000
    risk = np.linspace(0.01, 0.99, many)
    predictions = pd.DataFrame({"risk": risk, "low": risk / 2, "high": risk, "mean_error": 0.1})
    curves = pd.DataFrame(np.tile(np.linspace(0, 1, 51), (200, 1)))
    subgroups = pd.DataFrame(
        level(f"site {k}", 40, 12, 0.7) | {"column": "site"} for k in range(20)
    )
    html = render_study(
        report(
            found=assessment(subgroups=subgroups),
            stability=stability(predictions=predictions, curves=curves),
        )
    )
    assert len(html.encode()) < 300_000


def test_a_study_of_tian_never_says_icans_where_it_means_the_endpoint():
    text = render_study(report(dataclasses.replace(RUN, endpoint="TIAN grade 3 or higher")))
    text = re.sub(r"</?bdi>", "", text)
    assert "no TIAN yet, and events later than 24 h" in text
    assert "Patients without any TIAN at the landmark" in text
    assert "with some TIAN at the landmark already" in text
    assert "without any ICANS" not in text
    assert "some ICANS" not in text

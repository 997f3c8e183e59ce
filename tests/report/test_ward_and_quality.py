import dataclasses
import json

import pandas as pd
import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.report import (
    page_name,
    patient_report,
    quality_report,
    render_quality,
    render_ward,
    ward_report,
)
from report.examples import COHORT, FINDINGS, RUN, answered, silent
from report.make_golden import GOLDEN_QUALITY, golden_quality
from report.parsing import parse
from report.quality_example import HEADLINE, NOTHING_FOUND, QUALITY


def ward(*episodes, run=RUN):
    pages = {page_name(i): patient_report(run, e) for i, e in enumerate(episodes, start=1)}
    return ward_report(run, pages)


def quality(found=QUALITY, table=COHORT, **changes):
    header = {"study_title": "A study", "data_kind": "real", "package_version": "0.1.0"}
    return quality_report(found, table, **header | changes)


def page_of(found=QUALITY, **changes):
    return parse(render_quality(quality(found, **changes)))


def test_the_ward_lists_the_unanswered_first_and_then_by_risk():
    report = ward(
        answered(0.1, episode_id="low"),
        silent(episode_id="none"),
        answered(0.6, episode_id="high"),
    )
    assert [row["episode"] for row in report["rows"]] == ["none", "high", "low"]
    assert [row["page"] for row in report["rows"]] == [page_name(i) for i in (2, 3, 1)]
    assert report["counts"] == "3 patients: 1 without an estimate, 2 with."


def test_a_ward_row_shows_risk_range_and_how_new_its_data_are():
    (row,) = ward(answered(0.143, risk_low=0.086, risk_high=0.22))["rows"]
    assert (row["risk_words"], row["range"]) == ("About 14 of 100", "9 to 22 of 100")
    assert (row["ages"], row["missing"]) == ("0 h to 18 h", 1)


def test_a_ward_row_without_an_estimate_shows_the_reason_and_no_bar():
    page = parse(render_ward(ward(silent())))
    assert "No estimate. No value that the model uses was available" in page.text("patient")
    assert "svg" not in {tag for tag, _ in page.elements}


def test_the_ward_uses_no_words_of_triage():
    text = parse(render_ward(ward(answered(0.9, risk_high=0.95), silent()))).everything.lower()
    for word in ("urgent", "priority", "critical", "high risk", "triage", "alarm"):
        assert word not in text


def test_the_ward_links_only_to_pages_that_we_name():
    page = parse(render_ward(ward(answered(), silent())))
    links = [dict(attrs)["href"] for tag, attrs in page.elements if tag == "a"]
    assert links == ["quality.html", "patient-002.html", "patient-001.html"]
    report = ward_report(RUN, {"javascript:x": patient_report(RUN, answered())})
    with pytest.raises(IcansRiskError, match="page_name"):
        render_ward(report)


def test_the_ward_leads_to_the_study_report_where_there_is_one():
    html = render_ward(ward(answered()), has_study=True, has_quality=False)
    links = [dict(attrs)["href"] for tag, attrs in parse(html).elements if tag == "a"]
    assert links == ["study.html", "patient-001.html"]


def test_a_ward_without_a_range_still_draws_its_bar():
    nan = float("nan")
    page = parse(render_ward(ward(answered(risk_low=nan, risk_high=nan))))
    assert "range not estimable" in page.text("patient")


def test_the_synthetic_banner_is_on_the_ward_and_on_the_quality_page():
    run = dataclasses.replace(RUN, data_kind="synthetic")
    assert "SYNTHETIC DATA" in parse(render_ward(ward(silent(), run=run))).text("synthetic")
    page = parse(render_quality(quality(data_kind="synthetic")))
    assert "SYNTHETIC DATA" in page.text("synthetic")
    assert "synthetic" not in parse(render_quality(quality())).texts


def test_the_quality_dict_is_the_golden_one():
    assert json.loads(golden_quality()) == json.loads(GOLDEN_QUALITY.read_text(encoding="utf-8"))


def test_what_stands_first_stands_before_the_verdict_and_the_verdict_before_all_else():
    page = page_of()
    marks = list(page.texts)
    order = [
        "headlines", "summary", "findings-error", "findings-warning", "flow", "reasons",
        "timeline", "density", "orders", "modalities", "sites", "eras", "availability",
        "analytes", "findings-note", "counts", "cohort",
    ]  # fmt: skip
    assert [mark for mark in marks if mark in order] == order
    assert HEADLINE in page.text("headlines")
    assert page.text("summary").startswith("■ Not yet: 1 kind of error has to be mended first.")


def test_caveats_of_the_study_stand_between_what_stands_first_and_the_verdict():
    page = page_of(caveats=["Presence is informative."])
    marks = [mark for mark in page.texts if mark in ("headlines", "caveats", "summary")]
    assert marks == ["headlines", "caveats", "summary"]
    assert page.text("caveats") == "Presence is informative."
    assert "caveats" not in page_of().texts


@pytest.mark.parametrize(
    ("severities", "headlines", "words"),
    [
        (["error", "error", "warning"], [], "Not yet: 2 kinds of error have to be mended first."),
        (["warning"], [HEADLINE], "Not before what stands above is settled."),
        (["warning", "note"], [], "Usable, with 1 warning to read first."),
        (["warning", "warning"], [], "Usable, with 2 warnings to read first."),
        (["note"], [], "No check found anything against it."),
    ],
)
def test_the_verdict_is_one_sentence(severities, headlines, words):
    findings = [FINDINGS[0] | {"severity": severity} for severity in severities]
    found = NOTHING_FOUND | {"findings": findings, "headlines": headlines}
    assert quality(found)["verdict"]["words"] == words


def test_findings_stand_gravest_first():
    assert list(quality()["groups"]) == ["error", "warning", "note"]
    assert quality()["groups"]["error"]["title"] == "What has to be mended"


def test_row_numbers_stop_after_ten_and_say_how_many_more():
    note = quality()["groups"]["note"]["findings"][0]
    assert note["rows"] == "40, 41, 42, 43, 44, 45, 46, 47, 48, 49 and 15 more"
    assert note["count"] == 25


def test_the_quality_page_leaves_out_what_it_was_not_asked_to_print():
    page = parse(render_quality(quality()))
    assert "SECRET-99" not in page.everything
    assert "rows 413, 414" in page.text("findings-error")
    assert "not estimable" in page.text("cohort")


def test_a_cohort_table_with_identifiers_is_refused():
    with pytest.raises(IcansRiskError, match="patient_id"):
        quality(table=pd.DataFrame({"Patient_ID": ["x"]}))


def test_an_unknown_severity_is_refused():
    with pytest.raises(IcansRiskError, match="'fatal'"):
        quality(QUALITY | {"findings": [FINDINGS[0] | {"severity": "fatal"}]})


def test_no_findings_is_not_praised():
    report = quality(NOTHING_FOUND)
    assert report["groups"] == {}
    page = parse(render_quality(report, has_index=False))
    assert "not that the data are right" in page.text("summary")

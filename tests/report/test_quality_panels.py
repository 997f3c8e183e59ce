import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.report import quality_report, render_quality
from report.examples import COHORT
from report.parsing import parse
from report.quality_example import NOTHING_FOUND, QUALITY, TABLES, analyte, step


def quality(found=QUALITY):
    header = {"study_title": "A study", "data_kind": "real", "package_version": "0.1.0"}
    return quality_report(found, COHORT, **header)


def page_of(found=QUALITY):
    return parse(render_quality(quality(found)))


def with_tables(**tables):
    return quality(NOTHING_FOUND | {"tables": tables})


def test_what_was_not_profiled_leaves_no_empty_panel():
    page = page_of(NOTHING_FOUND)
    panels = {mark for mark in page.texts if mark not in {"research-use", "header", "summary"}}
    assert panels == {"counts", "cohort"}
    assert "svg" not in {tag for tag, _ in page.elements}
    without = parse(render_quality(quality_report(
        NOTHING_FOUND, study_title="", data_kind="real", package_version=""
    )))  # fmt: skip
    assert "cohort" not in without.texts


@pytest.mark.parametrize("name", TABLES)
def test_any_one_table_makes_a_page(name):
    page = parse(render_quality(with_tables(**{name: TABLES[name]})))
    assert set(page.texts) - set(page_of(NOTHING_FOUND).texts) == SECTIONS[name]


SECTIONS = {
    "flow": {"flow", "reasons"},
    "analytes": {"analytes", "analyte"},
    "sites": {"sites"},
    "eras": {"eras"},
    "availability": {"availability"},
    "ordered_as": {"orders"},
    "modalities": {"modalities", "patterns"},
    "timeline": {"timeline"},
    "density": {"density"},
    "tested_after": {"density"},
}


def test_the_bars_of_the_flow_meet_end_to_end():
    flow = quality()["flow"]
    first, *lost, last = flow
    end = first["width"]
    for row in lost:
        assert row["start"] + row["width"] == pytest.approx(end)
        end = row["start"]
    assert end == pytest.approx(last["width"])
    assert [row["kind"] for row in flow] == ["in", "lost", "lost", "lost", "kept"]
    assert "not done, empty cell" in flow[1]["label"]


def test_a_flow_without_rows_divides_nothing_by_zero():
    report = with_tables(flow=[step("in", 0), step("kept", 0)])
    assert [row["width"] for row in report["flow"]] == [0, 0]
    assert parse(render_quality(report)).text("flow").count("0 %") == 2


def test_a_reason_nobody_described_is_shown_by_its_code():
    known, unknown = quality()["reasons"]
    assert (known["message"], known["remedy"]) == ("The unit is unknown.", "Translate it.")
    assert (unknown["message"], unknown["remedy"]) == ("new_code", "")


def test_the_parts_of_an_analyte_are_all_its_rows():
    for group in quality()["analytes"]["groups"]:
        for row in group["rows"]:
            assert sum(row["parts"].values()) == pytest.approx(1)
    crp = quality()["analytes"]["groups"][0]["rows"][0]
    assert crp["parts"]["censored"] == pytest.approx(0.2)
    assert "30 impossible" in crp["remarks"]
    assert "2 units: mg/L, mg/dL" in crp["remarks"]


def test_an_analyte_of_few_episodes_shows_neither_values_nor_times():
    few = quality()["analytes"]["groups"][1]["rows"][0]
    assert (few["values"], few["span"]) == ("", None)
    assert "fewer than 5 episodes" in page_of().text("analytes")


def test_analytes_that_lost_much_are_named_above_the_table():
    summary = quality()["analytes"]["summary"]
    assert summary.startswith("1 of 3 analytes lost more than one row in ten")
    assert "C-reactive protein (15.0\N{NO-BREAK SPACE}%)" in summary
    fine = with_tables(analytes=[analyte("plasma.crp", "CRP", missing=0, quarantined=1)])
    assert fine["analytes"]["summary"] == "No analyte lost more than one row in ten."


@pytest.mark.parametrize(
    ("first", "last", "start", "end", "arrows"),
    [
        (-168, 720, 0, 1, (False, False)),
        (-9000, 9000, 0, 1, (True, True)),
        (0, 0, 7 / 37, 7 / 37, (False, False)),
        (800, 900, 1, 1, (False, True)),
    ],
)
def test_times_of_collection_stay_on_their_axis(first, last, start, end, arrows):
    report = with_tables(analytes=[analyte("plasma.crp", "CRP", first_h=first, last_h=last)])
    span = report["analytes"]["groups"][0]["rows"][0]["span"]
    assert (span["start"], span["end"]) == pytest.approx((start, end))
    assert (span["earlier"], span["later"]) == arrows


def test_a_day_is_counted_from_its_start_on_either_side_of_the_infusion():
    row = analyte("plasma.crp", "CRP", first_h=-1.0, last_h=47.0)
    shown = with_tables(analytes=[row])["analytes"]["groups"][0]["rows"][0]
    assert shown["span"]["words"] == "day −1 to day 1"


def test_the_density_is_a_warning_with_its_ratio():
    text = page_of().text("density")
    assert "A warning, not a number to be proud of." in text
    assert "had 3.0 times as many blood values per day" in text
    (panel,) = quality()["density"]["panels"]
    means = [panel[f"{group}_{when}"] for when in ("before", "after") for group in GROUPS]
    assert (panel["label"], means) == ("Blood", ["4.00", "4.00", "9.00", "3.00"])
    assert [point["height"] for point in panel["reached"]] == pytest.approx([4 / 9, 1, 1])


GROUPS = ("reached", "others")


def test_a_day_without_a_value_is_a_gap_in_the_timeline():
    plasma, csf = quality()["timeline"]["strips"]
    assert plasma["words"] == "1,617 values, most on day 2 (1,217)"
    assert plasma["bars"][6:10] == [400 / 1217, 0, 0, 1]
    assert len(csf["bars"]) == len(quality()["timeline"]["days"]) == 38


def test_patterns_without_any_result_are_said_in_words():
    text = page_of().text("patterns")
    assert "No result at all31 38.8 %" in text
    assert "Other patterns, each of fewer than 5 episodes7 8.8 %" in text


def test_assumed_times_of_availability_are_counted():
    text = page_of().text("availability")
    assert "stated in the source for 75.0 % of the used values" in text
    given = with_tables(availability=TABLES["availability"][:1])
    assert given["availability"]["summary"].endswith("for every used value.")


def test_values_ordered_for_a_cause_are_counted():
    csf = TABLES["ordered_as"][0]
    # Neither blood nor what was done before infusion gives the outcome away like this.
    harmless = [csf | {"modality": "plasma"}, csf | {"infusion": "before"}]
    summary = with_tables(ordered_as=[csf, *harmless])["orders"]["summary"]
    assert summary.startswith("5 of 8 CSF, EEG, imaging and treatment values")
    protocol = TABLES["ordered_as"][0] | {"clinical": 0, "unknown": 0}
    assert with_tables(ordered_as=[protocol])["orders"]["summary"] == ""


def test_every_drawing_is_hidden_from_readers_because_its_words_stand_beside_it():
    drawings = [dict(attrs) for tag, attrs in page_of().elements if tag == "svg"]
    assert len(drawings) > 20
    assert {drawing["aria-hidden"] for drawing in drawings} == {"true"}


def test_a_table_of_a_reading_with_identifiers_is_refused():
    with pytest.raises(IcansRiskError, match=r"'sites' must not name patients.*patient_id"):
        with_tables(sites=[TABLES["sites"][0] | {"patient_id": "x"}])

"""From a table of recordings and their results to rows of events."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EVENTS, check_table
from icans_risk.errors import SignalError
from icans_risk.signals.eeg.events import make_events, make_measurements, make_reading_events
from icans_risk.signals.eeg.recordings import read_readings, read_recordings
from icans_risk.signals.eeg.visual import FINDINGS, POINTS, SEVERE, score_findings
from icans_risk.signals.eeg.work import work
from icans_risk.signals.results import judge_results
from icans_risk.signals.tables import Turnaround
from icans_risk.synthetic.edf import write_edf
from signals.brains import labels, pink

TABLE = {
    "file": ["a.edf", "sub/b.edf"],
    "episode_id": ["E1", "007"],
    "started_h": ["-26.5", "72"],
    "available_h": ["", "80"],
    "ordered_as": ["protocol", ""],
}


def table(**change: list[str] | None) -> pd.DataFrame:
    columns = {name: cells for name, cells in (TABLE | change).items() if cells is not None}
    return pd.DataFrame(columns, dtype="str")


def result(checksum: str = "a" * 64, *, end_s: float = 1200.0, **change: Any) -> dict[str, Any]:
    part = {"start_s": 0.0, "end_s": end_s, "epochs": 120, "clean": 100, "bad": [],
            "values": {"delta_relative": 0.4, "amplitude": 30.0}}  # fmt: skip
    return {"refused": None, "sha256": checksum, "algorithm": 1, "end_s": end_s, "flags": [],
            "whole": part, "hours": []} | change  # fmt: skip


def test_a_table_is_read_as_it_stands() -> None:
    read = read_recordings(table(), Path("folder"))
    assert read["row"].tolist() == [2, 3]
    assert read["path"].tolist() == ["folder/a.edf", "folder/sub/b.edf"]
    assert read["episode_id"].tolist() == ["E1", "007"]
    assert read["started_h"].tolist() == [-26.5, 72.0]
    assert np.isnan(read["available_h"][0])
    assert read["available_h"][1] == 80.0
    assert read["ordered_as"].tolist() == ["protocol", "unknown"]
    assert read["sha256"].tolist() == ["", ""]


def test_a_table_without_the_optional_columns_knows_nothing_about_orders() -> None:
    read = read_recordings(table(available_h=None, ordered_as=None), Path())
    assert read["ordered_as"].tolist() == ["unknown", "unknown"]
    assert read["available_h"].isna().all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"file": None}, r"needs the columns .* \['file'\] are not there"),
        ({"started_h": None}, r"\['started_h'\] are not there"),
        ({"file": ["a.edf", "a.edf"]}, r"must name each file once; 1 cells are not \(rows 3\)"),
        ({"file": ["a.edf", ""]}, r"file must be filled; 1 cells are not \(rows 3\)"),
        ({"episode_id": ["", "E2"]}, r"episode_id must be filled; 1 cells are not \(rows 2\)"),
        ({"started_h": ["1", "day 3"]}, r"must be hours since infusion.*\(rows 3\)"),
        ({"started_h": ["1", ""]}, r"must be hours since infusion.*\(rows 3\)"),
        ({"started_h": ["1", "inf"]}, r"must be hours since infusion"),
        ({"started_h": ["1", "1,5"]}, r"must be hours since infusion"),
        ({"available_h": ["soon", ""]}, r"must be hours since infusion.*\(rows 2\)"),
        ({"ordered_as": ["routine", ""]}, r"must be one of .*'protocol'.*\(rows 2\)"),
        ({"sha256": ["abc", ""]}, r"must be 64 hexadecimal digits"),
    ],
)
def test_a_table_that_is_not_as_described_is_refused_by_row(
    change: dict[str, Any], words: str
) -> None:
    with pytest.raises(SignalError, match=words):
        read_recordings(table(**change), Path())


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(SignalError, match="at least one row"):
        read_recordings(table().iloc[:0], Path())


def test_a_time_of_availability_comes_from_the_table_or_from_a_named_policy() -> None:
    read = read_recordings(table(), Path())
    with pytest.raises(SignalError, match=r"1 rows have none \(rows 2\)"):
        Turnaround(None).check(read["available_h"])
    Turnaround(6.0).check(read["available_h"])
    events = make_events(read, [result(), result("b" * 64)], Turnaround(6.0))
    ends = events.groupby("episode_id")[["collected_h", "available_h"]].first()
    # Twenty minutes after the start, and six hours later or as stated.
    assert ends.loc["E1"].tolist() == pytest.approx([-26.5 + 1 / 3, -26.5 + 1 / 3 + 6])
    assert ends.loc["007"].tolist() == pytest.approx([72 + 1 / 3, 80.0])


def test_events_are_rows_of_the_cohort_in_the_catalogue_s_units() -> None:
    read = read_recordings(table(), Path())
    events = make_events(read, [result(), result("b" * 64)], Turnaround(6.0))
    assert check_table(events, EVENTS, name="events").equals(events)
    assert set(events["measurement"]) == {"eeg.delta_relative", "eeg.amplitude"}
    for name, unit in zip(events["measurement"], events["unit"], strict=True):
        assert load_catalogue()[name].unit == unit
    assert events["recording_sha256"].tolist() == 2 * ["a" * 64] + 2 * ["b" * 64]
    assert events["ordered_as"].tolist() == 2 * ["protocol"] + 2 * ["unknown"]
    assert set(events["assay"]) == {"icans-risk eeg 1"}


def test_a_long_recording_makes_events_by_the_hour_and_never_twice() -> None:
    hours = [
        {"start_s": 3600.0 * n, "end_s": 3600.0 * (n + 1), "epochs": 360, "clean": clean,
         "bad": [], "values": {"delta_relative": 0.1 * (n + 1)}}
        for n, clean in enumerate((300, 10))
    ]  # fmt: skip
    read = read_recordings(table(), Path()).iloc[:1]
    found = [result(hours=hours, end_s=7200.0, flags=["line_noise"])]
    events = make_events(read, found, Turnaround(0.5))
    assert events["collected_h"].tolist() == [-25.5, -24.5]
    assert events["available_h"].tolist() == [-25.0, -24.0]
    assert events["value"].tolist() == pytest.approx([0.1, 0.2])
    assert events["quality"].tolist() == ["line_noise", "line_noise;little_clean"]
    laid_out = make_measurements(read, found)
    assert laid_out["stretch"].tolist() == ["whole", "hour", "hour"]
    assert laid_out["delta_relative"].tolist() == pytest.approx([0.4, 0.1, 0.2])


def test_a_recording_under_two_episodes_belongs_to_nobody() -> None:
    read = read_recordings(table(), Path())
    judged = judge_results(read, [result(), result()], Turnaround(6.0))
    assert [found["refused"] for found in judged] == ["several_episodes", "several_episodes"]


def test_a_repeated_recording_counts_once() -> None:
    read = read_recordings(table(episode_id=["E1", "E1"]), Path())
    judged = judge_results(read, [result(), result()], Turnaround(6.0))
    assert [found["refused"] for found in judged] == [None, "repeated"]


def test_a_result_cannot_be_known_before_the_recording_ends() -> None:
    read = read_recordings(table(available_h=["-26.4", "80"]), Path())
    judged = judge_results(read, [result(), result("b" * 64)], Turnaround(None))
    assert [found["refused"] for found in judged] == ["available_before_end", None]


def test_a_value_that_the_catalogue_excludes_is_left_out() -> None:
    read = read_recordings(table(), Path()).iloc[:1]
    part = result()["whole"] | {"values": {"delta_theta_alpha_ratio": 5000.0, "amplitude": 3.0}}
    events = make_events(read, [result(whole=part)], Turnaround(6.0))
    assert events["analyte"].tolist() == ["amplitude"]


def test_no_usable_recording_makes_an_empty_table_with_all_columns() -> None:
    read = read_recordings(table(), Path())
    refused = {"refused": "truncated", "sha256": "", "figures": {}}
    assert list(make_events(read, [refused, refused], Turnaround(6.0)))[:4] == list(EVENTS)[:4]
    assert len(make_measurements(read, [refused, refused])) == 0


def test_every_measurement_stands_in_the_catalogue_and_within_its_limits(tmp_path: Path) -> None:
    write_edf(
        tmp_path / "a.edf", pink(128, slope=1.2, size=15.0, seconds=180), 128, labels=labels()
    )
    found = work({"path": str(tmp_path / "a.edf")})
    values = found["whole"]["values"]
    assert len(values) > 60
    for name, value in values.items():
        low, high = load_catalogue()[f"eeg.{name}"].hard_limits
        assert low <= value <= high, name


def findings(**words: str) -> pd.DataFrame:
    cells = {name: ["no"] for name in FINDINGS} | {name: [word] for name, word in words.items()}
    return pd.DataFrame(cells, dtype="str")


@pytest.mark.parametrize(
    ("words", "score"),
    [
        ({}, 0.0),
        ({"diffuse_theta": "yes"}, 1.0),
        ({"gpd_or_bipd": "1", "diffuse_delta": "TRUE", "grda": "Present"}, 7.0),
        (dict.fromkeys(POINTS, "yes"), 20.0),
        *(({name: "yes"}, 20.0) for name in SEVERE),
        # One severe finding says it all, whatever was not looked for.
        ({"burst_suppression": "yes", "lpd": ""}, 20.0),
        ({"lpd": ""}, None),
        ({"unreactive": ""}, None),
    ],
)
def test_visual_findings_add_up_to_the_score(words: dict[str, str], score: float | None) -> None:
    found = score_findings(findings(**words))["ve_cam_s"][0]
    assert np.isnan(found) if score is None else found == score


def test_the_score_without_status_leaves_the_outcome_s_part_out() -> None:
    scored = score_findings(
        pd.concat(
            [
                findings(lpd="yes"),
                findings(lpd="yes", nonconvulsive_status="yes"),
                findings(lpd="yes", nonconvulsive_status=""),
            ],
            ignore_index=True,
        )
    )
    assert scored["ve_cam_s"].tolist()[:2] == [2.0, 20.0]
    assert np.isnan(scored["ve_cam_s"][2])
    assert scored["ve_cam_s_without_status"].tolist()[::2] == [2.0, 2.0]
    assert np.isnan(scored["ve_cam_s_without_status"][1])


def test_patterns_follow_from_the_findings_that_were_looked_for() -> None:
    scored = score_findings(
        pd.concat(
            [findings(lpd="yes", grda=""), findings(lpd="", gpd_or_bipd="no")], ignore_index=True
        )
    )
    assert scored["periodic_discharges"][0] == 1.0
    assert np.isnan(scored["periodic_discharges"][1])
    assert np.isnan(scored["rhythmic_delta"][0])
    assert scored["burst_suppression"].tolist() == [0.0, 0.0]


def test_a_finding_in_other_words_is_refused_by_row_without_the_word() -> None:
    with pytest.raises(SignalError, match=r"lpd must be one of .*\(rows \[2\]\)") as caught:
        score_findings(findings(lpd="patient Muller"))
    assert "Muller" not in str(caught.value)
    with pytest.raises(SignalError, match="found none of"):
        score_findings(pd.DataFrame({"episode_id": ["E1"]}, dtype="str"))


def test_visual_findings_are_events_with_both_clocks() -> None:
    readings = read_readings(
        pd.DataFrame(
            {"episode_id": ["E1"], "collected_h": ["70"], "available_h": ["75"]}, dtype="str"
        )
    )
    events = make_reading_events(readings, score_findings(findings(lpd="yes")), Turnaround(None))
    values = events.set_index("analyte")["value"]
    assert values["ve_cam_s"] == 2.0
    assert values["periodic_discharges"] == 1.0
    assert set(events["available_h"]) == {75.0}
    assert set(events["assay"]) == {"visual reading"}


def test_a_reading_that_was_available_before_it_was_made_is_refused() -> None:
    early = {"episode_id": ["E1"], "collected_h": ["70"], "available_h": ["60"]}
    with pytest.raises(SignalError, match="must not precede"):
        read_readings(pd.DataFrame(early, dtype="str"))


def test_the_order_of_columns_changes_no_score() -> None:
    cells = findings(lpd="yes", diffuse_delta="yes")
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(FINDINGS))
        assert score_findings(cells.iloc[:, order])["ve_cam_s"][0] == 4.0

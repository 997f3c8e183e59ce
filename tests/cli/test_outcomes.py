"""Who is at risk when, as the user of the 80-patient study sees it."""

import json
import sys
from pathlib import Path

import pytest

from icans_risk.cli.main import run


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def program(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["icans-risk", *arguments])
        with pytest.raises(SystemExit) as caught:
            run()
        printed = capsys.readouterr()
        return int(caught.value.code or 0), printed.out, printed.err

    return program


def test_the_flow_of_the_80_patients(call, study_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    code, out, err = call(
        "outcomes", str(study_file), "--landmarks", "0,24,72,120", "--json", str(file)
    )
    assert code == 0, err
    report = json.loads(file.read_text())
    assert report["highest_grade"] == {
        "crs_grade": {"0": 19, "1": 18, "2": 40, "3": 2, "4": 1},
        "icans_grade": {"0": 47, "1": 16, "2": 5, "3": 9, "4": 3},
    }
    assert report["first_day"]["icans_grade>=3"] == {
        "1": 1, "5": 1, "6": 6, "7": 1, "9": 1, "10": 2,
    }  # fmt: skip
    severe = {
        (row["policy"], row["landmark_h"]): row
        for row in report["flow"]
        if row["endpoint"] == "icans_grade>=3"
    }
    assert len(severe) == 12
    for policy, unknown in {"discharged_well": 0, "observed_only": 44, "complete_case": 44}.items():
        at_72 = severe[policy, 72.0]
        assert (at_72["at_risk"], at_72["events"], at_72["outcome_unknown"]) == (79, 11, unknown)
        assert at_72["excluded_endpoint_before_landmark"] == 1
    assert severe["discharged_well", 120.0]["events_after_onset"] == 4
    assert "Highest ICANS grade:  0: 47, 1: 16, 2: 5, 3: 9, 4: 3" in out


def test_every_row_of_the_flow_accounts_for_every_episode(
    call, study_file: Path, tmp_path: Path
) -> None:
    call("outcomes", str(study_file), "--json", str(tmp_path / "flow.json"))
    for row in json.loads((tmp_path / "flow.json").read_text())["flow"]:
        excluded = sum(n for name, n in row.items() if name.startswith("excluded_"))
        assert row["episodes"] == excluded + row["at_risk"] == 80
        assert row["at_risk"] == (
            row["events"] + row["competing_deaths"] + row["free_of_endpoint"]
            + row["outcome_unknown"]
        )  # fmt: skip


def test_landmarks_that_are_no_hours_are_one_line(call, study_file: Path) -> None:
    code, _, err = call("outcomes", str(study_file), "--landmarks", "day 3")
    assert (code, len(err.strip().splitlines())) == (2, 1)


FINDINGS = """\
patient,ice_total,consciousness,seizure,motor,pressure,tremor,temperature_c,hypotension,oxygen
a,10,awakens spontaneously,none,none,none,true,36.8,none,none
b,8,awakens spontaneously,none,none,none,false,38.4,none,none
c,5,awakens to voice,none,deep focal weakness,none,,,,
d,,,,,,,,,
"""


def test_findings_are_graded_with_what_decided(call, tmp_path: Path) -> None:
    (tmp_path / "findings.csv").write_text(FINDINGS)
    code, out, err = call("grade", str(tmp_path / "findings.csv"))
    assert code == 0, err
    assert "ICANS:  grade 0: 1, grade 1: 1, grade 4: 1; not gradable: 1" in out
    assert "decided by: motor (1)" in out
    lines = (tmp_path / "findings-graded.csv").read_text().splitlines()
    assert lines[0].startswith(FINDINGS.splitlines()[0] + ",icans_grade,")
    assert len(lines) == 5
    assert (tmp_path / "findings-graded.csv").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ice_total\n11\n", "'ice_total' must lie in 0..10; 1 of 1 cells"),
        ("ice_total\n7.5\n", "halves need the rule 'ceil' or 'floor'"),
        ("ice_total\nfine\n", "'ice_total' must be a number"),
        ("seizures,ice_total\nnone,9\n", "'seizures' has no meaning, but 'seizure' has"),
        ("patient\na\n", "expected findings such as ice_total"),
        ("ice_total,ice_total\n9,9\n", "more than once"),
        ("ice_total,motor\n9\n", r"1 lines have another number (row 2)"),
        ("", "expected a header in line 1"),
        ("ice_total,icans_grade\n9,1\n", "already has the columns ['icans_grade']"),
    ],
)
def test_a_bad_finding_is_one_line_and_nothing_is_written(
    call, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "findings.csv").write_text(text)
    code, _, err = call("grade", str(tmp_path / "findings.csv"))
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert message in err
    assert [p.name for p in tmp_path.iterdir()] == ["findings.csv"]


def test_half_scores_follow_the_stated_rule(call, tmp_path: Path) -> None:
    (tmp_path / "findings.csv").write_text("ice_total\n6.5\n")
    for rule, grade in {"ceil": "grade 1: 1", "floor": "grade 2: 1"}.items():
        _, out, err = call("grade", str(tmp_path / "findings.csv"), "--half", rule)
        assert grade in out, err

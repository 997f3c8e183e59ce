"""The block ``evaluation`` of a study file."""

from pathlib import Path

import pytest
import yaml

from icans_risk.errors import StudyError
from icans_risk.study import Study, parse_study
from icans_risk.study.evaluation import DEFAULT_RANGE, Evaluation


def read(study_file: Path, *lines: str) -> Study:
    """Read the study with another block, or without one."""
    content = yaml.safe_load(study_file.read_text(encoding="utf-8"))
    content.pop("evaluation", None)
    if lines:
        content["evaluation"] = yaml.safe_load("\n".join(lines))
    return parse_study(yaml.safe_dump(content), name="study.yaml")


def test_a_study_without_the_block_has_no_threshold_and_says_no_range(study_file: Path) -> None:
    evaluation = read(study_file).evaluation
    assert evaluation.thresholds == ()
    assert evaluation.decision_range is None
    assert evaluation.drawn_range == DEFAULT_RANGE
    assert evaluation.subgroups == ("age_years", "sex", "product", "disease", "site")
    assert evaluation.leave_out == ("site", "product", "disease", "era")
    assert (evaluation.smallest_group, evaluation.smallest_cell) == (10, 5)


def test_what_a_study_declares_is_read(study_file: Path) -> None:
    found = read(
        study_file,
        "thresholds: [0.1, 0.3]",
        "decision_range: [0.05, 0.4]",
        "because: A protocol says so.",
        "age_bands: [60]",
        "subgroups: [sex, ecog]",
        "leave_out: []",
    ).evaluation
    assert found.thresholds == (0.1, 0.3)
    assert found.drawn_range == (0.05, 0.4)
    assert found.because == "A protocol says so."
    assert (found.age_bands, found.subgroups, found.leave_out) == ((60.0,), ("sex", "ecog"), ())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("thresholds: [0.3, 0.1]", "between 0 and 1, ascending"),
        ("thresholds: [0.1, 1]", "between 0 and 1, ascending"),
        ("thresholds: [.nan]", "between 0 and 1, ascending"),
        ("thresholds: ['0.1']", "valid number"),
        ("decision_range: [0.1]", "evaluation.decision_range"),
        ("decision_range: [0.0, 0.4]", "between 0 and 1, ascending"),
        ("decision_range: [0.4, 0.1]", "between 0 and 1, ascending"),
        ("age_bands: [70, 60]", "ages in ascending order"),
        ("age_bands: []", "at least 1 item"),
        ("subgroups: [sex, sex]", "names a column twice"),
        ("smallest_group: 1", "greater than or equal to 2"),
        ("smallest_cell: 0", "greater than or equal to 1"),
        ("age_band: [60]", "nearest valid key is 'age_bands'"),
    ],
)
def test_a_mistake_is_named(study_file: Path, line: str, message: str) -> None:
    with pytest.raises(StudyError, match=message) as caught:
        read(study_file, line)
    assert "\n" not in str(caught.value)


def test_a_threshold_outside_the_declared_range_is_refused(study_file: Path) -> None:
    with pytest.raises(StudyError, match="inside decision_range"):
        read(study_file, "thresholds: [0.1, 0.5]", "decision_range: [0.05, 0.4]")


def test_without_a_declared_range_any_threshold_may_stand() -> None:
    assert Evaluation(thresholds=(0.02, 0.9)).drawn_range == DEFAULT_RANGE


def test_a_threshold_changes_the_hash_of_a_study(study_file: Path) -> None:
    one, other = (read(study_file, f"thresholds: [{at}]").hash() for at in (0.1, 0.2))
    assert one != other

"""The study file is read strictly."""

from collections.abc import Callable
from pathlib import Path

import pytest

from icans_risk.errors import StudyError
from icans_risk.study import load_study

Change = Callable[[str, str], Path]


@pytest.fixture
def change(study_file: Path, tmp_path: Path) -> Change:
    """Write the study with one text replaced."""

    def write(old: str, new: str) -> Path:
        text = study_file.read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "study.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


def test_the_study_of_80_patients_is_read(study_file: Path) -> None:
    study = load_study(study_file)
    assert study.outcome.landmarks_h == (72.0,)
    assert study.outcome.horizon_h(72.0) == 360.0
    assert study.outcome.endpoint_in_words == "ICANS grade 3 or higher (ASTCT)"
    assert study.data.daily.file.is_file()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("landmarks_h:", "landmark_hs:", "unknown key 'outcome.landmark_hs'.*'landmarks_h'"),
        ("treatment_policy: ignore\n", "", "'treatment_policy' is required"),
        ("_policy: ignore", "_policy: include_before_landmark", "Set features.presence: inform"),
        ("at_least: 3", "at_least: no", "valid integer"),
        ("at_least: 3", "at_least: '3'", "valid integer"),
        ("at_least: 3", "at_least: 6", "less than or equal to 5"),
        ("until_h: 360", "until_h: 48", "until_h must come after every landmark"),
        ("until_h: 360", "until_h: 360\n  within_h: 72", "exactly one of until_h and within_h"),
        ("data_kind: real", "data_kind: 2024-03-31", "Quote it"),
        ("seed: 20261121", "seed: 1\nseed: 2", "stands twice"),
        ("study: nulisa80", "study: [", "not a YAML file at line"),
        ("treatment.anakinra", "treatment.anakirna", "nearest is 'treatment.anakinra'"),
        ("icans_grade: icans_grade\n", "", "without it there is no outcome"),
        ("{value: CD19}", "{value: CD19, column: x}", "exactly one of value, column, id_prefix"),
        ("model: logistic", "model: perceptron", "prevalence"),
    ],
)
def test_a_mistake_is_named(change: Change, old: str, new: str, message: str) -> None:
    with pytest.raises(StudyError, match=message) as caught:
        load_study(change(old, new))
    assert "\n" not in str(caught.value)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot read the study file"):
        load_study(tmp_path / "none.yaml")


def test_the_hash_ignores_comments_and_folder_and_sees_a_setting(
    change: Change, study_file: Path
) -> None:
    original = load_study(study_file).hash()
    assert load_study(change("# Severe", "# Grave")).hash() == original
    assert load_study(change("seed: 20261121", "seed: 7")).hash() != original


def test_a_horizon_can_be_a_duration(change: Change) -> None:
    study = load_study(change("until_h: 360", "within_h: 72"))
    assert study.outcome.horizon_h(48.0) == 120.0

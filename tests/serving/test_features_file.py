"""The file of vectors holds what models are fitted to, and no outcome unless asked for."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from icans_risk.errors import IcansRiskError
from icans_risk.workflow.features import KEYS, OUTCOME, write_features
from serving.example import Example


def study_of(example: Example) -> Path:
    return example.models[0].parent / "study.yaml"


@pytest.fixture(scope="module")
def written(example: Example, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The vectors with their outcome, as Parquet."""
    out = tmp_path_factory.mktemp("features") / "vectors.parquet"
    write_features(study_of(example), out, with_outcome=True)
    return out


def test_rows_with_a_known_outcome_are_those_that_develop_fits_to(
    example: Example, written: Path
) -> None:
    table = pd.read_parquet(written)
    for result in example.results:
        at = table[table["landmark_h"] == result.data.landmark_h]
        fitted = at[at["outcome.event"].notna()].set_index(["episode_id", "landmark_h"])
        vectors = fitted.drop(columns=["patient_id", *OUTCOME])
        assert_frame_equal(vectors, result.rows.vectors, check_exact=True)
        assert fitted["outcome.event"].tolist() == result.rows.event.tolist()
        assert fitted["outcome.weight"].tolist() == result.rows.weight.tolist()
        assert fitted["patient_id"].tolist() == result.rows.patient.tolist()
        assert len(at) == result.data.primary["at_risk"].sum()


def test_no_outcome_and_no_grade_is_in_the_file_unless_asked_for(
    example: Example, tmp_path: Path
) -> None:
    facts = write_features(study_of(example), tmp_path / "vectors.parquet")
    table = pd.read_parquet(tmp_path / "vectors.parquet")
    columns = pd.read_csv(tmp_path / "vectors.columns.csv")["column"].tolist()
    assert list(table) == [*KEYS, *columns]
    assert not [name for name in columns if name.startswith(("outcome", "grade", "icans"))]
    told = json.dumps(facts)
    assert "event" not in {word.strip('"') for word in told.replace(":", " ").split()}
    assert facts["with_outcome"] is False


def test_comma_separated_values_are_the_same_to_the_last_bit(
    example: Example, written: Path, tmp_path: Path
) -> None:
    write_features(study_of(example), tmp_path / "vectors.csv", with_outcome=True)
    expected = pd.read_parquet(written)
    table = pd.read_csv(tmp_path / "vectors.csv", dtype=str, keep_default_na=False)
    assert list(table) == list(expected)
    for name in expected.columns[2:]:
        cells = table[name].replace("", "nan").astype("float64").astype(expected[name].dtype)
        assert_series_equal(cells, expected[name], check_exact=True)
    assert table["episode_id"].tolist() == expected["episode_id"].tolist()


def test_facts_count_what_the_file_holds(written: Path) -> None:
    table = pd.read_parquet(written)
    facts = json.loads(written.with_suffix(".facts.json").read_text(encoding="utf-8"))
    columns = pd.read_csv(written.with_suffix(".columns.csv")).set_index("column")
    vectors = table.drop(columns=[*KEYS, *OUTCOME])
    assert facts["rows"] == len(table) == sum(one["at_risk"] for one in facts["landmarks"])
    assert columns["missing_share"].to_dict() == pytest.approx(vectors.isna().mean().to_dict())
    for modality in facts["modalities"]:
        own = vectors.loc[:, vectors.columns.str.startswith(f"{modality['modality']}.")]
        assert modality["columns"] == own.shape[1]
        assert modality["missing_share"] == pytest.approx(np.isnan(own.to_numpy()).mean())
    for one in facts["landmarks"]:
        excluded = sum(n for name, n in one.items() if name.startswith("excluded_"))
        assert one["episodes"] == one["at_risk"] + excluded
    assert facts["synthetic"] is facts["research_use_only"] is True


def test_files_are_private_and_there_together(written: Path) -> None:
    names = {"vectors.parquet", "vectors.columns.csv", "vectors.facts.json"}
    assert {file.name for file in written.parent.iterdir()} == names
    assert all(file.stat().st_mode & 0o077 == 0 for file in written.parent.iterdir())


@pytest.mark.parametrize("name", ["vectors.xlsx", "vectors", "nowhere/vectors.csv"])
def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    example: Example, tmp_path: Path, name: str
) -> None:
    with pytest.raises(IcansRiskError, match=r"expected a file that ends in|folder does not exist"):
        write_features(study_of(example), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_fails_leaves_none_of_the_three(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("icans_risk.workflow.features.pq.write_table", full)
    with pytest.raises(IcansRiskError, match="No space left"):
        write_features(study_of(example), tmp_path / "vectors.parquet")
    assert list(tmp_path.iterdir()) == []

"""Cohort folder, CSV, Parquet and JSON give the same answers, written whole or not at all."""

import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from icans_risk.cli.main import app
from icans_risk.cohort import Cohort
from icans_risk.errors import CohortError, IcansRiskError
from icans_risk.serving import Scored, score
from icans_risk.serving.records import SCHEMA, to_arrow
from icans_risk.workflow.score import score_files
from serving.example import Example


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def scored(example: Example) -> Scored:
    return score(example.cohort, [example.served], data_kind="synthetic")


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(
        table.astype(object)
        .where(table.notna(), None)
        .to_json(orient="records", double_precision=15)
    )
    return rows


def write_tables(folder: Path, cohort: Cohort, ending: str) -> Path:
    folder.mkdir()
    for name in ("episodes", "events", "grades"):
        table = getattr(cohort, name)
        if ending == "csv":
            table.to_csv(folder / f"{name}.csv", index=False)
        else:
            table.to_parquet(folder / f"{name}.parquet")
    return folder


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_tables_in_any_form_give_the_bits_of_the_cohort_folder(
    example: Example, scored: Scored, tmp_path: Path, ending: str
) -> None:
    folder = write_tables(tmp_path / "tables", example.cohort, ending)
    out = tmp_path / "risks.parquet"
    told = score_files(example.models[:1], folder, out=out, data_kind="synthetic")
    assert told["synthetic"] is True
    assert pq.read_table(out).equals(to_arrow(scored))
    whole = tmp_path / "whole.parquet"
    score_files(example.models[:1], example.cohort_folder, out=whole)
    assert pq.read_table(whole).equals(to_arrow(scored))


def test_json_in_and_out_says_the_same(example: Example, tmp_path: Path) -> None:
    cohort = example.cohort
    ids = cohort.episodes["episode_id"][:6]
    few = {
        name: rows_of(table[table["episode_id"].isin(ids)]) for name, table in vars(cohort).items()
    }
    source, out = tmp_path / "patients.json", tmp_path / "risks.json"
    source.write_text(json.dumps(few | {"data_kind": "synthetic"}), encoding="utf-8")
    done = call("score", example.models[0], source, "--out", out)
    assert done.exit_code == 0, done.output
    told = json.loads(out.read_text())
    assert told["label"].startswith("From a model fitted on SYNTHETIC patients")
    assert told["research_use_only"] is True
    assert told["models"][0]["sha256"] == example.served.identity
    assert [row["episode_id"] for row in told["predictions"]] == ids.tolist()
    first = next(row for row in told["predictions"] if row["status"] == "answered")
    assert set(first) == set(SCHEMA.names)
    total = sum(part["contribution_logit"] for part in first["contributions"])
    folded = sum(part["contribution_logit"] for part in first["folded"])
    assert total == pytest.approx(folded)
    assert first["inputs"][0]["available_h"] <= 72.0


def test_the_label_is_in_the_parquet_file_and_on_the_terminal(
    example: Example, tmp_path: Path
) -> None:
    out, summary = tmp_path / "risks.parquet", tmp_path / "told.json"
    done = call(
        "score", example.models[0], example.cohort_folder, "--also", example.models[1],
        "--out", out, "--json", summary,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "SYNTHETIC" in done.output
    head = json.loads(pq.read_schema(out).metadata[b"icans_risk"])
    assert head["synthetic"] is True
    assert "SYNTHETIC" in head["label"]
    told = json.loads(summary.read_text())
    assert sum(row["predictions"] for row in told["statuses"]) == 120
    assert set(pq.read_table(out)["trained_on"].to_pylist()) == {"synthetic"}
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_model_that_was_withdrawn_refuses(example: Example, tmp_path: Path) -> None:
    model = tmp_path / "model"
    copytree(example.models[0], model)
    done = call("withdraw", model, "--because", "the assay changed")
    assert done.exit_code == 0, done.output
    out = tmp_path / "risks.json"
    done = call("score", model, example.cohort_folder, "--out", out)
    assert "was withdrawn" in str(done.exception)
    assert "the assay changed" in str(done.exception)
    assert not out.exists()


def test_what_stood_there_stays_where_nothing_can_be_scored(
    example: Example, tmp_path: Path
) -> None:
    out = tmp_path / "risks.json"
    out.write_text("before", encoding="utf-8")
    with pytest.raises(CohortError, match="expected 1 to 3 episodes"):
        score_files(example.models[:1], example.cohort_folder, out=out, most_episodes=3)
    assert out.read_text() == "before"
    with pytest.raises(IcansRiskError, match=r"ends in .json or .parquet"):
        score_files(example.models[:1], example.cohort_folder, out=tmp_path / "risks.csv")


def test_data_that_contradict_what_is_asked_are_refused(example: Example, tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="the data say that they are synthetic"):
        score_files(
            example.models[:1], example.cohort_folder, out=tmp_path / "r.json", data_kind="real"
        )


def test_tables_are_of_real_patients_unless_somebody_says_otherwise(
    example: Example, tmp_path: Path
) -> None:
    folder = write_tables(tmp_path / "tables", example.cohort, "parquet")
    told = score_files(example.models[:1], folder, out=tmp_path / "r.json")
    assert told["data_kind"] == "real"
    assert "answered" not in {row["status"] for row in told["statuses"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no JSON"),
        ("[]", "expected a JSON object"),
        ('{"episodes": [], "patients": []}', "expected a JSON object"),
        ('{"episodes": {}, "events": []}', "a list of objects"),
        ('{"episodes": [{"episode_id": "a"}]}', "none of events"),
        ('{"episodes": [{"episode_id": "a"}], "events": []}', "needs the columns"),
        ('{"episodes": [], "events": [], "data_kind": "some"}', "'real' or 'synthetic'"),
    ],
)
def test_a_document_that_is_none_is_refused_in_one_line(
    example: Example, tmp_path: Path, content: str, message: str
) -> None:
    source = tmp_path / "patients.json"
    source.write_text(content, encoding="utf-8")
    with pytest.raises(CohortError, match=message):
        score_files(example.models[:1], source, out=tmp_path / "r.json")


def test_a_bad_cell_in_a_csv_stops_one_patient(example: Example, tmp_path: Path) -> None:
    cohort = example.cohort
    events = cohort.events.astype({"value": object})
    bad = str(events["episode_id"].iloc[0])
    events.loc[0, "value"] = "MRN-123456"
    folder = write_tables(tmp_path / "tables", replace(cohort), "csv")
    events.to_csv(folder / "events.csv", index=False)
    out = tmp_path / "risks.json"
    score_files(example.models[:1], folder, out=out, data_kind="synthetic")
    told = json.loads(out.read_text())["predictions"]
    assert [row["episode_id"] for row in told if row["status"] == "unreadable"] == [bad]
    assert "MRN" not in out.read_text()

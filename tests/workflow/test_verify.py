"""A kept run is made again bit for bit, or it is said what differs."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow import MlflowClient
from typer.testing import CliRunner

from icans_risk.cli.main import app
from icans_risk.errors import TrackingError
from icans_risk.models.pipeline import Pipeline
from icans_risk.workflow.develop import develop
from icans_risk.workflow.provenance import Provenance, describe_provenance, read_provenance
from icans_risk.workflow.verify import compare_held_out, verify_run
from store_template import copy_store
from workflow.kept_runs import keep_run, make_rows, see
from workflow.small import small_study, write_cohort


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, store_template: Path) -> dict[str, Any]:
    """A run of a small study."""
    folder = tmp_path_factory.mktemp("made")
    file = folder / "study.yaml"
    small_study(file, write_cohort(folder / "data"), models={"rebuilds": 3})
    uri = copy_store(store_template, folder / "mlruns")
    summary = develop(
        file, tracking_uri=uri, artifacts=folder / "artifacts", reports=folder / "reports"
    )
    return {"uri": uri, "folder": folder, "file": file, "run": summary["run_id"]}


def changed(made: dict[str, Any], file: Path, change: Any) -> Path:
    study = yaml.safe_load(made["file"].read_text())
    change(study)
    file.write_text(yaml.safe_dump(study, sort_keys=False))
    return file


def test_a_run_made_again_is_the_same_bit_for_bit(made: dict[str, Any]) -> None:
    told = verify_run(made["run"][:8], tracking_uri=made["uri"])
    assert told["verdict"] == "identical"
    assert told["parts"] == []
    (landmark,) = told["landmarks"]
    assert set(landmark["greatest"].values()) == {0.0}
    assert landmark["model"]["then"] == landmark["model"]["now"] is not None
    tags = MlflowClient(made["uri"]).get_run(made["run"]).data.tags
    assert tags["content_hash"] == told["content_hash"]["now"]
    assert "xgboost " in tags["packages"]
    assert ("git_commit" in tags) == ("git_dirty" in tags)


def test_another_seed_is_named_as_another_study(made: dict[str, Any], tmp_path: Path) -> None:
    file = changed(made, tmp_path / "other.yaml", lambda study: study.update(seed=99))
    done = CliRunner().invoke(
        app,
        ["verify", made["run"], "--study", str(file), "--json", str(tmp_path / "told.json"),
         "--tracking-uri", made["uri"]],
    )  # fmt: skip
    assert done.exit_code == 2, done.output
    assert "study: The study says something else." in done.output
    assert "the released model has other bytes" in done.output
    told = json.loads((tmp_path / "told.json").read_text())
    assert [part["part"] for part in told["parts"]] == ["study"]
    assert told["landmarks"][0]["greatest"]["booster"] > 1e-6


def test_another_library_is_named_with_both_versions(made: dict[str, Any], tmp_path: Path) -> None:
    (file,) = made["folder"].glob("artifacts/*/artifacts/study/provenance.json")
    kept = file.read_text()
    try:
        file.write_text(kept.replace('"python": "', '"python": "2.7 not '))
        told = verify_run(made["run"], tracking_uri=made["uri"])
    finally:
        file.write_text(kept)
    (part,) = told["parts"]
    assert part["part"] == "lock"
    assert "Other versions: python (2.7 not " in part["sentence"]
    assert told["verdict"] == "identical"


def test_settings_chosen_for_another_study_are_not_used(
    made: dict[str, Any], tmp_path: Path
) -> None:
    file = changed(
        made, tmp_path / "s.yaml", lambda study: study["models"].update(tuning={"trials": 3})
    )
    with pytest.raises(TrackingError, match=r"The study says something else\. Search anew by"):
        verify_run(made["run"], tracking_uri=made["uri"], study_file=file)


def test_a_run_of_an_earlier_version_is_refused(store_template: Path, tmp_path: Path) -> None:
    uri, rows = copy_store(store_template, tmp_path), make_rows()
    run = keep_run(uri, tmp_path, rows, {"booster": see(rows, 0.4)})
    with pytest.raises(TrackingError, match=r"keeps no study/provenance\.json"):
        verify_run(run, tracking_uri=uri)


@pytest.mark.slow
def test_a_tuned_run_is_made_again_from_what_was_chosen_or_by_the_same_search(
    made: dict[str, Any], store_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = changed(
        made, tmp_path / "s.yaml", lambda study: study["models"].update(tuning={"trials": 3})
    )
    uri = copy_store(store_template, tmp_path / "mlruns")
    run = develop(file, tracking_uri=uri, artifacts=tmp_path / "a", reports=tmp_path / "r")
    told = verify_run(run["run_id"], tracking_uri=uri, retune=True)
    assert (told["verdict"], told["parts"]) == ("identical", [])
    (kept,) = tmp_path.glob("a/*/artifacts/study/settings.json")
    settings = json.loads(kept.read_text())
    assert len(settings) == 4
    monkeypatch.setattr(Pipeline, "search", None)
    assert verify_run(run["run_id"], tracking_uri=uri)["verdict"] == "identical"
    name = "booster-72h-all"
    kept.write_text(json.dumps(settings | {name: settings[name] | {"reg_lambda": 50.0}}))
    told = verify_run(run["run_id"], tracking_uri=uri)
    (landmark,) = told["landmarks"]
    assert set(landmark["greatest"].values()) == {0.0}
    assert landmark["model"]["greatest"] > 1e-4
    assert told["verdict"] == "different"


def test_differences_are_judged_by_a_millionth() -> None:
    kept = {"event": [0, 1], "risk": {"a": [0.1, 0.2], "b": [0.3, 0.4]}}
    for moved, verdict in {0.0: "identical", 9e-7: "within tolerance", 2e-6: "different"}.items():
        made = {"event": [0, 1], "risk": {"a": [0.1, 0.2], "b": [0.3, 0.4 + moved]}}
        assert compare_held_out(kept, made)["verdict"] == verdict
    fewer = {"event": [0, 1], "risk": {"a": [0.1, 0.2]}}
    assert compare_held_out(kept, fewer)["verdict"] == "different"
    others = {"event": [1, 1], "risk": kept["risk"]}
    told = compare_held_out(kept, others)
    assert (told["rows"], told["verdict"]) == (False, "different")


def test_every_part_is_in_the_hash_and_the_commit_is_not() -> None:
    one = Provenance("d", "s", {"numpy": "2"}, "c", "commit", True)
    for change in ({"data": "D"}, {"study": "S"}, {"packages": {"numpy": "3"}}, {"code": "C"}):
        assert replace(one, **change).content_hash != one.content_hash
    # A commit that changes no file of the package changes no number.
    assert replace(one, commit="other", is_dirty=False).content_hash == one.content_hash
    assert read_provenance(json.loads(json.dumps(one.to_dict()))) == one


def test_what_runs_here_is_described_the_same_twice() -> None:
    one, two = (describe_provenance(data="d", study="s") for _ in range(2))
    assert one == two
    assert {"python", "machine", "numpy", "xgboost"} <= one.packages.keys()
    assert "pytest" not in one.packages

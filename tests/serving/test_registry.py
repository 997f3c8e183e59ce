"""A model is registered, promoted by comparison, scored by its name, and taken back everywhere."""

import json
from dataclasses import replace
from pathlib import Path
from shutil import copyfile, copytree
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner

from icans_risk.cli.main import app
from icans_risk.errors import ComparisonError, ModelError, TrackingError
from icans_risk.models.released import load_released
from icans_risk.models.stored import stored_hash
from icans_risk.models.withdrawal import withdraw_model
from icans_risk.tracking import find_version, give_alias
from icans_risk.workflow.registry import promote_model, register_model
from icans_risk.workflow.score import score_files
from icans_risk.workflow.withdraw import withdraw
from serving.example import Example
from store_template import copy_store
from workflow.kept_runs import keep_run, make_rows, see

NAME = "demo-72h"
PASSED, FAILED = {"audit": {"verdict": "pass"}}, {"audit": {"verdict": "fail"}}


@pytest.fixture(scope="module")
def kept(
    tmp_path_factory: pytest.TempPathFactory, store_template: Path, example: Example
) -> dict[str, str]:
    """A store whose runs have a model each; its files are copied for each test."""
    folder = tmp_path_factory.mktemp("kept")
    uri, rows = copy_store(store_template, folder), make_rows()
    same, noisy = {"booster": see(rows, 0.4)}, {"booster": see(rows, 2.0)}
    told: dict[str, dict[str, Any]] = {
        "old": {"risks": same, "landmark": PASSED},
        "new": {"risks": {"booster": see(rows, 0.401)}, "landmark": PASSED},
        "worse": {"risks": noisy, "landmark": PASSED},
        "leaky": {"risks": {"booster": see(rows, 0.402)}, "landmark": FAILED},
        "elsewhere": {
            "risks": same, "landmark": PASSED, "summary": {"cohort_hash": "d1" * 32},
        },
    }  # fmt: skip
    runs = {}
    for name, run in told.items():
        released = load_released(example.models[0])
        released = replace(released, facts={**released.facts, "title": name})
        released.save(folder / name)
        runs[name] = keep_run(uri, folder, rows, run.pop("risks"), model=folder / name, **run)
    return {"uri": uri, "folder": str(folder), **runs}


@pytest.fixture
def store(kept: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The registry is empty again: its tables are in the database, whose copy knows the runs."""
    copyfile(Path(kept["folder"]) / "mlflow.db", tmp_path / "mlflow.db")
    return kept | {"uri": f"sqlite:///{tmp_path}/mlflow.db"}


@pytest.fixture
def own(kept: dict[str, str], tmp_path: Path, store_template: Path) -> dict[str, str]:
    """A store with runs of its own, for what changes their artifacts."""
    uri, rows, made = copy_store(store_template, tmp_path / "own"), make_rows(), {}
    for name, cohort in {"old": "c0" * 32, "elsewhere": "d1" * 32}.items():
        model, risks = Path(kept["folder"]) / name, {"booster": see(rows, 0.4)}
        made[name] = keep_run(
            uri, tmp_path / "own", rows, risks, landmark=PASSED,
            summary={"cohort_hash": cohort}, model=model,
        )  # fmt: skip
    return {"uri": uri, "folder": str(tmp_path / "own"), "models": kept["folder"], **made}


def register(store: dict[str, str], run: str, **others: Any) -> dict[str, Any]:
    return register_model(store[run], tracking_uri=store["uri"], **others)


def promote(store: dict[str, str], **others: Any) -> dict[str, Any]:
    return promote_model(NAME, tracking_uri=store["uri"], resamples=200, **others)


def aliases(store: dict[str, str]) -> dict[str, int]:
    found = MlflowClient(store["uri"], store["uri"]).get_registered_model(NAME).aliases
    return {alias: int(version) for alias, version in found.items()}


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_run_is_registered_as_challenger_with_what_it_is(store: dict[str, str]) -> None:
    told = register(store, "old")
    assert told["reference"] == f"models:/{NAME}/1"
    assert aliases(store) == {"challenger": 1}
    version = find_version(store["uri"], f"models:/{NAME}@challenger")
    assert version.tags["cohort_hash"] == "c0" * 32
    assert version.tags["data_kind"] == "synthetic"
    assert version.sha256 == stored_hash(Path(store["folder"]) / "old")
    assert version.run_id == store["old"]


def test_a_version_is_made_in_its_store_whichever_was_named_last(
    store: dict[str, str], tmp_path: Path
) -> None:
    elsewhere = f"sqlite:///{tmp_path}/elsewhere.db"
    mlflow.set_tracking_uri(elsewhere)
    assert register(store, "old")["version"] == 1
    assert mlflow.get_tracking_uri() == elsewhere
    assert not (tmp_path / "elsewhere.db").exists()


def test_registering_again_makes_no_second_version(store: dict[str, str]) -> None:
    register(store, "old")
    register(store, "new")
    assert aliases(store) == {"challenger": 2}
    assert register(store, "old")["version"] == 1
    assert aliases(store) == {"challenger": 1}
    assert register(store, "old", alias="shadow", name="other")["reference"] == "models:/other/1"


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"alias": "champion"}, "icans-risk promote"),
        ({"alias": "v3"}, "reserved"),
        ({"landmark": "24h"}, "keeps no model at 24h; it has 72h"),
    ],
)
def test_what_cannot_be_registered_is_refused(
    store: dict[str, str], others: dict[str, Any], message: str
) -> None:
    with pytest.raises(TrackingError, match=message):
        register(store, "old", **others)


def test_the_first_model_becomes_champion_and_the_next_by_comparison(store: dict[str, str]) -> None:
    register(store, "old")
    first = promote(store)
    assert (first["is_promoted"], first["champion_before"], first["verdict"]) == (True, None, None)
    register(store, "new")
    second = promote(store)
    assert second["is_promoted"], second["blocks"]
    assert second["champion_before"] == f"models:/{NAME}/1"
    assert second["verdict"] == "accept"
    assert aliases(store) == {"challenger": 2, "champion": 2}
    tags = find_version(store["uri"], f"models:/{NAME}@champion").tags
    assert tags["compared_with"] == f"models:/{NAME}/1"
    assert tags["gate"] == "accept"
    assert "No model" not in tags["gate_sentences"]
    with pytest.raises(TrackingError, match="is the champion already"):
        promote(store)


def test_a_worse_model_is_blocked_and_no_reason_overrules_it(store: dict[str, str]) -> None:
    register(store, "old")
    promote(store)
    register(store, "worse")
    told = promote(store, because="we like it")
    assert told["is_promoted"] is False
    assert told["verdict"] == "reject"
    assert any("AUROC" in sentence for sentence in told["blocks"])
    assert aliases(store) == {"challenger": 2, "champion": 1}
    tags = find_version(store["uri"], f"models:/{NAME}/2").tags
    assert "refused_at" in tags
    assert "promoted_at" not in tags


@pytest.mark.parametrize("has_champion", [False, True])
def test_a_failed_audit_blocks_unless_somebody_says_why(
    store: dict[str, str], has_champion: bool
) -> None:
    if has_champion:
        register(store, "old")
        promote(store)
    register(store, "leaky")
    blocked = promote(store)
    assert not blocked["is_promoted"]
    assert len(blocked["blocks"]) == 1
    assert "audit" in blocked["blocks"][0]
    assert promote(store, because=" ")["is_promoted"] is False
    assert promote(store, because="tests are ordered by protocol here")["is_promoted"]
    tags = find_version(store["uri"], f"models:/{NAME}@champion").tags
    assert tags["because"] == "tests are ordered by protocol here"
    assert tags["audit"] == "fail"


def test_models_of_other_patients_are_not_compared(store: dict[str, str]) -> None:
    register(store, "old")
    promote(store)
    register(store, "elsewhere")
    with pytest.raises(ComparisonError, match=r"differ in cohort \(c0c0c0c0, d1d1d1d1\)"):
        promote(store)
    assert aliases(store) == {"challenger": 2, "champion": 1}


def test_two_promotions_at_once_do_not_overwrite_each_other(store: dict[str, str]) -> None:
    register(store, "old")
    old = find_version(store["uri"], f"models:/{NAME}/1")
    promote(store)
    register(store, "new")
    new = find_version(store["uri"], f"models:/{NAME}/2")
    with pytest.raises(TrackingError, match="version 1 became champion meanwhile, expected none"):
        give_alias(new, "champion", instead_of=None, tags={"promoted_at": "never"})
    assert aliases(store)["champion"] == old.version
    assert "promoted_at" not in find_version(store["uri"], new.reference).tags


def test_patients_are_scored_by_name_by_version_and_by_run_as_by_folder(
    store: dict[str, str], example: Example, tmp_path: Path
) -> None:
    register(store, "old")
    promote(store)
    answers = []
    names = (f"models:/{NAME}@champion", f"models:/{NAME}/1", store["old"][:8])
    for number, model in enumerate([Path(store["folder"]) / "old", *names]):
        out = tmp_path / f"{number}.json"
        score_files([model], example.cohort_folder, out=out, tracking_uri=store["uri"])
        answers.append(json.loads(out.read_text()))
    assert answers[1:] == answers[:1] * 3
    assert any(row["status"] == "answered" for row in answers[0]["predictions"])


def test_what_names_no_model_is_refused(store: dict[str, str], example: Example) -> None:
    register(store, "old")
    for given, message in {
        "models:/demo-72h": "expected models:/NAME@ALIAS or models:/NAME/VERSION",
        f"models:/{NAME}@champion": "alias champion not found",
        f"models:/{NAME}/7": "version=7",
        "00000000": "no run 00000000",
    }.items():
        with pytest.raises(TrackingError, match=message):
            score_files(
                [given], example.cohort_folder, out=Path("a.json"), tracking_uri=store["uri"]
            )


def test_a_model_that_was_changed_in_the_store_is_refused(
    own: dict[str, str], example: Example, tmp_path: Path
) -> None:
    register(own, "old")
    folder = next(Path(own["folder"]).glob(f"artifacts/{own['old']}/artifacts/models/72h"))
    for file in (Path(own["models"]) / "new").iterdir():
        copyfile(file, folder / file.name)
    with pytest.raises(ModelError, match="is not the model that was registered"):
        score_files(
            [f"models:/{NAME}@challenger"], example.cohort_folder, out=tmp_path / "a.json",
            tracking_uri=own["uri"],
        )  # fmt: skip


@pytest.mark.parametrize("by", ["reference", "run", "folder"])
def test_a_withdrawal_reaches_every_copy_in_the_store(
    own: dict[str, str], example: Example, tmp_path: Path, by: str
) -> None:
    register(own, "old")
    promote(own)
    register(own, "old", name="other")
    inside = Path(own["folder"]) / "artifacts" / own["old"] / "artifacts" / "models" / "72h"
    given = {"reference": f"models:/{NAME}@champion", "run": own["old"][:10], "folder": inside}[by]
    told = withdraw(given, reason="another assay", tracking_uri=own["uri"])
    assert sorted(told["versions"]) == [f"models:/{NAME}/1", "models:/other/1"]
    for model in (f"models:/{NAME}@champion", "models:/other/1", own["old"], inside):
        with pytest.raises(ModelError, match=r"was withdrawn .*: another assay"):
            score_files(
                [model], example.cohort_folder, out=tmp_path / "a.json", tracking_uri=own["uri"]
            )
    tags = find_version(own["uri"], f"models:/{NAME}/1").tags
    assert (tags["withdrawn"], tags["withdrawn_because"]) == (told["withdrawn_at"], "another assay")
    with pytest.raises(ModelError, match="was withdrawn"):
        register(own, "old")
    # What MLflow's own server would load says so as well.
    mlflow.set_tracking_uri(own["uri"])
    loaded = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    from icans_risk.serving.wire import wire_rows

    rows = loaded.predict(wire_rows(example.cohort), params={"data_kind": "synthetic"})
    assert {row["status"] for row in rows} == {"model_withdrawn"}


def test_a_withdrawal_that_was_interrupted_is_finished_by_saying_it_again(
    own: dict[str, str],
) -> None:
    register(own, "old")
    inside = Path(own["folder"]) / "artifacts" / own["old"] / "artifacts" / "models" / "72h"
    first = withdraw_model(inside, reason="the first reason")
    told = withdraw(f"models:/{NAME}/1", reason="again", tracking_uri=own["uri"])
    assert (told["reason"], told["withdrawn_at"]) == ("the first reason", first.withdrawn_at)
    assert "withdrawn" in find_version(own["uri"], f"models:/{NAME}/1").tags


def test_after_a_withdrawn_champion_nothing_is_left_to_compare_with(own: dict[str, str]) -> None:
    register(own, "old")
    promote(own)
    register(own, "elsewhere")
    withdraw(f"models:/{NAME}@champion", reason="another assay", tracking_uri=own["uri"])
    told = promote(own)
    assert told["is_promoted"]
    assert told["notes"] == ["There is no champion that answers, so nothing was compared."]
    assert aliases(own) == {"challenger": 2, "champion": 2}


def test_a_folder_is_withdrawn_without_a_store(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copytree(example.models[0], tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    told = withdraw(tmp_path / "model", reason="no store here")
    assert told["versions"] == []
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_the_commands_say_what_was_done(store: dict[str, str], tmp_path: Path) -> None:
    where = ("--tracking-uri", store["uri"])
    done = call("register", store["old"][:8], *where)
    assert done.exit_code == 0, done.output
    assert f"models:/{NAME}/1 is challenger" in done.output
    done = call("promote", NAME, "--json", tmp_path / "told.json", *where)
    assert done.exit_code == 0, done.output
    assert f"models:/{NAME}/1 is champion." in done.output
    assert "SYNTHETIC DATA" in done.output
    assert json.loads((tmp_path / "told.json").read_text())["is_promoted"] is True
    call("register", store["worse"], *where)
    done = call("promote", NAME, *where)
    assert done.exit_code == 2
    assert f"models:/{NAME}/2 is NOT promoted:" in done.output
    assert "AUROC: reject." in done.output

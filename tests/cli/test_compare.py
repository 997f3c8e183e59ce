"""``icans-risk compare``, as its user calls it."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Program
from store_template import copy_store
from workflow.kept_runs import keep_run, make_rows, see


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, store_template: Path) -> dict[str, str]:
    """A store with an old run, a worse new one, and one on other patients."""
    folder = tmp_path_factory.mktemp("runs")
    uri, rows, others = copy_store(store_template, folder), make_rows(), make_rows(seed=3)
    old, worse = {"booster": see(rows, 0.4), "product": see(rows, 2.0)}, {"booster": see(rows, 2.0)}
    elsewhere = {"cohort_hash": "d1" * 32}
    return {
        "uri": uri,
        "old": keep_run(uri, folder, rows, old),
        "worse": keep_run(uri, folder, rows, worse),
        "elsewhere": keep_run(
            uri, folder, others, {"booster": see(others, 0.4)}, summary=elsewhere
        ),
    }


def test_two_runs_are_compared_and_the_gate_speaks(
    program: Program, runs: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICANS_RISK_TRACKING_URI", runs["uri"])
    code, out, err = program(
        "compare", runs["old"][:8], runs["worse"][:8], "--thresholds", "0.2,0.4",
        "--json", "told.json", "--figure", "difference.png",
    )  # fmt: skip
    assert code == 0, err
    told = json.loads((tmp_path / "told.json").read_text())
    difference = told["metrics"]["auroc"]["difference"]
    assert f"{difference['estimate']:+.3f} ({difference['low']:+.3f} to" in out
    assert f"B, new: Booster (booster) of run {runs['worse'][:8]}, study demo" in out
    assert "the same 291 patients" in out
    assert "DeLong's test of the AUROCs: -0." in out
    assert told["net_benefit"]["sentence"] in " ".join(out.split())
    assert "May B replace A?  REJECT" in out
    assert "No audit of the new model is known." in out
    assert out.count("with the event") == 2
    assert "SYNTHETIC DATA: no evidence about patients." in out
    assert {path.name for path in tmp_path.iterdir()} == {"told.json", "difference.png"}


def test_two_models_of_one_run_are_compared(program: Program, runs: dict[str, str]) -> None:
    code, out, err = program(
        "compare", runs["old"], "--models", "booster, product", "--tracking-uri", runs["uri"]
    )
    assert code == 0, err
    assert f"A, old: Booster (booster) of run {runs['old'][:8]}" in out
    assert f"B, new: Product (product) of run {runs['old'][:8]}" in out
    assert "No threshold is declared by both studies" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{old}"], "two models by --models"),
        (["{old}", "--models", "booster"], "two names with a comma between them"),
        (["{old}", "{elsewhere}"], "differ in cohort (c0c0c0c0, d1d1d1d1)"),
        (["{elsewhere}", "{old}"], "differ in cohort (d1d1d1d1, c0c0c0c0)"),
        (["{old}", "{worse}", "--landmark", "24"], "no landmark at 24 h; it has 72."),
        (["{old}", "{worse}", "--model", "product"], "no model 'product'; it has booster."),
        (["{old}", "{worse}", "--thresholds", "some"], "--thresholds: expected risks such as"),
        (["{old}", "{worse}", "--thresholds", "20"], "strictly between 0 and 1"),
        (["{old}", "{worse}", "--margin-auroc", "2"], "margin of auroc must lie between 0 and 1"),
        (["{old}", "00000000"], "no run 00000000"),
        (["{old}", "{worse}", "--json", "nowhere/told.json"], "its folder does not exist"),
        (["{old}", "{worse}", "--figure", "nowhere/a.png"], "its folder does not exist"),
    ],
)
def test_a_mistake_is_one_line_exit_2_and_nothing_written(
    program: Program,
    runs: dict[str, str],
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    filled = [argument.format(**runs) for argument in arguments]
    code, out, err = program("compare", *filled, "--tracking-uri", runs["uri"])
    assert (code, out) == (2, "")
    (line,) = err.strip().splitlines()
    assert message in line
    assert list(tmp_path.iterdir()) == []


def test_eleven_real_events_cannot_tell_two_models_apart(
    program: Program, developed: Any, tmp_path: Path
) -> None:
    run_id = developed.summary["run_id"]
    code, out, err = program(
        "compare", run_id[:8], "--models", "penalised_logistic,booster", "--json", "told.json",
        "--tracking-uri", developed.tracking_uri,
    )  # fmt: skip
    assert code == 0, err
    told = json.loads((tmp_path / "told.json").read_text())
    models = developed.summary["landmarks"][0]["models"]
    for name, side in (("penalised_logistic", "old"), ("booster", "new")):
        for metric, found in models[name]["metrics"].items():
            assert told["metrics"][metric][side]["estimate"] == pytest.approx(found["estimate"])
    assert (told["patients"], told["events"]) == (79, 11)
    assert told["gate"]["verdict"] != "accept"
    assert "Both studies declare the thresholds 0.1, 0.2, 0.3." in out
    assert "Net benefit is compared from 0.05 to 0.5, as declared." in out
    audit = developed.summary["landmarks"][0]["audit"]["verdict"]
    assert audit in next(c["sentence"] for c in told["gate"]["criteria"] if c["name"] == "audit")
    assert "hidden" in out
    assert "Counts of fewer than 5 patients are hidden" in out
    assert "SYNTHETIC" not in out

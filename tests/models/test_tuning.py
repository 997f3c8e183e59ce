"""A tuning is the same every time, outlives any interrupt, and never forgets its start."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.models.booster import BoostedTrees
from icans_risk.models.search_space import SEARCH_SPACE
from icans_risk.models.tuning import TuningProgress, TuningResult, tune
from icans_risk.splits import repeated_grouped_folds

SETTINGS = list(SEARCH_SPACE)


class Cohort:
    """Rows of patients who each have two, some cells missing."""

    def __init__(self, seed: int = 0, rows: int = 80) -> None:
        generator = np.random.default_rng(seed)
        values = generator.normal(size=(rows, 5))
        margin = values[:, 0] + values[:, 1] + generator.normal(size=rows)
        self.y = (margin > 0.8).astype(int)
        values[generator.random(values.shape) < 0.2] = np.nan
        self.X = pd.DataFrame(values, columns=list("abcde"))
        self.weight = generator.uniform(0.5, 2.0, rows)
        self.patient = np.arange(rows) // 2

    def tune(self, model: BoostedTrees | None = None, **options: Any) -> TuningResult:
        return tune(
            BoostedTrees() if model is None else model,
            self.X,
            self.y,
            **{"sample_weight": self.weight, "groups": self.patient, "n_trials": 12} | options,
        )


def table(result: TuningResult) -> pd.DataFrame:
    return result.trials.drop(columns="seconds")


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return Cohort()


@pytest.fixture(scope="module")
def tuned(cohort: Cohort) -> TuningResult:
    return cohort.tune()


def test_the_same_seed_gives_the_same_trials_with_any_number_of_workers(
    cohort: Cohort, tuned: TuningResult
) -> None:
    again = cohort.tune(workers=3)
    pd.testing.assert_frame_equal(table(again), table(tuned), check_exact=True)
    assert again.best_parameters == tuned.best_parameters
    assert not table(cohort.tune(seed=1, n_trials=3)).equals(table(tuned).head(3))


def test_every_trial_is_drawn_by_a_seed_of_its_own(tuned: TuningResult) -> None:
    # Before ten trials are known the draws are uniform, and share nothing but their space.
    shares = (tuned.trials.loc[1:9, "subsample"] - 0.5) / 0.5
    assert shares.nunique() == 9
    assert np.ptp(shares) > 0.3


def test_the_order_of_rows_and_of_named_columns_changes_no_trial(
    cohort: Cohort, tuned: TuningResult
) -> None:
    order = np.random.default_rng(1).permutation(len(cohort.y))
    result = tune(
        BoostedTrees(),
        cohort.X.iloc[order, ::-1],
        cohort.y[order],
        sample_weight=cohort.weight[order],
        groups=cohort.patient[order],
        n_trials=12,
    )
    pd.testing.assert_frame_equal(table(result), table(tuned), check_exact=True)


def test_trial_0_is_the_model_as_it_stands_and_the_choice_is_no_worse(
    tuned: TuningResult,
) -> None:
    first, defaults = tuned.trials.iloc[0], BoostedTrees().get_params()
    assert {name: first[name] for name in SETTINGS} == {name: defaults[name] for name in SETTINGS}
    assert (first["state"], first["rounds"]) == ("complete", defaults["rounds"])
    complete = tuned.trials[tuned.trials["state"] == "complete"]
    best = complete.loc[complete["loss"].idxmin()]
    assert best["loss"] < first["loss"]
    chosen = {name: best[name] for name in [*SETTINGS, "rounds"]}
    assert tuned.best_parameters == chosen | {"early_stopping_rounds": None}


def loss_of_folds(model: BoostedTrees, cohort: Cohort) -> float:
    """Log loss of the held-out rows of the inner folds, by the model's own fit."""
    log_odds = np.empty(len(cohort.y))
    for split in repeated_grouped_folds(cohort.y, cohort.patient, folds=5, repeats=1, seed=0):
        train = split.train
        model.fit(cohort.X.iloc[train], cohort.y[train], cohort.weight[train])
        log_odds[split.test] = model.margin(cohort.X.iloc[split.test])
    losses = np.logaddexp(0, log_odds) - cohort.y * log_odds
    return float(np.average(losses, weights=cohort.weight))


@pytest.mark.parametrize(
    "model",
    [
        BoostedTrees(),
        BoostedTrees(monotone={"a": 1, "d": -1}, max_bin=16, seed=3),
        BoostedTrees(event_weight=3.0, colsample=0.6),
        BoostedTrees(early_stopping_rounds=5),
    ],
    ids=["plain", "monotone", "event_weight", "early_stopping"],
)
def test_every_loss_is_that_of_the_model_with_those_settings(
    model: BoostedTrees, cohort: Cohort
) -> None:
    result = cohort.tune(model, n_trials=6)
    complete = result.trials[result.trials["state"] == "complete"]
    assert len(complete) >= 2
    for trial in complete.to_dict("records"):
        settings = {name: trial[name] for name in SETTINGS} | {"rounds": int(trial["rounds"])}
        as_tried = BoostedTrees(**model.get_params() | settings | {"early_stopping_rounds": None})
        assert loss_of_folds(as_tried, cohort) == pytest.approx(trial["loss"], rel=1e-6)
    best = loss_of_folds(model.set_params(**result.best_parameters), cohort)
    assert best == pytest.approx(complete["loss"].min(), rel=1e-6)


def test_trials_are_given_up_after_two_folds_at_the_earliest(tuned: TuningResult) -> None:
    pruned = tuned.trials[tuned.trials["state"] == "pruned"]
    assert tuned.n_pruned == len(pruned) > 0
    assert pruned["folds"].between(2, 4).all()
    assert pruned["loss"].isna().all()
    assert (tuned.trials["folds"] == 5).sum() == 12 - len(pruned)


def test_with_two_folds_no_trial_is_given_up(cohort: Cohort) -> None:
    assert cohort.tune(folds=2).n_pruned == 0


def test_importance_is_a_share_of_each_setting(cohort: Cohort, tuned: TuningResult) -> None:
    shares = cohort.tune(n_trials=25).importance
    assert set(shares) == set(SETTINGS)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert tuned.importance == {}


def test_progress_is_told_from_the_start_to_the_end(cohort: Cohort, tmp_path: Path) -> None:
    told: list[TuningProgress] = []
    cohort.tune(n_trials=3, journal=tmp_path / "journal", progress=told.append)
    assert [(p.finished, p.total) for p in told] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert told[0].best_loss is None
    losses = [p.best_loss for p in told[1:]]
    assert losses == sorted(losses, reverse=True)
    told.clear()
    cohort.tune(n_trials=4, journal=tmp_path / "journal", progress=told.append)
    assert [p.finished for p in told] == [3, 4]


def test_optuna_is_silent_until_the_last_tuning_ends(cohort: Cohort) -> None:
    loudness, heard = optuna.logging.get_verbosity(), []

    def tune_another(progress: TuningProgress) -> None:
        if progress.finished == 0:
            cohort.tune(n_trials=1)
        heard.append(optuna.logging.get_verbosity())

    cohort.tune(n_trials=1, progress=tune_another)
    assert heard == [optuna.logging.ERROR, optuna.logging.ERROR]
    assert optuna.logging.get_verbosity() == loudness != optuna.logging.ERROR


def test_one_patient_with_the_event_is_too_few(cohort: Cohort) -> None:
    with pytest.raises(NotEstimableError, match="at least 2 patients"):
        tune(BoostedTrees(), cohort.X, cohort.patient == 3, groups=cohort.patient)


def test_a_start_outside_the_space_is_refused(cohort: Cohort) -> None:
    with pytest.raises(IcansRiskError, match=r"max_depth must lie between 1 and 4, got 7\."):
        cohort.tune(BoostedTrees(max_depth=7))


@pytest.mark.parametrize("nothing", ["n_trials", "workers"])
def test_no_trial_or_no_worker_is_refused(cohort: Cohort, nothing: str) -> None:
    with pytest.raises(IcansRiskError, match=f"at least 1 trial and 1 worker, got .*{nothing}=0"):
        cohort.tune(**{nothing: 0})


# What a file keeps.


def test_a_journal_goes_on_to_more_trials(
    cohort: Cohort, tuned: TuningResult, tmp_path: Path
) -> None:
    journal = tmp_path / "new folder" / "journal"
    for n_trials in (5, 12):
        result = cohort.tune(n_trials=n_trials, journal=journal)
    pd.testing.assert_frame_equal(table(result), table(tuned), check_exact=True)
    fewer = cohort.tune(n_trials=4, journal=journal)
    pd.testing.assert_frame_equal(table(fewer), table(tuned).head(4), check_exact=True)
    assert sorted(path.name for path in journal.parent.iterdir()) == ["journal", "journal.lock"]


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"X": Cohort(seed=1).X}, "rows"),
        ({"groups": None}, "rows"),
        ({"sample_weight": None}, "rows"),
        ({"seed": 1}, "folds or seed"),
        ({"folds": 4}, "folds or seed"),
        ({"model": BoostedTrees(max_bin=32)}, "settings of the model"),
        ({"model": BoostedTrees(max_bin=32), "seed": 1}, "settings of the model and other folds"),
    ],
)
def test_a_journal_of_something_else_is_refused_and_left_alone(
    cohort: Cohort, other: dict[str, Any], what: str, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    cohort.tune(n_trials=1, journal=journal)
    content = journal.read_bytes()
    rows = {"X": cohort.X, "sample_weight": cohort.weight, "groups": cohort.patient}
    arguments = {"model": BoostedTrees(), "y": cohort.y, "n_trials": 2} | rows | other
    with pytest.raises(IcansRiskError, match=f"journal holds a tuning begun with other {what}"):
        tune(**arguments, journal=journal)
    assert journal.read_bytes() == content


def test_threads_are_no_other_model(cohort: Cohort, tmp_path: Path) -> None:
    cohort.tune(n_trials=1, journal=tmp_path / "journal")
    model = BoostedTrees(nthread=2)
    assert cohort.tune(model, n_trials=2, journal=tmp_path / "journal").n_trials == 2


def test_a_changed_search_space_is_refused(cohort: Cohort, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    cohort.tune(n_trials=1, journal=journal)
    journal.write_text(journal.read_text().replace(r"\"high\": 4", r"\"high\": 5"))
    with pytest.raises(IcansRiskError, match="begun with other search space"):
        cohort.tune(n_trials=2, journal=journal)


@pytest.mark.parametrize("content", ["rows: 3", "[]\n", '{"op_code":99}\n', '{"op_code":4,\n{}\n'])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(
    cohort: Cohort, content: str, tmp_path: Path
) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(content, encoding="latin-1")
    with pytest.raises(IcansRiskError, match=r"study\.yaml was expected to be the journal"):
        cohort.tune(n_trials=1, journal=file)
    assert file.read_text(encoding="latin-1") == content


def test_a_study_that_others_keep_is_refused_and_left_alone(cohort: Cohort, tmp_path: Path) -> None:
    for name in ("theirs", "tuning"):
        file = tmp_path / name
        storage = JournalStorage(JournalFileBackend(str(file)))
        study = optuna.create_study(storage=storage, study_name=name)
        study.tell(study.ask({"x": SEARCH_SPACE["subsample"]}), 1.0)
        content = file.read_bytes()
        with pytest.raises(IcansRiskError, match="Give another file"):
            cohort.tune(n_trials=1, journal=file)
        assert file.read_bytes() == content


def test_a_line_that_was_cut_short_is_dropped(
    cohort: Cohort, tuned: TuningResult, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    cohort.tune(n_trials=6, journal=journal)
    lines = journal.read_bytes().splitlines(keepends=True)
    for cut in (len(lines) - 1, len(lines) // 2, 1, 0):
        journal.write_bytes(b"".join(lines[:cut]) + lines[cut][:-7])
        result = cohort.tune(n_trials=6, journal=journal)
        pd.testing.assert_frame_equal(table(result), table(tuned).head(6), check_exact=True)


def test_the_first_trial_is_begun_again_and_kept_though_others_are_better(
    cohort: Cohort, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    poor = BoostedTrees(rounds=300, learning_rate=0.3, max_depth=4, reg_lambda=0.5)
    whole = cohort.tune(poor, n_trials=4, journal=journal)
    assert whole.trials["loss"].idxmax() == 0
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    # The trial as if its process had died before it could say how it ended.
    kept = [e for e in lines if not (e.get("trial_id") == 0 and e.get("values"))]
    assert len(kept) == len(lines) - 1
    journal.write_text("".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in kept))
    result = cohort.tune(poor, n_trials=4, journal=journal)
    assert result.trials.loc[0, "state"] == "complete"
    assert result.trials.loc[0, "loss"] == whole.trials.loc[0, "loss"]
    assert result.n_trials == 4


def test_an_interrupt_passes_through_and_costs_nothing(
    cohort: Cohort, tuned: TuningResult, tmp_path: Path
) -> None:
    def interrupt(progress: TuningProgress) -> None:
        if progress.finished == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cohort.tune(journal=tmp_path / "journal", workers=2, progress=interrupt)
    result = cohort.tune(journal=tmp_path / "journal")
    pd.testing.assert_frame_equal(table(result), table(tuned), check_exact=True)


# Processes that die, and processes that share.

WORKER = """
import signal, sys, time
from pathlib import Path
# A shell may have started the tests deaf to it.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {tests!r})
from test_tuning import Cohort
Path(sys.argv[2]).touch()
while len(sys.argv) > 3 and not Path(sys.argv[3]).exists():
    time.sleep(0.01)
Cohort().tune(journal=Path(sys.argv[1]), n_trials=int({n_trials}))
"""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def start(journal: Path, ready: Path, *gate: Path, n_trials: int) -> subprocess.Popen[str]:
    code = WORKER.format(tests=str(Path(__file__).parent), n_trials=n_trials)
    command = [sys.executable, "-c", code, str(journal), str(ready), *map(str, gate)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


def wait_until(condition: Any, *, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def trials_in(journal: Path) -> list[dict[str, Any]]:
    """Every trial that was begun, by its lines in the file, apart from what reads it."""
    trials: list[dict[str, Any]] = []
    lines = journal.read_bytes().split(b"\n")[:-1] if journal.exists() else []
    for entry in map(json.loads, lines):
        if entry["op_code"] == 4:
            trials.append({"state": entry.get("state", 0), "params": {}, "attrs": {}})
        elif entry["op_code"] == 5:
            trial = trials[entry["trial_id"]]
            trial["params"][entry["param_name"]] = entry["param_value_internal"]
        elif entry["op_code"] == 6:
            trials[entry["trial_id"]]["state"] = entry["state"]
        elif entry["op_code"] == 8:
            trials[entry["trial_id"]]["attrs"] |= entry["user_attr"]
    return trials


def finished_in(journal: Path) -> list[dict[str, Any]]:
    states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    return [trial for trial in trials_in(journal) if trial["state"] in states]


def kill_at_each(counts: range, journal: Path, *, n_trials: int) -> None:
    """Kill one process after another, each once so many trials are finished."""
    for turn, count in enumerate(counts):
        ready = journal.with_suffix(f".ready{turn}")
        process = start(journal, ready, n_trials=n_trials)
        # Not while it imports: what an interrupt does there is Python's affair.
        wait_until(ready.exists)
        wait_until(lambda count=count: len(finished_in(journal)) >= count)
        time.sleep(0.003 * (turn % 7))
        process.send_signal(SIGNALS[turn % 3])
        _, errors = process.communicate(timeout=60)
        assert process.returncode == -SIGNALS[turn % 3]
        assert ("KeyboardInterrupt" in errors) == (SIGNALS[turn % 3] == signal.SIGINT)


def check_resumed(cohort: Cohort, journal: Path, *, n_trials: int) -> None:
    """Finish the tuning; nothing may be lost, repeated, or other than undisturbed."""
    result = cohort.tune(journal=journal, n_trials=n_trials)
    finished = finished_in(journal)
    assert result.n_trials == len(result.trials) == len(finished) == n_trials
    assert sorted(trial["attrs"]["number"] for trial in finished) == list(range(n_trials))
    assert not result.trials.duplicated(SETTINGS).any()
    undisturbed = cohort.tune(n_trials=n_trials)
    pd.testing.assert_frame_equal(table(result), table(undisturbed), check_exact=True)


def test_a_tuning_that_is_killed_thrice_ends_as_if_it_had_not_been(
    cohort: Cohort, tmp_path: Path
) -> None:
    kill_at_each(range(2, 11, 3), tmp_path / "journal", n_trials=20)
    check_resumed(cohort, tmp_path / "journal", n_trials=20)


@pytest.mark.slow
def test_a_tuning_that_is_killed_at_each_of_twenty_trials_ends_as_if_it_had_not_been(
    cohort: Cohort, tmp_path: Path
) -> None:
    kill_at_each(range(20), tmp_path / "journal", n_trials=40)
    check_resumed(cohort, tmp_path / "journal", n_trials=40)


def test_two_processes_share_a_journal_and_one_takes_over_from_the_other(
    cohort: Cohort, tmp_path: Path
) -> None:
    journal, gate = tmp_path / "journal", tmp_path / "gate"
    ready = [tmp_path / "ready0", tmp_path / "ready1"]
    processes = [start(journal, path, gate, n_trials=40) for path in ready]
    wait_until(lambda: all(path.exists() for path in ready))
    gate.touch()
    wait_until(lambda: len({t["attrs"].get("worker") for t in finished_in(journal)}) == 2)
    processes[0].kill()
    assert processes[1].wait(timeout=120) == 0
    for process in processes:
        process.communicate()
    finished = finished_in(journal)
    assert sorted(trial["attrs"]["number"] for trial in finished) == list(range(40))
    settings = {tuple(sorted(trial["params"].items())) for trial in finished}
    assert len(settings) == 40
    # The file of the killed process is cleared away by whoever starts next, if not before.
    cohort.tune(journal=journal, n_trials=40)
    assert list(tmp_path.glob("journal.worker-*")) == []

"""Where the time of the features goes, how long one patient takes, and what compiling costs."""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl
from feature_data import (
    LANDMARKS,
    PER_EPISODE,
    as_cohort,
    draw_events,
    episodes,
    specification,
)

from icans_risk.cohort import Cohort, read_plain_part, stored_parts
from icans_risk.features import build_features, rows, walking
from icans_risk.features.build import build_part
from icans_risk.features.recipe import Recipe
from icans_risk.features.rows import as_arrow
from icans_risk.models import BoostedTrees

STAGES = ("read", "code", "count", "place", "sort", "walk", "frame")


def profile(data: Path, events: int, *, landmarks: Sequence[float], rounds: int) -> pl.DataFrame:
    """Return the median seconds of each stage of ours, from either source.

    ``frame`` is the rest: the empty matrix, the bounds of the windows, the table around it.
    """

    def plain() -> Iterator[Any]:
        until = max(landmarks)
        yield read_plain_part(data / "plain.parquet", episodes(events), available_until=until)

    sources = {"ours": plain, "ours-folder": lambda: stored_parts(data / "cohort")}
    table = []
    for name, source in sources.items():
        turns = [_stages_of(source(), landmarks) for _ in range(rounds + 1)][1:]
        table.append(
            {"program": name} | {s: float(np.median([t[s] for t in turns])) for s in STAGES}
        )
    return pl.DataFrame(table)


def _stages_of(parts: Iterable[Any], landmarks: Sequence[float]) -> Counter[str]:
    seconds: Counter[str] = Counter()
    recipe, listed = Recipe.of(specification()), iter(parts)
    while part := _timed(seconds, "read", next)(listed, None):
        before = seconds.total()
        with ExitStack() as stack:
            _watch(stack, seconds)
            start = time.perf_counter()
            build_part(part.episodes, part.events, recipe, landmarks=landmarks)
            whole = time.perf_counter() - start
        seconds["frame"] += whole - (seconds.total() - before)
    return seconds


def _watch(stack: ExitStack, seconds: Counter[str]) -> None:
    """Time what ``build_part`` calls, in its place."""
    code = rows.code_batches
    watched = {
        (rows, "code_batches"): _timed(seconds, "code", lambda *a: list(code(*a))),
        (rows, "count_groups"): _timed(seconds, "count", rows.count_groups),
        (rows, "place_rows"): _timed(seconds, "place", rows.place_rows),
        (rows, "share"): _timed(seconds, "sort", rows.share),
        (walking, "share"): _timed(seconds, "walk", walking.share),
    }
    for (module, name), replacement in watched.items():
        stack.enter_context(patch.object(module, name, replacement))


def _timed(seconds: Counter[str], stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
    def run(*given: Any, **named: Any) -> Any:
        start = time.perf_counter()
        result = work(*given, **named)
        seconds[stage] += time.perf_counter() - start
        return result

    return run


def time_patient(*, turns: int = 50) -> dict[str, float]:
    """Return the median milliseconds from one patient's 2,000 raw events to a risk, by step.

    The recipe of a specification is the same for every patient; ``build_features`` makes it
    anew at each call.
    """
    wanted, hours = specification(), LANDMARKS[1]
    known = 50 * PER_EPISODE
    training = as_cohort(draw_events(0, known, seed=1), episodes(known))
    vectors = build_features(training, wanted, hours)
    model = BoostedTrees(rounds=100, seed=1).fit(vectors, np.arange(len(vectors)) % 2)
    one = as_cohort(draw_events(0, PER_EPISODE, seed=2), episodes(PER_EPISODE))
    recipe = Recipe.of(wanted)
    vector = build_part(one.episodes, as_arrow(one.events), recipe, landmarks=hours)
    steps: dict[str, Callable[[], object]] = {
        "tables checked": lambda: Cohort(one.episodes, one.events, one.grades),
        "recipe made": lambda: Recipe.of(wanted),
        "vector built": lambda: build_part(
            one.episodes, as_arrow(one.events), recipe, landmarks=hours
        ),
        "risk predicted": lambda: model.predict_proba(vector),
        "all of it": lambda: model.predict_proba(
            build_features(Cohort(one.episodes, one.events, one.grades), wanted, hours)
        ),
    }
    return {name: _median_ms(step, turns) for name, step in steps.items()}


def _median_ms(work: Callable[[], object], turns: int) -> float:
    seconds = []
    for _ in range(turns + 1):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[1:])) * 1_000


def time_first_calls() -> dict[str, float]:
    """Return the seconds of a process's first call without compiled code on disk, and with it."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, __file__]
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        return {
            name: float(subprocess.check_output(command, env=environment, text=True))
            for name in ("first process", "second process")
        }


if __name__ == "__main__":
    cohort = as_cohort(draw_events(0, PER_EPISODE, seed=2), episodes(PER_EPISODE))
    started = time.perf_counter()
    build_features(cohort, specification(), LANDMARKS[1])
    print(time.perf_counter() - started)

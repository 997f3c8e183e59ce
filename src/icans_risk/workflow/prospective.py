"""What became of predictions that were written down before their outcome."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from icans_risk.cohort import Cohort, read_cohort_folder, read_manifest
from icans_risk.errors import CohortError, LedgerError
from icans_risk.models.abstention import ANSWERED
from icans_risk.outcome import Endpoint, derive_outcomes
from icans_risk.serving.ledger_check import Problem, check_ledger
from icans_risk.serving.ledger_lines import Line, last_head, parse_head
from icans_risk.workflow.answered_rows import describe_metrics
from icans_risk.workflow.progress import SILENT, Progress

__all__ = ["CANNOT_SHOW", "evaluate_ledger", "first_predictions", "join_outcomes"]

CANNOT_SHOW = (
    "A chain of hashes cannot show that the whole file was written anew, or that its end was cut "
    "off: give a head that was noted elsewhere. Times are those of the clock that wrote them."
)
_QUESTION = ["model", "landmark_h", "horizon_h", "scale", "end_of_observation"]


def evaluate_ledger(
    ledger: Path,
    cohort: Path,
    *,
    heads: Sequence[str] = (),
    infused: Path | None = None,
    resamples: int = 1000,
    seed: int = 0,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Look through a ledger and hold its predictions against what happened since.

    Of several predictions of one episode at one landmark by one model the first counts. One
    that was made when the outcome stood in the data is counted apart and judges nothing.

    Parameters
    ----------
    ledger : Path
        Written by ``score``.
    cohort : Path
        A cohort folder with the outcomes.
    heads : sequence of str
        Heads that were noted elsewhere.
    infused : Path, optional
        CSV with ``episode_id`` and ``infused_at`` (with time zone): then the clock that wrote
        is held against the hour of each outcome as well.
    resamples, seed : int
        Of the bootstrap over patients.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: ``problems`` of the ledger, and by model its counts and metrics; None where
        not estimable. With any problem of the chain no model is judged.

    Raises
    ------
    LedgerError, CohortError
        If there is no such ledger or cohort.
    """
    progress.stage("looking through the ledger", steps=1)
    found = check_ledger(ledger, heads=tuple(parse_head(head) for head in heads))
    kind, outcomes_in = read_manifest(cohort).data_kind, read_cohort_folder(cohort)
    progress.step()
    table = first_predictions(found.lines)
    clock = None if infused is None else _read_infused(infused)
    judged: list[dict[str, Any]] = []
    progress.stage("joining outcomes", steps=None)
    if not found.problems and not table.empty:
        if set(table["data_kind"]) != {kind}:
            raise LedgerError(f"the cohort is {kind}, the ledger's patients are not.")
        for _, group in table.groupby(_QUESTION, sort=False):
            rows = join_outcomes(group, outcomes_in, clock)
            judged.append(_judge(rows, resamples=resamples, seed=seed))
    return {
        "lines": len(found.lines),
        "head": str(last_head(found.lines)) if found.lines else None,
        "heads_given": len(heads),
        "problems": [_plain_problem(problem) for problem in found.problems],
        "cannot_show": CANNOT_SHOW,
        "data_kind": kind,
        "synthetic": kind == "synthetic",
        "clock_checked": clock is not None,
        "models": judged,
        "research_use_only": True,
    }


def _plain_problem(problem: Problem) -> dict[str, Any]:
    return {"line": problem.line, "code": problem.code, "sentence": problem.sentence}


def first_predictions(lines: Sequence[Line]) -> pd.DataFrame:
    """Take the first prediction of each question from a ledger, and count its repetitions."""
    rows = [
        {**line["entry"], "written_at": line["written_at"]}
        for line in lines
        if line["entry"].get("kind") == "prediction"
    ]
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    key = ["episode_id", *_QUESTION]
    table["repeated"] = table.groupby(key)["status"].transform("size") - 1
    return table.drop_duplicates(key)


def _read_infused(file: Path) -> Mapping[str, datetime]:
    try:
        table = pd.read_csv(file, dtype="str")
        moments = {
            str(row["episode_id"]): datetime.fromisoformat(str(row["infused_at"]))
            for row in table.to_dict("records")
        }
        has_zone = all(moment.tzinfo is not None for moment in moments.values())
    except (OSError, ValueError, KeyError):
        has_zone = False
    if not has_zone:
        raise CohortError(
            f"{file.name}: expected a CSV with episode_id and infused_at, each a moment with its "
            "time zone. Write it so."
        )
    return moments


def join_outcomes(
    group: pd.DataFrame, cohort: Cohort, clock: Mapping[str, datetime] | None
) -> pd.DataFrame:
    """Give each prediction its outcome, and say which were made before it."""
    first = group.iloc[0]
    outcomes = derive_outcomes(
        cohort,
        (float(first["landmark_h"]),),
        endpoint=Endpoint(**first["endpoint"]),
        scale=first["scale"],
        horizon_h=lambda _: float(first["horizon_h"]),
        policy=first["end_of_observation"],
    )
    patients = cohort.episodes[["episode_id", "patient_id"]]
    told = ["episode_id", "at_risk", "event", "weight", "observed_until_h"]
    rows = group.merge(outcomes[told], on="episode_id", how="left").merge(
        patients, on="episode_id", how="left"
    )
    is_in_data = rows["known_until_h"] >= rows["observed_until_h"]
    rows["is_late"] = is_in_data | (False if clock is None else _written_late(rows, clock))
    return rows


def _written_late(rows: pd.DataFrame, clock: Mapping[str, datetime]) -> pd.Series:
    """Say which were written after their outcome; whose infusion is not dated counts as one."""
    late = []
    for row in rows.to_dict("records"):
        infused, until_h = clock.get(row["episode_id"]), row["observed_until_h"]
        if infused is None or pd.isna(until_h):
            late.append(True)
            continue
        decided = infused + timedelta(hours=float(until_h))
        late.append(datetime.fromisoformat(row["written_at"]) >= decided)
    return pd.Series(late, index=rows.index)


def _judge(rows: pd.DataFrame, *, resamples: int, seed: int) -> dict[str, Any]:
    is_known = rows["event"].notna()
    is_judged = (rows["status"] == ANSWERED) & is_known & ~rows["is_late"]
    judged, first = rows[is_judged], rows.iloc[0]
    silent = rows[(rows["status"] != ANSWERED) & is_known & ~rows["is_late"]]
    return {
        "model": first["model"],
        "trained_on": first["trained_on"],
        "landmark_h": float(first["landmark_h"]),
        "horizon_h": float(first["horizon_h"]),
        "predictions": len(rows),
        "repeated": int(rows["repeated"].sum()),
        "not_in_cohort": int(rows["at_risk"].isna().sum()),
        "not_at_risk": int(rows["at_risk"].eq(False).sum()),
        "outcome_unknown": int((rows["at_risk"].eq(True) & ~is_known).sum()),
        "made_after_outcome": int((is_known & rows["is_late"]).sum()),
        "judged": len(judged),
        "events": int(judged["event"].sum()),
        "not_answered": {"judgeable": len(silent), "events": int(silent["event"].sum())},
        "metrics": describe_metrics(judged, resamples=resamples, seed=seed),
    }

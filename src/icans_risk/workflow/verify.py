"""A kept run is made again, and held against what was kept."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from icans_risk.errors import TrackingError
from icans_risk.models.released import ReleasedModel, load_released
from icans_risk.models.stored import stored_hash
from icans_risk.study import load_study
from icans_risk.tracking import (
    TRACKING_URI,
    StoredRun,
    fetch_model,
    find_place,
    find_run,
    list_documents,
    read_document,
)
from icans_risk.workflow.chosen import SETTINGS
from icans_risk.workflow.held_out import describe_held_out
from icans_risk.workflow.inputs import specify_features
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.landmarks import develop_landmarks
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.provenance import Provenance, describe_provenance, read_provenance
from icans_risk.workflow.reading import read_cohort
from icans_risk.workflow.validation import Effort

__all__ = ["DIFFERENT", "IDENTICAL", "TOLERANCE", "WITHIN", "compare_held_out", "verify_run"]

TOLERANCE = 1e-6
IDENTICAL, WITHIN, DIFFERENT = "identical", "within tolerance", "different"
_DOCUMENT = "study/provenance.json"


def verify_run(
    run: str,
    *,
    tracking_uri: str = TRACKING_URI,
    study_file: Path | None = None,
    retune: bool = False,
    workers: int = 1,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Make a run again from its data and study, and say what differs.

    Parameters
    ----------
    run : str
        Identifier of the run of a study, or its first characters.
    tracking_uri : str
        Its store, which is only read.
    study_file : Path, optional
        Where the study lies now; by default where it lay.
    retune : bool
        Search for settings again as well, which takes as long as it took, instead of taking
        those that were chosen.
    workers : int
        Threads; no result depends on their number.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: ``verdict`` (``identical``, ``within tolerance`` of 1e-6, ``different``),
        ``parts`` that are not what they were (data, study, lock, code), and for each landmark
        the greatest difference of each model's held-out risks, and of those of the released model
        where its bytes are others.

    Raises
    ------
    TrackingError
        If there is no such run, an earlier version kept it, or its settings were chosen on
        other data and are not to be searched for again.
    StudyError, CohortError
        If study or data are no longer where they were, or cannot be read.
    """
    progress.stage("reading the run", steps=None)
    found = find_run(tracking_uri, run)
    then, lay = _kept(found)
    study = load_study(study_file or lay)
    cohort, _ = read_cohort(study, progress=progress)
    now = describe_provenance(data=cohort.hash(), study=study.hash())
    parts = _differences(then, now)
    is_searched = study.models.tuning is not None and not retune
    settings = _settings(found, parts) if is_searched else None
    results = develop_landmarks(
        study,
        cohort,
        specify_features(study, cohort),
        effort=Effort(workers, settings=settings),
        progress=progress,
    )
    landmarks = [_compare_landmark(found, result) for result in results]
    return {
        "run_id": found.run_id,
        "study": study.study,
        "data_kind": study.data_kind,
        "verdict": _worst([landmark["verdict"] for landmark in landmarks]),
        "content_hash": {"then": then.content_hash, "now": now.content_hash},
        "parts": parts,
        "commit": {"then": then.commit or None, "now": now.commit or None},
        "was_dirty": then.is_dirty,
        "landmarks": landmarks,
        "research_use_only": True,
    }


def compare_held_out(kept: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """Hold held-out risks against those that were kept.

    Parameters
    ----------
    kept, made : mapping
        From ``describe_held_out``.

    Returns
    -------
    dict
        ``verdict``; ``greatest`` difference by model, None for one that only one side has;
        ``rows``, whether both have the same patients and outcomes.

    Examples
    --------
    >>> kept = {"event": [0, 1], "risk": {"booster": [0.1, 0.4]}}
    >>> compare_held_out(kept, {"event": [0, 1], "risk": {"booster": [0.1, 0.4]}})["verdict"]
    'identical'
    >>> compare_held_out(kept, {"event": [0, 1], "risk": {"booster": [0.1, 0.5]}})["verdict"]
    'different'
    """
    same_rows = kept["event"] == made["event"]
    models = {*kept["risk"], *made["risk"]}
    greatest = {
        name: _greatest(kept["risk"].get(name), made["risk"].get(name)) if same_rows else None
        for name in sorted(models)
    }
    return {
        "rows": same_rows,
        "greatest": greatest,
        "verdict": _worst([_verdict(difference) for difference in greatest.values()]),
    }


def _kept(run: StoredRun) -> tuple[Provenance, Path]:
    if _DOCUMENT not in list_documents(run, "study"):
        raise TrackingError(
            f"run {run.run_id[:8]} keeps no {_DOCUMENT}: it is of no study, or an earlier version "
            "made it. Develop its study again."
        )
    kept = read_document(run, _DOCUMENT)
    try:
        return read_provenance(kept), find_place(kept["study_file"], run.store_uri)
    except KeyError as absent:
        raise TrackingError(
            f"run {run.run_id[:8]}: {_DOCUMENT} lacks {absent}, so it was changed. Develop its "
            "study again."
        ) from None


def _settings(run: StoredRun, parts: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Read what the tunings of the run chose, in every fold."""
    others = {part["part"]: part["sentence"] for part in parts}
    told = [others[part] for part in ("data", "study") if part in others]
    if SETTINGS not in list_documents(run, "study"):
        told = [f"It keeps no {SETTINGS}."]
    if told:
        raise TrackingError(
            f"run {run.run_id[:8]}: the settings that were searched for cannot be used again. "
            f"{' '.join(told)} Search anew by --retune; it takes as long as it took."
        )
    return dict(read_document(run, SETTINGS))


def _differences(then: Provenance, now: Provenance) -> list[dict[str, str]]:
    told = {
        "data": "The cohort's values are others.",
        "study": "The study says something else.",
        "lock": _moved(then.packages, now.packages),
        "code": "The package's files are others.",
    }
    return [
        {
            "part": part,
            "then": getattr(then, part),
            "now": getattr(now, part),
            "sentence": sentence,
        }
        for part, sentence in told.items()
        if getattr(then, part) != getattr(now, part)
    ]


def _moved(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    moved = [
        f"{name} ({then.get(name, 'absent')}, now {now.get(name, 'absent')})"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
    return f"Other versions: {', '.join(moved)}."


def _compare_landmark(run: StoredRun, result: LandmarkResult) -> dict[str, Any]:
    name = f"{result.data.landmark_h:g}h"
    compared = compare_held_out(
        read_document(run, f"held_out/{name}.json"), describe_held_out(result)
    )
    then, now = _kept_hash(run, name), _made_hash(result)
    model: dict[str, Any] = {"then": then, "now": now, "greatest": 0.0}
    verdicts = [compared["verdict"]]
    if then != now:
        # A model's bytes hold figures of a report as well: its last digits are no other answer.
        model["greatest"] = None if None in (then, now) else _released_difference(run, result)
        verdicts += [WITHIN, _verdict(model["greatest"])]
    return {"landmark": name, **compared, "verdict": _worst(verdicts), "model": model}


def _released_difference(run: StoredRun, result: LandmarkResult) -> float | None:
    """Ask the kept model and the one made again for risks of the same patients."""
    made = cast(ReleasedModel, result.released).model
    with tempfile.TemporaryDirectory(prefix="icans-risk-") as draft:
        kept = load_released(fetch_model(run, f"{result.data.landmark_h:g}h", Path(draft))).model
    if list(kept.feature_names_in_) != list(made.feature_names_in_):
        return None
    table = result.main.plan.table(result.rows)
    risks: list[Any] = [model.predict_proba(table)[:, 1] for model in (kept, made)]
    return _greatest(*risks)


def _kept_hash(run: StoredRun, name: str) -> str | None:
    if f"models/{name}" not in list_documents(run, "models"):
        return None
    manifest = read_document(run, f"models/{name}/manifest.json")
    return str(manifest["files"]["model.json"]["sha256"])


def _made_hash(result: LandmarkResult) -> str | None:
    if result.released is None:
        return None
    with tempfile.TemporaryDirectory(prefix="icans-risk-") as draft:
        result.released.save(Path(draft) / "model")
        return stored_hash(Path(draft) / "model")


def _greatest(kept: Sequence[float] | None, made: Sequence[float] | None) -> float | None:
    if kept is None or made is None:
        return None
    return float(np.max(np.abs(np.asarray(kept) - np.asarray(made)), initial=0.0))


def _verdict(difference: float | None) -> str:
    if difference == 0:
        return IDENTICAL
    return WITHIN if difference is not None and difference <= TOLERANCE else DIFFERENT


def _worst(verdicts: Sequence[str]) -> str:
    return next((one for one in (DIFFERENT, WITHIN) if one in verdicts), IDENTICAL)

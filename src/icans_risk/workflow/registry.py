"""Models are registered, and a challenger takes the champion's place if the gate lets it."""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from icans_risk.errors import ModelError, TrackingError
from icans_risk.evaluation import Gate
from icans_risk.models.stored import stored_hash
from icans_risk.models.withdrawal import find_withdrawal
from icans_risk.tracking import (
    CHALLENGER,
    CHAMPION,
    TRACKING_URI,
    ModelVersion,
    StoredRun,
    add_version,
    fetch_model,
    find_alias,
    find_run,
    find_version,
    give_alias,
    is_reference,
    list_models,
    tag_version,
)
from icans_risk.workflow.compare import MAIN_MODEL, Margins, compare_models
from icans_risk.workflow.declared import find_declared
from icans_risk.workflow.model_sources import fetch_version
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.stored_model import StoredModel, read_model

__all__ = ["Margins", "promote_model", "register_model"]

_FACTS = ("study", "data_kind", "profile", "cohort_hash", "study_hash", "feature_hash")
_NO_CHAMPION = "There is no champion that answers, so nothing was compared."


def register_model(
    run: str,
    *,
    tracking_uri: str = TRACKING_URI,
    alias: str = CHALLENGER,
    name: str | None = None,
    landmark: str | None = None,
) -> dict[str, Any]:
    """Register the released model of a run, which makes it nobody's choice yet.

    Parameters
    ----------
    run : str
        Identifier of the run of a study, or its first characters.
    tracking_uri : str
        Its store.
    alias : str
        What the model is called among the versions of its name; ``champion`` is given by
        ``promote_model`` alone.
    name : str, optional
        Name of the registered model; by default study and landmark.
    landmark : str, optional
        Such as ``72h``; only needed where the run has models of several.

    Returns
    -------
    dict
        Plain data: name, version, reference, alias, run, landmark, hash.

    Raises
    ------
    TrackingError
        If there is no such run or model, or the alias is none to be given.
    ModelError
        If the model was withdrawn, or is damaged.
    """
    if alias == CHAMPION:
        raise TrackingError(
            f"a model becomes {CHAMPION} by `icans-risk promote`, which compares it. Register it "
            f"as {CHALLENGER}."
        )
    found = find_run(tracking_uri, run)
    at = _one_landmark(found, landmark)
    with tempfile.TemporaryDirectory(prefix="icans-risk-") as draft:
        folder = fetch_model(found, at, Path(draft))
        _refuse_withdrawn(folder, f"the model of run {found.run_id[:8]} at {at}")
        sha256 = stored_hash(folder)
    tags = {fact: found.tags[fact] for fact in _FACTS if fact in found.tags}
    version = add_version(
        found, at, name=name or f"{found.name}-{at}", sha256=sha256, alias=alias, tags=tags
    )
    return _describe(version) | {"alias": alias}


def promote_model(
    model: str,
    *,
    tracking_uri: str = TRACKING_URI,
    because: str | None = None,
    margins: Margins | None = None,
    resamples: int = 1000,
    seed: int = 0,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Make a registered model the champion, if it may replace the one that is.

    The two are compared as ``compare_runs`` does, on the patients whom neither had seen. What
    was found is written down with the model, also where it may not.

    Parameters
    ----------
    model : str
        Name of a registered model, whose challenger is meant; or ``models:/NAME/VERSION``.
    tracking_uri : str
        Its store.
    because : str, optional
        Why a model whose audit failed is wanted all the same; kept as a tag. It overrules
        nothing else.
    margins, resamples, seed
        As for ``compare_runs``.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: the model, whether it ``is_promoted``, the champion before, the gate's
        ``verdict`` and its ``criteria``, and what ``blocks``.

    Raises
    ------
    TrackingError
        If there is no such model, or it is the champion.
    ComparisonError
        If the two were not judged on the same patients and the same question.
    ModelError
        If the model was withdrawn or changed.
    """
    progress.stage("reading models", steps=2)
    given = model if is_reference(model) else f"models:/{model}@{CHALLENGER}"
    new = find_version(tracking_uri, given)
    _refuse_unusable(new)
    holder = find_alias(tracking_uri, new.name, CHAMPION)
    if holder is not None and holder.version == new.version:
        raise TrackingError(f"{new.reference} is the {CHAMPION} already. There is nothing to do.")
    progress.step()
    champion = None if holder is None or _is_withdrawn(holder) else holder
    judged = _stored(new)
    progress.step()
    progress.stage("comparing", steps=None)
    gate = None
    if champion is not None:
        old = _stored(champion)
        declared = find_declared(old, judged, thresholds=None)
        _, gate = compare_models(
            old, judged, declared=declared, margins=margins, resamples=resamples, seed=seed
        )
    overruled = because is not None and because.strip() != ""
    blocks = _blocks(gate, judged.audit, is_overruled=overruled)
    told = _as_tags(champion, gate, judged.audit, because=because, is_promoted=not blocks)
    if blocks:
        tag_version(new, told)
    else:
        give_alias(new, CHAMPION, instead_of=holder, tags=told)
    return _told(new, champion, gate) | {
        "is_promoted": not blocks,
        "blocks": blocks,
        "audit": judged.audit,
        "because": because,
    }


def _one_landmark(run: StoredRun, landmark: str | None) -> str:
    known = list_models(run)
    if landmark is None and len(known) > 1:
        raise TrackingError(
            f"run {run.run_id[:8]} has models at {', '.join(known)}. Name one by --landmark."
        )
    return known[0] if landmark is None else landmark


def _refuse_withdrawn(folder: Path, name: str) -> None:
    withdrawn = find_withdrawal(folder)
    if withdrawn is not None:
        raise ModelError(
            f"{name} was withdrawn ({withdrawn.withdrawn_at}): {withdrawn.reason}. Take another."
        )


def _refuse_unusable(version: ModelVersion) -> None:
    with tempfile.TemporaryDirectory(prefix="icans-risk-") as draft:
        _refuse_withdrawn(fetch_version(version, Path(draft)), version.reference)


def _is_withdrawn(version: ModelVersion) -> bool:
    with tempfile.TemporaryDirectory(prefix="icans-risk-") as draft:
        return find_withdrawal(fetch_version(version, Path(draft))) is not None


def _stored(version: ModelVersion) -> StoredModel:
    run = find_run(version.store_uri, version.run_id)
    return read_model(run, MAIN_MODEL, landmark_h=float(version.landmark.removesuffix("h")))


def _blocks(gate: Gate | None, audit: str | None, *, is_overruled: bool) -> list[str]:
    """Say what is against a promotion; only a failed audit can be overruled."""
    has_failed = audit == "fail"
    if gate is None:
        return ["The audit of the model failed."] if has_failed and not is_overruled else []
    return [
        criterion.sentence
        for criterion in gate.criteria
        if criterion.verdict != "accept"
        and not (criterion.name == "audit" and has_failed and is_overruled)
    ]


def _as_tags(
    champion: ModelVersion | None,
    gate: Gate | None,
    audit: str | None,
    *,
    because: str | None,
    is_promoted: bool,
) -> Mapping[str, str]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    tags = {
        "promoted_at" if is_promoted else "refused_at": now,
        "compared_with": "nobody" if champion is None else champion.reference,
        "gate": "not compared" if gate is None else gate.verdict,
        "gate_sentences": _NO_CHAMPION if gate is None else " ".join(_sentences(gate)),
        "audit": audit or "none",
    }
    return tags if because is None else tags | {"because": because.strip()}


def _sentences(gate: Gate) -> Sequence[str]:
    return [criterion.sentence for criterion in gate.criteria]


def _told(new: ModelVersion, champion: ModelVersion | None, gate: Gate | None) -> dict[str, Any]:
    return _describe(new) | {
        "champion_before": None if champion is None else champion.reference,
        "verdict": None if gate is None else gate.verdict,
        "criteria": []
        if gate is None
        else [
            {"name": one.name, "verdict": one.verdict, "sentence": one.sentence}
            for one in gate.criteria
        ],
        "notes": [_NO_CHAMPION] if gate is None else [],
    }


def _describe(version: ModelVersion) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.version,
        "reference": version.reference,
        "run_id": version.run_id,
        "landmark": version.landmark,
        "sha256": version.sha256,
        "data_kind": version.tags.get("data_kind"),
    }

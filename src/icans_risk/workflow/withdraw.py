"""A released model is taken back: a folder, and every copy that a store holds."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from icans_risk.models.released import load_released
from icans_risk.models.stored import stored_hash
from icans_risk.models.withdrawal import NOTE, Withdrawal, find_withdrawal, withdraw_model
from icans_risk.tracking import (
    TRACKING_URI,
    ModelVersion,
    StoredRun,
    fetch_model,
    find_run,
    find_version,
    find_versions,
    has_store,
    is_reference,
    list_models,
    mark_model,
    tag_version,
)
from icans_risk.workflow.model_sources import is_run

__all__ = ["WITHDRAWN", "withdraw"]

WITHDRAWN = "withdrawn"


def withdraw(model: Path | str, *, reason: str, tracking_uri: str = TRACKING_URI) -> dict[str, Any]:
    """Mark a released model so that it gives no more answers.

    Parameters
    ----------
    model : Path or str
        Its folder; ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``; or the run of a study,
        all of whose models are taken back.
    reason : str
        In words, without identifiers.
    tracking_uri : str
        A store in which every registered version of the model is marked as well, with the
        copies that it holds. A folder may be withdrawn without one.

    Returns
    -------
    dict
        Plain data: ``reason``, ``withdrawn_at``, the hashes ``models`` and the registered
        ``versions`` that were marked.

    Raises
    ------
    ModelError
        If there is no released model, the folder was withdrawn before, or no reason is given.
    TrackingError
        If there is no such registered model or run.
    """
    name = str(model)
    if is_reference(name):
        version = find_version(tracking_uri, name)
        run = find_run(tracking_uri, version.run_id)
        notes = [_withdraw_kept(run, version.landmark, reason=reason)]
    elif is_run(name):
        run = find_run(tracking_uri, name)
        notes = [_withdraw_kept(run, at, reason=reason) for at in list_models(run)]
    else:
        load_released(Path(model))
        notes = [_withdraw_folder(Path(model), reason=reason, tracking_uri=tracking_uri)]
    versions = [one for note in notes for one in _mark_versions(note, tracking_uri)]
    return {
        "reason": notes[0].reason,
        "withdrawn_at": notes[0].withdrawn_at,
        "models": [note.model for note in notes],
        "versions": [version.reference for version in versions],
    }


def _withdraw_folder(folder: Path, *, reason: str, tracking_uri: str) -> Withdrawal:
    # A store that is damaged is found before anything is written.
    versions = _versions(stored_hash(folder), tracking_uri)
    note = withdraw_model(folder, reason=reason)
    for version in versions:
        mark_model(find_run(tracking_uri, version.run_id), version.landmark, folder / NOTE)
    return note


def _withdraw_kept(run: StoredRun, landmark: str, *, reason: str) -> Withdrawal:
    """Write the note beside every copy; one that is there already is spread as it is.

    A withdrawal that was interrupted is finished by saying it again.
    """
    with tempfile.TemporaryDirectory(prefix="icans-risk-") as draft:
        folder = fetch_model(run, landmark, Path(draft))
        load_released(folder)
        note = find_withdrawal(folder) or withdraw_model(folder, reason=reason)
        mark_model(run, landmark, folder / NOTE)
        return replace(note, model=stored_hash(folder))


def _versions(sha256: str, tracking_uri: str) -> Sequence[ModelVersion]:
    return find_versions(tracking_uri, sha256) if has_store(tracking_uri) else ()


def _mark_versions(note: Withdrawal, tracking_uri: str) -> Sequence[ModelVersion]:
    versions = _versions(note.model, tracking_uri)
    for version in versions:
        tag_version(version, {WITHDRAWN: note.withdrawn_at, f"{WITHDRAWN}_because": note.reason})
    return versions

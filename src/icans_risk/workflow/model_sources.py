"""Released models by what names them: a folder, a registered model, or a run of the store."""

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from icans_risk.cohort import DataKind
from icans_risk.errors import ModelError
from icans_risk.models.stored import stored_hash
from icans_risk.serving import ServedModel, load_served
from icans_risk.tracking import (
    TRACKING_URI,
    ModelVersion,
    fetch_model,
    find_run,
    find_version,
    is_reference,
    list_models,
)

__all__ = [
    "check_new_patients",
    "fetch_version",
    "is_run",
    "load_models",
    "one_model",
    "read_one",
]

_RUN = re.compile(r"[0-9a-fA-F]{8,32}")


def load_models(
    given: Sequence[Path | str], *, tracking_uri: str = TRACKING_URI
) -> list[ServedModel]:
    """Load models that are to answer; one that was withdrawn is refused.

    Parameters
    ----------
    given : sequence of Path or str
        Folders, ``models:/NAME@ALIAS``, ``models:/NAME/VERSION``, or runs of studies, each of
        which stands for its models of all landmarks.
    tracking_uri : str
        The store of what is no folder; it is only read.

    Returns
    -------
    list of ServedModel
        In the order given.

    Raises
    ------
    ModelError
        If one is damaged or was withdrawn.
    TrackingError
        If there is no such store, registered model or run.
    """
    served = [model for one in given for model in _read(one, tracking_uri)]
    for model in served:
        if model.withdrawn is not None:
            raise ModelError(
                f"the model {model.identity[:12]} of study {model.facts['study']} was withdrawn "
                f"({model.withdrawn.withdrawn_at}): {model.withdrawn.reason}. It gives no more "
                "answers; take another."
            )
    return served


def one_model(given: Path | str, *, tracking_uri: str = TRACKING_URI) -> ServedModel:
    """Load one model that is to be built upon; see ``load_models``.

    Raises
    ------
    ModelError
        If it is damaged or was withdrawn, or a run stands for several.
    """
    found = load_models([given], tracking_uri=tracking_uri)
    _refuse_several(found, given)
    return found[0]


def read_one(given: Path | str, *, tracking_uri: str = TRACKING_URI) -> ServedModel:
    """Load one model to look at, withdrawn or not; see ``load_models``.

    Raises
    ------
    ModelError
        If it is damaged, or a run stands for several.
    """
    found = _read(given, tracking_uri)
    _refuse_several(found, given)
    return found[0]


def check_new_patients(served: Sequence[ServedModel], kind: DataKind, identity: str | None) -> None:
    """Refuse patients of another kind than a model's, and those that it was fitted on.

    Parameters
    ----------
    served : sequence of ServedModel
        The models.
    kind : {"real", "synthetic"}
        Whether patients stand behind the rows.
    identity : str or None
        Hash of the cohort; None of tables that are none, which can be of no training.

    Raises
    ------
    ModelError
        If they are.
    """
    other = [model for model in served if model.facts["data_kind"] != kind]
    if other:
        raise ModelError(
            f"a model and the patients whom it judges must be of one kind, got a model of "
            f"{other[0].facts['data_kind']} patients for {kind} ones. It would look as if it said "
            "something about them."
        )
    if identity is not None and any(identity in _fitted_on(model) for model in served):
        raise ModelError(
            "expected patients whom the model was not fitted on, these are the ones that it was "
            "fitted on: it would look better on them than it is. What held-out risks of these say "
            "stands in the pages that develop wrote."
        )


def _fitted_on(served: ServedModel) -> tuple[str | None, ...]:
    """List the hashes of the cohorts that a model or its calibration rests on."""
    return served.facts.get("cohort_hash"), *served.facts.get("recalibrated_on", ())


def is_run(given: str) -> bool:
    """Tell whether something can only name a run: it looks like one, and is no folder."""
    return _RUN.fullmatch(given) is not None and not Path(given).exists()


def fetch_version(version: ModelVersion, folder: Path) -> Path:
    """Copy a registered model into a folder, and check that it is the one that was registered.

    Raises
    ------
    ModelError
        If it was changed.
    """
    run = find_run(version.store_uri, version.run_id)
    model = fetch_model(run, version.landmark, folder)
    if stored_hash(model) != version.sha256:
        raise ModelError(
            f"{version.reference} is not the model that was registered: its SHA-256 is another. "
            "The store was changed; take a copy of it from before."
        )
    return model


def _refuse_several(found: Sequence[ServedModel], given: Path | str) -> None:
    if len(found) > 1:
        raise ModelError(
            f"expected one model, run {given} has {len(found)}, of several landmarks. Register "
            "one, or name its folder."
        )


def _read(given: Path | str, tracking_uri: str) -> list[ServedModel]:
    name = str(given)
    if not (is_reference(name) or is_run(name)):
        return [load_served(Path(given))]
    with tempfile.TemporaryDirectory(prefix="icans-risk-") as draft:
        if is_reference(name):
            return [load_served(fetch_version(find_version(tracking_uri, name), Path(draft)))]
        run = find_run(tracking_uri, name)
        return [load_served(fetch_model(run, at, Path(draft))) for at in list_models(run)]

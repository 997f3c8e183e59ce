"""Registered models: numbered versions of a name, some of which have an alias."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from icans_risk.errors import TrackingError
from icans_risk.tracking.client import changing, each, reading
from icans_risk.tracking.kept_models import logged_models
from icans_risk.tracking.reading import NOTE, StoredRun

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "ModelVersion",
    "add_version",
    "find_alias",
    "find_version",
    "find_versions",
    "give_alias",
    "is_reference",
    "tag_version",
]

CHAMPION, CHALLENGER = "champion", "challenger"

_SCHEME = "models:/"
_REFERENCE = re.compile(r"models:/(?P<name>[^@/:]+)(?:@(?P<alias>[\w.-]+)|/(?P<version>[0-9]+))")
# What makes a version one of ours, and says which model it is.
_RUN, _LANDMARK, _HASH = "study_run", "landmark", "model_sha256"


@dataclass(frozen=True)
class ModelVersion:
    """A version of a registered model.

    Attributes
    ----------
    store_uri, name : str
        Its store and name.
    version : int
        From 1 on.
    run_id, landmark, sha256 : str
        The study's run, the landmark (``72h``) and the hash of the model in it.
    tags : mapping of str to str
        All of its tags.
    """

    store_uri: str
    name: str
    version: int
    run_id: str
    landmark: str
    sha256: str
    tags: Mapping[str, str]

    @property
    def reference(self) -> str:
        """How MLflow and ``icans-risk score`` name it."""
        return f"{_SCHEME}{self.name}/{self.version}"


def is_reference(given: str) -> bool:
    """Tell whether something names a registered model."""
    return given.startswith(_SCHEME)


def find_version(store_uri: str, reference: str) -> ModelVersion:
    """Find a version of a registered model.

    Parameters
    ----------
    store_uri : str
        Tracking URI of a store, which is only read.
    reference : str
        ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``.

    Returns
    -------
    ModelVersion
        As it is now.

    Raises
    ------
    TrackingError
        If there is no such store, name, alias or version, or ``icans-risk register`` did not
        make it.
    """
    read = _REFERENCE.fullmatch(reference)
    if read is None:
        raise TrackingError(
            f"expected models:/NAME@ALIAS or models:/NAME/VERSION, got {reference!r}."
        )
    with reading(store_uri) as client:
        if read["version"]:
            found = client.get_model_version(read["name"], read["version"])
        else:
            found = client.get_model_version_by_alias(read["name"], read["alias"])
    return _ours(store_uri, found)


def find_alias(store_uri: str, name: str, alias: str) -> ModelVersion | None:
    """Find who has an alias of a registered model, None where nobody has.

    Raises
    ------
    TrackingError
        If there is no such store or name.
    """
    with reading(store_uri) as client:
        version = client.get_registered_model(name).aliases.get(alias)
        found = None if version is None else client.get_model_version(name, str(version))
    return None if found is None else _ours(store_uri, found)


def find_versions(store_uri: str, sha256: str) -> tuple[ModelVersion, ...]:
    """Find every version, under any name, that is one model."""
    with reading(store_uri) as client:
        return _of_hash(client, store_uri, sha256)


def add_version(
    run: StoredRun,
    landmark: str,
    *,
    name: str,
    sha256: str,
    alias: str,
    tags: Mapping[str, str],
) -> ModelVersion:
    """Register a run's model under a name, or find it there, and give it an alias.

    Parameters
    ----------
    run : StoredRun
        Of the study.
    landmark : str
        Such as ``72h``.
    name : str
        Made if it is not there.
    sha256 : str
        Hash of the model.
    alias : str
        Taken from the version that has it.
    tags : mapping of str to str
        Facts to filter by.

    Returns
    -------
    ModelVersion
        With its number.

    Raises
    ------
    TrackingError
        If MLflow takes no such name or alias, or the run logged no model that can score.
    """
    with changing(run.store_uri) as client:
        same = [one for one in _of_hash(client, run.store_uri, sha256) if one.name == name]
        if same:
            version = same[0]
        else:
            told = {**tags, _RUN: run.run_id, _LANDMARK: landmark, _HASH: sha256}
            version = _create(client, run, landmark, name=name, tags=told)
        client.set_registered_model_alias(name, alias, str(version.version))
    return version


def give_alias(
    version: ModelVersion, alias: str, *, instead_of: ModelVersion | None, tags: Mapping[str, str]
) -> None:
    """Give a version an alias, if who had it still has it.

    Parameters
    ----------
    version : ModelVersion
        Gets it, and the tags.
    alias : str
        Such as ``champion``.
    instead_of : ModelVersion or None
        Who had it when this was decided.
    tags : mapping of str to str
        Why it was given.

    Raises
    ------
    TrackingError
        If somebody else has the alias by now.
    """
    with changing(version.store_uri) as client:
        has_it = client.get_registered_model(version.name).aliases.get(alias)
        had_it = None if instead_of is None else instead_of.version
        if has_it != had_it:
            raise TrackingError(
                f"{version.name}: version {has_it} became {alias} meanwhile, expected "
                f"{had_it or 'none'}. Compare with it and try again."
            )
        _tag(client, version, tags)
        client.set_registered_model_alias(version.name, alias, str(version.version))


def tag_version(version: ModelVersion, tags: Mapping[str, str]) -> None:
    """Write down facts of a version."""
    with changing(version.store_uri) as client:
        _tag(client, version, tags)


def _tag(client: Any, version: ModelVersion, tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        client.set_model_version_tag(version.name, str(version.version), key, value)


def _of_hash(client: Any, store_uri: str, sha256: str) -> tuple[ModelVersion, ...]:
    same = f"tags.{_HASH} = '{sha256}'"
    return tuple(
        _ours(store_uri, found) for found in each(client.search_model_versions, filter_string=same)
    )


def _create(
    client: Any, run: StoredRun, landmark: str, *, name: str, tags: Mapping[str, str]
) -> ModelVersion:
    logged = next(logged_models(client, run, landmark), None)
    if logged is None:
        raise TrackingError(
            f"run {run.run_id[:8]}: its model at {landmark} was not logged as one that can score. "
            "Develop its study again."
        )
    if name not in {one.name for one in each(client.search_registered_models)}:
        client.create_registered_model(name)
    run_id, model_id = logged
    made = client.create_model_version(
        name,
        source=f"models:/{model_id}",
        run_id=run_id,
        tags=dict(tags),
        # A server takes a logged model for a source only if it is named again.
        model_id=model_id,
        # The page of the version says what the page of the run says.
        description=client.get_run(run_id).data.tags.get(NOTE),
    )
    return _ours(run.store_uri, made)


def _ours(store_uri: str, found: Any) -> ModelVersion:
    tags = dict(found.tags)
    if not {_RUN, _LANDMARK, _HASH} <= tags.keys():
        raise TrackingError(
            f"{found.name}, version {found.version}: not registered by `icans-risk register`. "
            "Register its run."
        )
    return ModelVersion(
        store_uri, str(found.name), int(found.version), tags[_RUN], tags[_LANDMARK], tags[_HASH],
        tags,
    )  # fmt: skip

"""The data of a run as MLflow lists them: a digest and counts, and nothing of the data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["DatasetRecord", "dataset_entity", "log_dataset"]

# MLflow keeps no longer digest.
_DIGEST_LENGTH = 36
_CONTEXT = ("mlflow.data.context", "development")


@dataclass(frozen=True)
class DatasetRecord:
    """What is said of the data.

    Attributes
    ----------
    name : str
        Such as ``cohort``; no name of a file, which may name somebody.
    digest : str
        Hash of the values, of which MLflow shows the first 36 characters.
    kind : {"real", "synthetic"}
        Whether they are of patients.
    counts : mapping of str to int
        How many of what.
    """

    name: str
    digest: str
    kind: str
    counts: Mapping[str, int] = field(default_factory=dict)


def dataset_entity(mlflow: Any, record: DatasetRecord) -> Any:
    """Return the dataset as MLflow's own entity, whose source is no place."""
    return mlflow.entities.Dataset(
        name=record.name,
        digest=record.digest[:_DIGEST_LENGTH],
        source_type=record.kind,
        source=json.dumps({"cohort_hash": record.digest}),
        profile=json.dumps(dict(record.counts)),
    )


def log_dataset(mlflow: Any, dataset: Any, run_id: str) -> None:
    """Say that a run was made of a dataset."""
    context = mlflow.entities.InputTag(*_CONTEXT)
    made_of = mlflow.entities.DatasetInput(dataset, [context])
    mlflow.MlflowClient().log_inputs(run_id, datasets=[made_of])

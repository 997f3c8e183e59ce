"""Score new patients by released models, into one file."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]

import icans_risk
from icans_risk.cohort import DataKind
from icans_risk.errors import IcansRiskError, LedgerError
from icans_risk.serving import MOST_EPISODES, Scored, score
from icans_risk.serving.predictions_ledger import append_predictions
from icans_risk.serving.records import label_of, to_arrow
from icans_risk.tracking import TRACKING_URI
from icans_risk.workflow.files import check_folder, whole_file, write_json
from icans_risk.workflow.model_sources import load_models
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.scoring_sources import read_tables

__all__ = ["score_files"]

FORMAT = 1
_ENDINGS = (".json", ".parquet")


def score_files(
    models: Sequence[Path | str],
    source: Path,
    *,
    out: Path,
    data_kind: DataKind | None = None,
    most_episodes: int = MOST_EPISODES,
    ledger: Path | None = None,
    data_cutoff: datetime | None = None,
    tracking_uri: str = TRACKING_URI,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Score every episode of a source by one model per landmark.

    Parameters
    ----------
    models : sequence of Path or str
        Folders of released models, registered models or runs, see ``load_models``.
    source : Path
        See ``read_tables``.
    out : Path
        A ``.json`` or ``.parquet`` file, written whole or not at all: one record per episode
        and landmark.
    data_kind : {"real", "synthetic"}, optional
        Whether patients stand behind the rows, where the source does not say so.
    most_episodes : int
        More are refused.
    ledger : Path, optional
        Every prediction is written down here first, before anybody sees it.
    data_cutoff : datetime, optional
        Up to when the data reach; a ledger needs it.
    tracking_uri : str
        The store of models that are no folders.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: how many have which status, the models, what was left out, the label, and
        the ledger's head, which is to be noted elsewhere.

    Raises
    ------
    ModelError
        If a model is damaged or was withdrawn.
    CohortError
        If the source cannot be read.
    LedgerError
        If the ledger is damaged; nothing is written then.
    """
    if ledger is not None and data_cutoff is None:
        raise LedgerError(
            "a ledger needs the time up to which the data reach, got none. Add --data-cutoff."
        )
    if out.suffix not in _ENDINGS:
        raise IcansRiskError(
            f"{out.name}: expected a file that ends in {' or '.join(_ENDINGS)}. Name another."
        )
    check_folder(out)
    progress.stage("reading models and patients", steps=2)
    served = load_models(models, tracking_uri=tracking_uri)
    progress.step()
    tables, kind = read_tables(source, data_kind)
    progress.step()
    progress.stage("scoring", steps=1)
    scored = score(tables, served, data_kind=kind, most_episodes=most_episodes)
    head = None
    if ledger is not None and data_cutoff is not None:
        head = append_predictions(ledger, scored, served, data_cutoff=data_cutoff, data_kind=kind)
    _write(out, scored)
    progress.step()
    counts = scored.predictions.groupby(["landmark_h", "status"], as_index=False).size()
    return {
        "out": str(out.resolve()),
        **_head(scored),
        "data_kind": kind,
        "ledger_head": None if head is None else str(head),
        "statuses": counts.rename(columns={"size": "predictions"}).to_dict("records"),
    }


def _head(scored: Scored) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "icans_risk": icans_risk.__version__,
        "research_use_only": True,
        "synthetic": scored.is_synthetic,
        "label": label_of(scored),
        "models": list(scored.models),
        "notes": list(scored.notes),
    }


def _write(out: Path, scored: Scored) -> None:
    records, head = to_arrow(scored), _head(scored)
    if out.suffix == ".json":
        write_json(out, {**head, "predictions": records.to_pylist()})
        return
    marked = records.replace_schema_metadata({"icans_risk": json.dumps(head)})
    with whole_file(out) as draft:
        pq.write_table(marked, draft, write_page_checksum=True)

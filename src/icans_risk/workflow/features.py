"""The vectors of a study in a file: what its models are fitted to, with what each column means."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

import icans_risk
from icans_risk.errors import IcansRiskError
from icans_risk.features import FeatureSpecification, describe_columns
from icans_risk.ingest import QualityReport
from icans_risk.study import Study, load_study
from icans_risk.workflow.files import check_folder, whole_file
from icans_risk.workflow.inputs import specify_features
from icans_risk.workflow.landmark_data import LandmarkData, prepare_landmark
from icans_risk.workflow.plain import plain
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.reading import read_cohort

__all__ = ["KEYS", "OUTCOME", "write_features"]

KEYS = ("episode_id", "patient_id", "landmark_h")
# No column of a vector begins so: modalities, `score` and `static` are other words.
OUTCOME = ("outcome.event", "outcome.weight")
_ENDINGS = (".parquet", ".csv")
_EXCLUDED = "excluded_"


def write_features(
    study_file: Path | str, out: Path, *, with_outcome: bool = False, progress: Progress = SILENT
) -> dict[str, Any]:
    """Write the vectors of those at risk at each landmark of a study, as ``develop`` builds them.

    Beside the file ``NAME.parquet`` lie ``NAME.columns.csv``, what each column means and how
    much of it is missing, and ``NAME.facts.json``, what is returned. All three are written, or
    none.

    Parameters
    ----------
    study_file : path-like
        The study.
    out : Path
        A ``.parquet`` or ``.csv`` file: one row per episode at risk and landmark; first
        ``episode_id, patient_id, landmark_h``, then the columns. Missing is empty, zero is zero.
    with_outcome : bool
        Whether ``outcome.event`` (empty where it is not known) and ``outcome.weight``, under
        the study's first policy, stand behind the columns.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: whom and what the file holds, at each landmark how many are at risk and why
        others are not, what is missing by modality, and what was noticed while reading.

    Raises
    ------
    StudyError, CohortError
        If the study or its data are not as they have to be.
    IcansRiskError
        If the file cannot be written, or nobody is at risk at any landmark.
    """
    if out.suffix not in _ENDINGS:
        raise IcansRiskError(
            f"{out.name}: expected a file that ends in {' or '.join(_ENDINGS)}. Name another."
        )
    check_folder(out)
    study = load_study(study_file)
    cohort, quality = read_cohort(study, progress=progress)
    specification = specify_features(study, cohort)
    progress.stage("building vectors", steps=len(study.outcome.landmarks_h))
    prepared = []
    for landmark_h in study.outcome.landmarks_h:
        prepared.append(prepare_landmark(study, cohort, specification, landmark_h=landmark_h))
        progress.step()
    rows = pd.concat([_rows(data, with_outcome=with_outcome) for data in prepared])
    if rows.empty:
        raise IcansRiskError(
            "nobody is at risk at any landmark of the study, so that there is no vector. Choose "
            "other landmarks."
        )
    columns = _describe(specification, rows)
    facts = _facts(study, specification, prepared, columns=columns, quality=quality)
    facts |= {"rows": len(rows), "with_outcome": with_outcome, "out": str(out.resolve())}
    progress.stage("writing", steps=None)
    _write(out, rows, columns=columns, facts=facts)
    return facts


def _rows(data: LandmarkData, *, with_outcome: bool) -> pd.DataFrame:
    """Take those at risk, whatever is known of their outcome: that is not known at the landmark."""
    outcomes = data.primary
    at_risk = outcomes["at_risk"].to_numpy(dtype=bool)
    table = data.vectors[at_risk].reset_index()
    table.insert(1, "patient_id", data.episodes.loc[at_risk, "patient_id"].to_numpy(dtype=object))
    if with_outcome:
        for name in OUTCOME:
            table[name] = outcomes.loc[at_risk, name.partition(".")[2]].to_numpy(dtype="float64")
    return table


def _describe(specification: FeatureSpecification, rows: pd.DataFrame) -> pd.DataFrame:
    columns = describe_columns(specification)
    missing = rows[columns["column"].tolist()].isna().mean()
    return columns.assign(missing_share=missing.to_numpy(dtype="float64"))


def _facts(
    study: Study,
    specification: FeatureSpecification,
    prepared: Sequence[LandmarkData],
    *,
    columns: pd.DataFrame,
    quality: QualityReport,
) -> dict[str, Any]:
    return {
        "icans_risk": icans_risk.__version__,
        "research_use_only": True,
        "synthetic": study.data_kind == "synthetic",
        "study": study.study,
        "title": study.title,
        "data_kind": study.data_kind,
        "study_hash": study.hash(),
        "cohort_hash": prepared[0].cohort_hash,
        "feature_hash": specification.hash(),
        "presence": study.features.presence,
        "treatment_policy": study.treatment_policy,
        "columns": len(columns),
        "modalities": _by_modality(columns),
        "empty_columns": columns.loc[columns["missing_share"] == 1, "column"].tolist(),
        "landmarks": [_landmark(data) for data in prepared],
        "quality": {
            "headlines": list(quality.headlines),
            "counts": dict(quality.counts),
            "findings": quality.to_dict()["findings"],
        },
    }


def _by_modality(columns: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "modality": str(modality),
            "columns": len(group),
            "missing_share": plain(float(group["missing_share"].mean())),
        }
        for modality, group in columns.groupby("modality", sort=False)
    ]


def _landmark(data: LandmarkData) -> dict[str, Any]:
    """Count who is at risk. Who reaches the endpoint is asked of ``outcomes``, not of vectors."""
    flow = next(iter(data.flows.values()))
    at_risk = data.primary["at_risk"].to_numpy(dtype=bool)
    return {
        "landmark_h": data.landmark_h,
        "horizon_h": data.horizon_h,
        "episodes": int(flow["episodes"]),
        "at_risk": int(flow["at_risk"]),
        "patients": int(data.episodes.loc[at_risk, "patient_id"].nunique()),
        **{name: int(n) for name, n in flow.items() if name.startswith(_EXCLUDED)},
        "values": len(data.inputs),
        "missing_share": plain(float(data.vectors[at_risk].isna().to_numpy().mean()))
        if at_risk.any()
        else None,
    }


def _write(out: Path, rows: pd.DataFrame, *, columns: pd.DataFrame, facts: dict[str, Any]) -> None:
    told = json.dumps(facts, indent=2, allow_nan=False)
    with ExitStack() as stack:
        # Each draft gets its name when all are finished.
        table, dictionary, beside = (
            stack.enter_context(whole_file(file))
            for file in (out, out.with_suffix(".columns.csv"), out.with_suffix(".facts.json"))
        )
        columns.to_csv(dictionary, index=False)
        beside.write_text(told + "\n", encoding="utf-8")
        if out.suffix == ".csv":
            rows.to_csv(table, index=False)
            return
        arrow = pa.Table.from_pandas(rows, preserve_index=False)
        marked = arrow.replace_schema_metadata({"icans_risk": told})
        pq.write_table(marked, table, write_page_checksum=True)

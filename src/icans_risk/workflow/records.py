"""What a run leaves in the tracking store: one run per study, one child per model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import icans_risk
from icans_risk.features import FeatureSpecification, describe_columns
from icans_risk.study import Study
from icans_risk.tracking import DatasetRecord, RunRecord
from icans_risk.workflow.artifacts import list_documents, list_figures, list_tables, list_texts
from icans_risk.workflow.chosen import SETTINGS, chosen_settings
from icans_risk.workflow.findings import LandmarkFindings
from icans_risk.workflow.model_runs import list_model_runs
from icans_risk.workflow.provenance import describe_provenance
from icans_risk.workflow.run_notes import describe_study_run

__all__ = ["make_record"]


def make_record(
    study: Study,
    study_file: Path | str,
    summary: dict[str, Any],
    *,
    specification: FeatureSpecification,
    found: Sequence[LandmarkFindings],
    folders: Mapping[str, Path],
    place: str,
) -> RunRecord:
    """Collect what the tracking store keeps of a run.

    The run itself holds the study, the figures of every landmark, and the booster's metrics
    at the first one; each model of each landmark is a child with metrics and figures of the same
    names, so that the tracking interface can sort and compare them.

    Parameters
    ----------
    study : Study
        What was done.
    study_file : Path
        Kept as it is, comments and all.
    summary : dict
        Plain data of the whole run.
    specification : FeatureSpecification
        Fitted.
    found : sequence of LandmarkFindings
        One per landmark.
    folders : mapping of str to Path
        Folders to keep, by the name of the artifact: the released models.
    place : str
        Where the study's file lies, seen from the store.

    Returns
    -------
    RunRecord
        With its children.
    """
    made_of = describe_provenance(data=summary["cohort_hash"], study=summary["study_hash"])
    tags = _tags(study, summary) | _asked(study) | made_of.tags()
    shared = RunRecord(name=study.study, tags=tags, dataset=_dataset(study, summary))
    children = [
        run for one in found for run in list_model_runs(study, one, shared=shared, folders=folders)
    ]
    return replace(
        shared,
        note=describe_study_run(study, found),
        parameters=_parameters(study, summary),
        tags=tags | {"run_kind": "study"} | _verdicts(found),
        # The headline of the study is its booster at the first landmark.
        metrics=children[0].metrics,
        files={"study": Path(study_file)},
        folders=folders,
        documents={
            "study/summary.json": summary,
            "study/quality.json": summary["quality"],
            "study/features.json": summary["features"],
            "study/provenance.json": made_of.to_dict() | {"study_file": place},
            SETTINGS: chosen_settings([one.result for one in found]),
            **{name: document for one in found for name, document in list_documents(one).items()},
        },
        texts={name: text for one in found for name, text in list_texts(one).items()},
        tables={
            "study/feature_dictionary.csv": describe_columns(specification),
            **{name: table for one in found for name, table in list_tables(one).items()},
        },
        figures={
            name: figure for one in found for name, figure in list_figures(study, one).items()
        },
        children=children,
    )


def _dataset(study: Study, summary: Mapping[str, Any]) -> DatasetRecord:
    return DatasetRecord(
        name="cohort",
        digest=summary["cohort_hash"],
        kind=study.data_kind,
        counts=summary["cohort"],
    )


def _tags(study: Study, summary: Mapping[str, Any]) -> dict[str, str]:
    return {
        "study": study.study,
        "data_kind": study.data_kind,
        "profile": study.profile,
        "cohort_hash": summary["cohort_hash"],
        "study_hash": summary["study_hash"],
        "feature_hash": summary["feature_hash"],
        "icans_risk": icans_risk.__version__,
        "research_use_only": "true",
    }


def _verdicts(found: Sequence[LandmarkFindings]) -> dict[str, str]:
    """Tag what the audits came to, to be filtered by."""
    audits = {one.name: one.scrutiny.audit for one in found}
    return {f"audit_{name}": audit.verdict for name, audit in audits.items() if audit is not None}


# How the main model is built, beside the settings of its trees.
_BUILT = ("monotone", "fusion", "modality_dropout", "budget", "calibration", "rebuilds")


def _asked(study: Study) -> dict[str, str]:
    """Return what has to be the same for two models to be comparable, as well as the patients."""
    return {
        "endpoint": study.outcome.endpoint_in_words,
        "end_of_observation": study.outcome.end_of_observation,
        "treatment_policy": study.treatment_policy,
        "presence": study.features.presence,
    }


def _parameters(study: Study, summary: dict[str, Any]) -> dict[str, object]:
    outcome = study.outcome
    return {
        **_asked(study),
        "landmarks_h": list(outcome.landmarks_h),
        "until_h": outcome.until_h,
        "within_h": outcome.within_h,
        "folds": study.validation.folds,
        "repeats": study.validation.repeats,
        "resamples": study.validation.resamples,
        "seed": study.seed,
        "patients": summary["cohort"]["patients"],
        **{name: getattr(study.models, name) for name in _BUILT},
        **{f"booster.{k}": v for k, v in study.models.booster.model_dump().items()},
    }

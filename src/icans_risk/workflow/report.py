"""Pages for new patients, from released models: whole or not at all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from icans_risk.cohort import Cohort, DataKind
from icans_risk.errors import CohortError
from icans_risk.report import (
    PLAIN,
    PageStyle,
    check_new_folder,
    page_name,
    patient_report,
    render_patient,
    write_pages,
)
from icans_risk.serving import UNREADABLE, Scored, ServedModel, Tables, score
from icans_risk.serving.request import Request
from icans_risk.tracking import TRACKING_URI
from icans_risk.workflow.model_sources import check_new_patients, load_models
from icans_risk.workflow.other_formats import Formats, make_formats
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.run_pages import LandmarkPages, render_run
from icans_risk.workflow.scoring_sources import read_tables
from icans_risk.workflow.served_context import describe_served
from icans_risk.workflow.served_episodes import describe_scored

__all__ = ["PageStyle", "report_patients"]


@dataclass(frozen=True, eq=False)
class _Asked:
    """Who is asked about: those that can be read as a cohort, and their patients."""

    request: Request
    cohort: Cohort | None
    scored: Scored
    episode_ids: list[str]
    patient_ids: Mapping[str, str]


def report_patients(
    models: Sequence[Path | str],
    source: Path,
    *,
    out: Path,
    episodes: Sequence[str] = (),
    formats: Formats = Formats(),  # noqa: B008
    style: PageStyle = PLAIN,
    data_kind: DataKind | None = None,
    workers: int = 1,
    tracking_uri: str = TRACKING_URI,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Write a page for every patient of a source, and the lists over them.

    Parameters
    ----------
    models : sequence of Path or str
        Folders of released models, registered models or runs, see ``load_models``; one model
        for each landmark.
    source : Path
        See ``read_tables``: patients whom the models were not fitted on.
    out : Path
        Must not exist.
    episodes : sequence of str
        Only these; by default all.
    formats : Formats
        What else to write beside the pages.
    style : PageStyle
        Language, units, and whether the reader's own estimate comes first.
    data_kind : {"real", "synthetic"}, optional
        Whether patients stand behind the rows, where the source does not say so.
    workers : int
        Processes that make PDF.
    tracking_uri : str
        The store of models that are no folders.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: where the pages are, how many have which status at each landmark, what was
        left out.

    Raises
    ------
    ModelError
        If a model is damaged or withdrawn, was fitted on these very patients, or on patients
        of the other kind.
    CohortError
        If the source cannot be read, or lacks an episode that was asked for.
    IcansRiskError
        If the folder exists, or a format cannot be made. Nothing is written then.
    """
    check_new_folder(out)
    progress.stage("reading models and patients", steps=2)
    served = sorted(
        load_models(models, tracking_uri=tracking_uri), key=lambda model: model.landmark_h
    )
    formats.check(synthetic=any(model.is_synthetic for model in served))
    progress.step()
    tables, kind = read_tables(source, data_kind)
    check_new_patients(served, kind, tables.hash() if isinstance(tables, Cohort) else None)
    progress.step()
    asked = _ask(tables, served, kind=kind, episodes=episodes, progress=progress)
    landmarks = [
        _pages_of(asked, one, served, formats=formats, style=style, workers=workers,
                  progress=progress)
        for one in served
    ]  # fmt: skip
    write_pages(out, render_run(landmarks))
    return _describe(asked, served, out)


def _ask(
    tables: Tables,
    served: Sequence[ServedModel],
    *,
    kind: DataKind,
    episodes: Sequence[str],
    progress: Progress,
) -> _Asked:
    progress.stage("scoring", steps=1)
    request = _choose(Request.of(tables), episodes)
    scored = score(request.tables, served, data_kind=kind)
    first = scored.predictions[scored.predictions["landmark_h"] == served[0].landmark_h]
    unreadable = scored.predictions.loc[scored.predictions["status"] == UNREADABLE, "episode_id"]
    readable = [name for name in request.episode_ids if name not in set(unreadable)]
    patients = request.tables.episodes.drop_duplicates("episode_id").set_index("episode_id")
    progress.step()
    return _Asked(
        request=request,
        cohort=request.take(readable).cohort() if readable else None,
        scored=replace(scored, notes=(*request.notes, *scored.notes)),
        episode_ids=first["episode_id"].tolist(),
        patient_ids={
            str(name): str(own) for name, own in patients["patient_id"].items() if pd.notna(own)
        },
    )


def _choose(request: Request, episodes: Sequence[str]) -> Request:
    if not episodes:
        return request
    wanted = list(dict.fromkeys(episodes))
    absent = set(wanted) - set(request.episode_ids)
    if absent:
        # Which one it is, the user knows; identifiers do not belong into logs.
        raise CohortError(
            f"expected episodes that the cohort has, {len(absent)} of the {len(wanted)} asked for "
            f"are not among its {len(request.episode_ids)}. Name them as its column episode_id."
        )
    return request.take(wanted)


def _pages_of(
    asked: _Asked,
    one: ServedModel,
    served: Sequence[ServedModel],
    *,
    formats: Formats,
    style: PageStyle,
    workers: int,
    progress: Progress,
) -> LandmarkPages:
    run = describe_served(one, landmarks_h=[model.landmark_h for model in served])
    name = f"{one.landmark_h:g}h"
    results = describe_scored(asked.cohort, asked.scored, one, episode_ids=asked.episode_ids)
    progress.stage(f"{name}: pages", steps=len(results))
    reports, pages = {}, {}
    for position, episode in enumerate(results, start=1):
        page = page_name(position)
        reports[page] = patient_report(run, episode, language=style.language, units=style.units)
        pages[page] = render_patient(reports[page], blind_first=style.blind_first)
        progress.step()
    others = make_formats(
        formats, run, results, patient_ids=asked.patient_ids, pages=pages, workers=workers,
        progress=progress,
    )  # fmt: skip
    return LandmarkPages(name=name, run=run, patients=reports, pages={**pages, **others})


def _describe(asked: _Asked, served: Sequence[ServedModel], out: Path) -> dict[str, Any]:
    counted = asked.scored.predictions.groupby("landmark_h")["status"]
    return {
        "reports": str(out.resolve()),
        "episodes": len(asked.episode_ids),
        "models": [model.describe() for model in served],
        "statuses": {f"{landmark_h:g}h": dict(Counter(status)) for landmark_h, status in counted},
        "notes": list(asked.scored.notes),
    }

"""The pages of a run: every patient's, the index and that of data quality."""

from collections.abc import Sequence

import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.ingest import QualityReport
from icans_risk.report import (
    PageStyle,
    RunContext,
    page_name,
    patient_report,
    quality_report,
    render_patient,
    render_quality,
    render_ward,
    ward_report,
)
from icans_risk.workflow.episodes import AGE_BANDS, describe_episodes
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.predictions import predict_episodes
from icans_risk.workflow.run_context import describe_run

__all__ = ["describe_run", "predict_episodes", "render_pages"]


def render_pages(
    cohort: Cohort,
    result: LandmarkResult,
    quality: QualityReport,
    *,
    run: RunContext,
    has_study: bool = False,
    earlier: Sequence[LandmarkResult] = (),
    age_bands: Sequence[float] = AGE_BANDS,
    style: PageStyle = PageStyle(),  # noqa: B008
) -> dict[str, str]:
    """Render the page of every patient, the index and the page of data quality.

    Parameters
    ----------
    cohort : Cohort
        All episodes.
    result : LandmarkResult
        Of one landmark.
    quality : QualityReport
        What was noticed while reading.
    run : RunContext
        What all pages have in common.
    has_study : bool
        Whether the study report will lie beside the index.
    earlier : sequence of LandmarkResult
        Earlier landmarks of the same run, for the course of each estimate.
    age_bands : sequence of float
        Where bands of age begin.
    style : PageStyle
        Language and units of the patient pages, and whether the estimate is folded.

    Returns
    -------
    dict of str to str
        File name to HTML.
    """
    episodes = describe_episodes(cohort, result, earlier=earlier, age_bands=age_bands)
    names = [page_name(position) for position in range(1, len(episodes) + 1)]
    pages = {
        name: render_patient(
            patient_report(run, episode, language=style.language, units=style.units),
            blind_first=style.blind_first,
        )
        for name, episode in zip(names, episodes, strict=True)
    }
    # The index has one language: that of the study.
    reports = {
        name: patient_report(run, episode) for name, episode in zip(names, episodes, strict=True)
    }
    found = quality_report(
        quality.to_dict(),
        _cohort_table(cohort, result),
        study_title=run.study_title,
        data_kind=run.data_kind,
        package_version=run.package_version,
        caveats=run.caveats,
    )
    return pages | {
        "index.html": render_ward(ward_report(run, reports), has_study=has_study),
        "quality.html": render_quality(found),
    }


def _cohort_table(cohort: Cohort, result: LandmarkResult) -> pd.DataFrame:
    event = result.data.primary.set_index("episode_id")["event"]
    episodes = cohort.episodes.set_index("episode_id")
    product = episodes.get("product", pd.Series("all", index=episodes.index))
    table = pd.DataFrame({"Product": product, "at_risk": event.notna(), "event": event == 1})
    rows = table.groupby("Product", as_index=False).agg(
        Episodes=("at_risk", "size"), Analysed=("at_risk", "sum"), Endpoint=("event", "sum")
    )
    return rows.rename(
        columns={"Analysed": "At risk, outcome known", "Endpoint": "Reached the endpoint"}
    )

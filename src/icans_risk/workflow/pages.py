"""The pages of one landmark of a study: of each patient, and of the quality of the data."""

from collections.abc import Mapping, Sequence

import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.ingest import QualityReport
from icans_risk.report import (
    PLAIN,
    QUALITY_PAGE,
    PageStyle,
    RunContext,
    page_name,
    patient_report,
    quality_report,
    render_patient,
    render_quality,
)
from icans_risk.workflow.episodes import AGE_BANDS, describe_episodes
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.predictions import predict_episodes
from icans_risk.workflow.run_context import describe_run
from icans_risk.workflow.run_pages import LandmarkPages

__all__ = ["describe_run", "predict_episodes", "render_pages"]


def render_pages(
    cohort: Cohort,
    result: LandmarkResult,
    quality: QualityReport,
    *,
    run: RunContext,
    others: Mapping[str, str] | None = None,
    earlier: Sequence[LandmarkResult] = (),
    age_bands: Sequence[float] = AGE_BANDS,
    style: PageStyle = PLAIN,
) -> LandmarkPages:
    """Render the page of every patient and the page of data quality.

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
    others : mapping of str to str, optional
        Further pages that will lie beside them, such as the study report.
    earlier : sequence of LandmarkResult
        Landmarks of the same run, for the course of each estimate up to this one.
    age_bands : sequence of float
        Where bands of age begin.
    style : PageStyle
        Language and units of the patient pages, and whether the estimate is folded.

    Returns
    -------
    LandmarkPages
        To which ``render_run`` makes an index.
    """
    episodes = describe_episodes(cohort, result, earlier=earlier, age_bands=age_bands)
    reports = {
        page_name(position): patient_report(
            run, episode, language=style.language, units=style.units
        )
        for position, episode in enumerate(episodes, start=1)
    }
    found = quality_report(
        quality.to_dict(),
        _cohort_table(cohort, result),
        study_title=run.study_title,
        data_kind=run.data_kind,
        package_version=run.package_version,
        caveats=run.caveats,
    )
    pages = {
        name: render_patient(report, blind_first=style.blind_first)
        for name, report in reports.items()
    }
    return LandmarkPages(
        name=f"{result.data.landmark_h:g}h",
        run=run,
        patients=reports,
        pages={**pages, QUALITY_PAGE: render_quality(found), **(others or {})},
    )


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

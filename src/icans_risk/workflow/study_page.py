"""The study report of one landmark."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from icans_risk.report import RunContext, render_study, study_report, tripod_table
from icans_risk.workflow.characteristics import describe_characteristics, describe_measured
from icans_risk.workflow.findings import LandmarkFindings

__all__ = ["render_study_page"]

# In the place of the note on pages of patients, which have no such section.
CARRIED_OVER_NOTE = (
    "Held-out risks come from models fitted to other patients of the same cohort. What becomes of "
    "them in a site, product or period that a model never saw stands apart, under \u201cDoes it "
    "carry over\u201d; another cohort was never tried."
)
_MADE = {
    "study_hash": "Study file (SHA-256)",
    "cohort_hash": "Cohort (SHA-256)",
    "feature_hash": "Features (SHA-256)",
}


def render_study_page(found: LandmarkFindings, run: RunContext, summary: Mapping[str, Any]) -> str:
    """Render everything that a sceptical reviewer asks of one landmark as a page.

    Parameters
    ----------
    found : LandmarkFindings
        Of the landmark.
    run : RunContext
        What all pages of the run have in common.
    summary : mapping
        Plain data of the whole run, for its hashes.
    """
    held, judged = found.scrutiny.held, found.scrutiny.assessment
    audit = found.scrutiny.audit
    notes = [CARRIED_OVER_NOTE] if len(judged.internal_external) else run.notes
    report = study_report(
        replace(run, notes=notes),
        judged,
        flow=found.result.data.flows,
        characteristics=describe_characteristics(held.episodes, held.event, fewest=judged.fewest),
        measured_inputs=describe_measured(
            found.result.rows.vectors, held.event, fewest=judged.fewest
        ),
        stability=found.scrutiny.stability,
        audit=[] if audit is None else audit.to_dict()["findings"],
        candidate_parameters=found.result.data.vectors.shape[1],
        tripod=tripod_table(found.facts),
        made={words: summary[key] for key, words in _MADE.items()},
    )
    return render_study(report)

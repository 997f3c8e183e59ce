"""The study report of one landmark."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from icans_risk.report import RunContext, render_study, tripod_table
from icans_risk.report.study import study_report
from icans_risk.workflow.characteristics import describe_characteristics, describe_measured
from icans_risk.workflow.findings import LandmarkFindings
from icans_risk.workflow.reads import describe_reads
from icans_risk.workflow.words import CARRIED_OVER_NOTE, POOLED_NOTE

__all__ = ["render_study_page"]

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
    # Where groups were left out in turn, it is not true that none was ever tried.
    instead = {POOLED_NOTE: CARRIED_OVER_NOTE} if len(judged.internal_external) else {}
    report = study_report(
        replace(run, notes=[instead.get(note, note) for note in run.notes]),
        judged,
        flow=found.result.data.flows,
        characteristics=describe_characteristics(held.episodes, held.event, fewest=judged.fewest),
        measured_inputs=describe_measured(
            found.result.rows.vectors, held.event, fewest=judged.fewest
        ),
        stability=found.scrutiny.stability,
        reads=describe_reads(found.result),
        audit=[] if audit is None else audit.to_dict()["findings"],
        candidate_parameters=found.result.data.vectors.shape[1],
        tripod=tripod_table(found.facts),
        made={words: summary[key] for key, words in _MADE.items()},
    )
    return render_study(report)

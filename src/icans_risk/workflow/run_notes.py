"""What stands first on a run's own page in the tracking interface, in Markdown."""

import math
from collections.abc import Mapping, Sequence

from icans_risk.report.wording import clean
from icans_risk.study import Study
from icans_risk.workflow.findings import LandmarkFindings
from icans_risk.workflow.validation import ModelResult

__all__ = ["describe_model_run", "describe_study_run", "describe_views"]

_KINDS = {
    "synthetic": "**SYNTHETIC patients: no figure here is evidence of anything in real ones.**",
    "real": "**Real patients.**",
}
_RESEARCH = "Research use only."
_MEASURES = {
    "auroc": "AUROC",
    "auroc_later": "AUROC, events later than 24 h after the landmark",
    "calibration_slope": "Calibration slope (1 is ideal)",
    "observed_expected": "Observed over expected (1 is ideal)",
    "brier": "Brier score",
}


def describe_model_run(
    study: Study, found: LandmarkFindings, model: ModelResult, *, metrics: Mapping[str, float]
) -> str:
    """Describe the run of one model: headline figures, audit, and what to look at."""
    result = found.result
    patients, events = len(result.rows.event), int(result.rows.event.sum())
    validation = study.validation
    thresholds = {
        f"net_benefit_{100 * at:g}": f"Net benefit at a threshold of {100 * at:g} %"
        for at in study.evaluation.thresholds
    }
    lines = [
        f"| {words} | {_figure(metrics, name)} |"
        for name, words in (_MEASURES | thresholds).items()
    ]
    return "\n".join(
        [
            f"{_KINDS[study.data_kind]} {_RESEARCH}",
            "",
            f"**{clean(model.plan.label)}** at {result.data.landmark_h:g} h: "
            f"{study.outcome.endpoint_in_words} by {result.data.horizon_h:g} h after infusion. "
            f"{patients} patients, {events} events; held out in {validation.folds} folds, "
            f"{validation.repeats} times.",
            "",
            "| | estimate (95 % interval) |",
            "|---|---|",
            *lines,
            "",
            _audit_sentence(found, model),
            "",
            "**Look at** `calibration.png`, `decision_curve.png` and `risk_distribution.png` under "
            "Artifacts, or hold runs side by side in the chart view. The study's own run, the "
            "parent, has the rest: subgroups, audit, reporting tables, the model card.",
        ]
    )


def describe_study_run(study: Study, found: Sequence[LandmarkFindings]) -> str:
    """Describe the run of a study: each landmark's model, its audit, and whether data suffice."""
    return "\n".join(
        [
            f"{_KINDS[study.data_kind]} {_RESEARCH} {clean(study.title)}.",
            "",
            "| landmark | patients | events | AUROC | calibration slope | audit |",
            "|---|---|---|---|---|---|",
            *(_landmark_line(one) for one in found),
            "",
            found[0].result.size.verdict,
            "",
            describe_views(),
        ]
    )


def describe_views() -> str:
    """Say how to compare, in the interface."""
    return (
        "**Compare** by *Views*, above the runs: every model of every landmark sorted by "
        "calibration slope, or those of one landmark; the chart view shows their calibration and "
        "decision curves side by side. Or filter by `tags.run_kind = 'model'`."
    )


def _landmark_line(found: LandmarkFindings) -> str:
    result, audit = found.result, found.scrutiny.audit
    metrics: dict[str, float] = {}
    for name in ("auroc", "calibration_slope"):
        interval = result.main.metrics[name]
        metrics |= {name: interval.estimate}
        metrics |= {f"{name}_low": interval.low, f"{name}_high": interval.high}
    cells = [
        f"{result.data.landmark_h:g} h",
        str(len(result.rows.event)),
        str(int(result.rows.event.sum())),
        *(_figure(metrics, name) for name in ("auroc", "calibration_slope")),
        "not audited" if audit is None else audit.verdict,
    ]
    return f"| {' | '.join(cells)} |"


def _figure(metrics: Mapping[str, float], name: str) -> str:
    estimate = metrics[name]
    if not math.isfinite(estimate):
        return "not estimable"
    digits = 3 if name.startswith(("net_benefit", "brier")) else 2
    ends = [metrics.get(f"{name}_{end}", math.nan) for end in ("low", "high")]
    if not all(math.isfinite(end) for end in ends):
        return f"{estimate:.{digits}f}"
    return f"{estimate:.{digits}f} ({ends[0]:.{digits}f} to {ends[1]:.{digits}f})"


def _audit_sentence(found: LandmarkFindings, model: ModelResult) -> str:
    audit = found.scrutiny.audit
    if audit is None:
        return "**Audit: not audited**, because the study leaves the audit out."
    if model is not found.result.main:
        return "**Audit: not audited**; the audit looks at the model that the study develops."
    worst = audit.findings[0]
    said = "" if worst.verdict == "pass" else f" {clean(worst.sentence)}"
    return f"**Audit: {audit.verdict.replace('_', ' ')}.**{said}"

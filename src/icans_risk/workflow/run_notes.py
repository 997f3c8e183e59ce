"""What stands first on a run's own page in the tracking interface, in Markdown."""

import math
from collections.abc import Mapping, Sequence

from icans_risk.report.context import DataKind
from icans_risk.report.wording import clean
from icans_risk.study import Study
from icans_risk.workflow.findings import LandmarkFindings
from icans_risk.workflow.validation import ModelResult

__all__ = ["describe_experiment_of", "describe_model_run", "describe_study_run"]

_KINDS: Mapping[DataKind, str] = {
    "synthetic": "**SYNTHETIC patients, no evidence. Research use only.**",
    "real": "**Research use only.**",
}
_HEADLINE = {"auroc": "AUROC", "calibration_slope": "calibration slope"}
_MEASURES = {
    "auroc_later": "AUROC, events later than 24 h after the landmark",
    "auroc_no_syndrome": "AUROC, patients without the syndrome at the landmark",
    "observed_expected": "Observed over expected (1 is ideal)",
    "brier": "Brier score",
}


def describe_model_run(
    study: Study, found: LandmarkFindings, model: ModelResult, *, metrics: Mapping[str, float]
) -> str:
    """Describe the run of one model: headline figures, audit, and what to look at."""
    result, validation = found.result, study.validation
    patients, events = len(result.rows.event), int(result.rows.event.sum())
    benefits = {
        f"net_benefit_{100 * at:g}": f"Net benefit at a threshold of {100 * at:g} %"
        for at in study.evaluation.thresholds
    }
    # The interface folds up what is longer than four lines: the headline comes first.
    headline = ", ".join(f"{words} {_figure(metrics, name)}" for name, words in _HEADLINE.items())
    others = (_MEASURES | benefits).items()
    return "\n".join(
        [
            f"{_KINDS[study.data_kind]} {clean(model.plan.label)} at {result.data.landmark_h:g} h: "
            f"{headline}. {patients} patients, {events} events. {_audit_sentence(found, model)}",
            "",
            f"What is predicted: {study.outcome.endpoint_in_words} by {result.data.horizon_h:g} h "
            f"after infusion, for patients whom no model had seen ({validation.repeats} x "
            f"{validation.folds} folds); in brackets 95 % intervals.",
            "",
            "| | estimate |",
            "|---|---|",
            *(f"| {words} | {_figure(metrics, name)} |" for name, words in others),
            "",
            "**Look at** `calibration.png`, `decision_curve.png` and `risk_distribution.png` under "
            "Artifacts, or hold runs side by side in the charts of a view. The study's own run, "
            "the parent, has the rest: subgroups, audit, reporting tables, the model card.",
        ]
    )


def describe_study_run(study: Study, found: Sequence[LandmarkFindings]) -> str:
    """Describe the run of a study: each landmark's model, its audit, and whether data suffice."""
    return "\n".join(
        [
            f"{_KINDS[study.data_kind]} {clean(study.title)}.",
            "",
            "| landmark | patients | events | AUROC | calibration slope | audit |",
            "|---|---|---|---|---|---|",
            *(_landmark_line(one) for one in found),
            "",
            found[0].result.size.verdict,
            "",
            "**Compare** by *Views*, above the experiment's runs: all models by calibration slope "
            "or AUROC, those of one landmark, or one at each; the charts of a view show figures "
            "side by side. All models: `tags.run_kind = 'model'`.",
        ]
    )


def describe_experiment_of(data_kind: DataKind) -> str:
    """Describe the experiment that holds a study's runs, in one line."""
    return (
        f"{_KINDS[data_kind]} *Views* compares models by slope, AUROC or landmark, with their "
        "figures side by side."
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
        return "Not audited: the study leaves the audit out."
    if model is not found.result.main:
        return "Not audited: the audit looks at the model that the study develops."
    worst = audit.findings[0]
    said = "" if worst.verdict == "pass" else f" {clean(worst.sentence)}"
    return f"**Audit: {audit.verdict.replace('_', ' ')}.**{said}"

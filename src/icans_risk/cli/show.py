"""What the terminal shows of a developed study."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from icans_risk.cli.job import run_job
from icans_risk.cli.terminal import console
from icans_risk.workflow.progress import Progress
from icans_risk.workflow.words import PRESENCE_NOTES

__all__ = ["run_and_show", "show_summary"]

FLOW_WORDS = {
    "episodes": "episodes",
    "excluded_endpoint_before_landmark": "excluded: endpoint reached before the landmark",
    "excluded_died_before_landmark": "excluded: died before the landmark",
    "excluded_not_under_observation": "excluded: not under observation at the landmark",
    "at_risk": "at risk",
    "events": "reached the endpoint",
    "events_after_onset": "  of these with a lower grade by the landmark",
    "competing_deaths": "died of another cause (stay in the denominator)",
    "free_of_endpoint": "free of the endpoint",
    "outcome_unknown": "outcome unknown",
}


def run_and_show(job: Callable[[Progress], dict[str, Any]], json_file: Path | None) -> None:
    """Run a job under a progress bar, write its summary if asked to, and print it."""
    show_summary(run_job(job, json_file))


def show_summary(summary: Mapping[str, Any]) -> None:
    """Print counts, flow, models and where everything is."""
    out = console()
    synthetic = " SYNTHETIC DATA: no evidence about patients." * (
        summary["data_kind"] == "synthetic"
    )
    out.print(f"{summary['title']}\n", markup=False)
    out.print(f"Research use only. Profile: {summary['profile']}.{synthetic}\n", markup=False)
    for note in PRESENCE_NOTES[summary["presence"]]:
        out.print(f"{note}\n", markup=False)
    cohort = summary["cohort"]
    out.print(
        f"{cohort['patients']} patients, {cohort['at_endpoint_ever']} at the endpoint in all; "
        f"{len(summary['quality']['findings'])} data-quality findings (see quality.html)."
    )
    for landmark in summary["landmarks"]:
        _show_landmark(out, landmark)
    for folder in summary["paths"]["models"].values():
        out.print(f"Model:    {folder}", markup=False)
    out.print("Tracked:  " + summary["mlflow_ui"], markup=False)
    for folder in summary["paths"]["reports"]:
        out.print(f"Reported: {folder}/index.html", markup=False)


def _show_landmark(out: Console, landmark: Mapping[str, Any]) -> None:
    out.print(
        f"\nLandmark {landmark['landmark_h']:g} h, horizon {landmark['horizon_h']:g} h, "
        f"{landmark['endpoint']}"
    )
    out.print(_flow_table(landmark))
    _show_inputs(out, landmark)
    size = landmark["sample_size"]
    said = [
        size[name] for name in ("verdict", "simulated", "recommended") if size[name] is not None
    ]
    out.print("\n" + "\n".join(said) + "\n", markup=False)
    out.print(_model_table(landmark))
    out.print(
        "95 % intervals over patients, each patient's repeats averaged first. AUROC in "
        "folds ranks the patients of one test fold; the pooled one ranks all held-out risks.\n"
    )
    for cut in landmark["cuts"]:
        figures = [f"{name} {_interval(cut['metrics'][name])}" for name in ("auroc", "brier")]
        out.print(f"Grade >= {cut['at_least']}: {cut['events']} events, {', '.join(figures)}")
    _show_foreseen(out, landmark)
    _show_kept(out, landmark)
    _show_audit(out, landmark)


def _show_foreseen(out: Console, landmark: Mapping[str, Any]) -> None:
    """Say how the model ranks where nothing had begun: detection is not sold as prediction."""
    for row in landmark["assessment"]["ranking"]:
        if row["model"] == "booster" and row["among"] == "no_syndrome_later":
            figures = {"estimate": row["auroc"], "low": row["auroc_low"], "high": row["auroc_high"]}
            out.print(
                "AUROC of the booster where nothing had begun yet, for events later than 24 h: "
                f"{_interval(figures)}, {row['patients_with_event']} events.\n"
            )


def _show_audit(out: Console, landmark: Mapping[str, Any]) -> None:
    audit = landmark["audit"]
    if audit is None:
        return
    out.print(f"Audit for leaks: {audit['verdict'].replace('_', ' ')}.", markup=False)
    for finding in audit["findings"]:
        if finding["verdict"] in ("fail", "warn"):
            out.print(f"  {finding['verdict']}: {finding['sentence']}", markup=False)
    out.print("")


def _show_kept(out: Console, landmark: Mapping[str, Any]) -> None:
    kept = landmark["kept_model"]
    if not kept["is_released"]:
        out.print(
            "No model is let out: among patients whom it had not seen, higher predicted risks did "
            "not go with more events. Report the prevalence, or a published score.\n"
        )
        return
    step, left_out = kept["calibration"], landmark["models"]["booster"]["unreleased_folds"]
    out.print(
        f"Kept: {kept['columns']} columns, calibrated ({step['method'].replace('_', ' ')}: slope "
        f"{step['slope']:.2f}, intercept {step['intercept']:.2f}), {kept['rebuilds'] or 'no'} "
        "rebuilds for its ranges."
        + f" In {left_out} folds no model could be let out."
        * (left_out > 0)
    )
    groups = landmark["answering"]["groups"]
    answered, silent = groups["answered"], groups["not_answered"]
    reasons = ", ".join(f"{name} {n}" for name, n in landmark["answering"]["reasons"].items())
    out.print(
        f"Answers for {answered['patients']} patients, {answered['events']} of them with the "
        f"endpoint later; not for {silent['patients']}, {silent['events']} of them with it"
        + (f" ({reasons})" if reasons else "")
        + ".\n",
        markup=False,
    )


def _show_inputs(out: Console, landmark: Mapping[str, Any]) -> None:
    if landmark["values_after_treatment"]:
        out.print(
            f"\n{landmark['values_after_treatment']} of {landmark['values']} values that were used "
            "were collected after a drug against inflammation was given for toxicity."
        )
    for score in landmark["scores"]:
        share = f"computable for {score['computable']} of {landmark['patients']} patients"
        out.print(f"{score['column']}: {share}", markup=False)


def _flow_table(landmark: Mapping[str, Any]) -> Table:
    table = Table("", *landmark["flow"], box=None, title=None, header_style="")
    flows = list(landmark["flow"].values())
    for name, words in FLOW_WORDS.items():
        if any(flow.get(name) for flow in flows):
            table.add_row(words, *(str(flow.get(name, 0)) for flow in flows))
    return table


def _model_table(landmark: Mapping[str, Any]) -> Table:
    table = Table(
        "model", "AUROC in folds", "AUROC pooled", "Brier", "cal. intercept", "cal. slope",
        header_style="", box=None,
    )  # fmt: skip
    for model in landmark["models"].values():
        table.add_row(*_model_cells(model["label"], model))
    for policy, model in landmark["sensitivity"].items():
        label = f"  {policy}: {model['patients']} patients, {model['outcome_unknown']} unknown"
        table.add_row(*_model_cells(label, model))
    return table


def _model_cells(label: str, model: Mapping[str, Any]) -> list[str]:
    metrics = model["metrics"]
    names = ("auroc", "brier", "calibration_intercept", "calibration_slope")
    return [label, _number(model["auroc_in_folds"]), *(_interval(metrics[n]) for n in names)]


def _interval(metric: Mapping[str, float | None]) -> str:
    if metric["estimate"] is None:
        return "not estimable"
    return f"{_number(metric['estimate'])} ({_number(metric['low'])} to {_number(metric['high'])})"


def _number(value: float | None) -> str:
    return "not estimable" if value is None else f"{value:.2f}"

"""How the terminal shows a model, or a ledger, held against outcomes."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from icans_risk.cli.terminal import console

__all__ = ["show_evaluation", "show_ledger"]

LABELS = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "observed_expected": "observed / expected",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
    "brier": "Brier score",
    "log_loss": "log loss",
}


def show_evaluation(found: Mapping[str, Any]) -> None:
    """Print how a released model did on other patients."""
    out = console()
    synthetic = " SYNTHETIC patients: no evidence about real ones." * found["synthetic"]
    out.print(f"Research use only.{synthetic}", markup=False)
    if found["left_out_as_trained_on"]:
        out.print(
            f"{found['left_out_as_trained_on']} episodes are left out: of patients whom the model "
            "was fitted on.",
            markup=False,
        )
    for one in found["models"]:
        _show_model(out, one)
    if found["cannot_show"] is not None:
        out.print(f"\n{found['cannot_show']}", markup=False)
    if found["figure"] is not None:
        out.print(f"Figure:   {found['figure']}", markup=False)


def _show_model(out: Console, one: Mapping[str, Any]) -> None:
    silent = one["not_answered"]
    share = "" if one["answered_share"] is None else f" ({100 * one['answered_share']:.0f} %)"
    out.print(
        f"\nModel {one['model']['sha256'][:12]} of study {one['model']['study']}: "
        f"{one['endpoint']} by {one['horizon_h']:g} h, landmark {one['landmark_h']:g} h.\n"
        f"{one['at_risk']} at risk, {one['answered']} answered{share}; {one['judged']} judged, "
        f"{one['events']} of them with the endpoint. Without an answer: {silent['judgeable']}, "
        f"{silent['events']} of them with it. {one['outcome_unknown']} outcomes unknown.\n",
        markup=False,
    )
    table = Table("", "these patients", "held out in its own study", header_style="", box=None)
    for name, label in LABELS.items():
        table.add_row(
            label, _in_words(one["metrics"][name]), _in_words(one["in_development"].get(name))
        )
    for row in one["net_benefit"]:
        words = f"{_in_words(row | {'estimate': row['net_benefit']})}; all treated "
        label = f"net benefit at {row['threshold']:g}"
        table.add_row(label, words + f"{row['treat_all']:.3f}", "")
    out.print(table)
    foreseen = one["ranking"].get("no_syndrome_later")
    if foreseen is not None:
        out.print(
            "AUROC where nothing had begun yet, for events later than 24 h: "
            f"{_in_words(foreseen | {'estimate': foreseen['auroc']})}, "
            f"{foreseen['patients_with_event']} events.",
            markup=False,
        )
    out.print(one["thresholds_note"], markup=False)


def show_ledger(found: Mapping[str, Any]) -> None:
    """Print what became of predictions that were written down."""
    out = console()
    for problem in found["problems"]:
        out.print(f"Line {problem['line']}: {problem['sentence']}", markup=False)
    if found["problems"]:
        out.print("No model is judged by such a ledger.", markup=False)
    if found["synthetic"]:
        out.print("SYNTHETIC patients: no evidence about real ones.", markup=False)
    for model in found["models"]:
        out.print(
            f"Model {model['model'][:12]}, landmark {model['landmark_h']:g} h: "
            f"{model['predictions']} predictions, {model['judged']} judged, {model['events']} with "
            f"the endpoint; {model['made_after_outcome']} made after the outcome, "
            f"{model['outcome_unknown']} with none yet.",
            markup=False,
        )
        for name, figures in model["metrics"].items():
            out.print(f"  {name:<22}{_in_words(figures)}", markup=False)
    if not found["heads_given"]:
        out.print(found["cannot_show"], markup=False)
    out.print(f"Head:    {found['head']}", markup=False)


def _in_words(figures: Mapping[str, Any] | None) -> str:
    if figures is None or figures["estimate"] is None:
        return "not estimable"
    if None in (figures["low"], figures["high"]):
        return f"{figures['estimate']:.3f}"
    return f"{figures['estimate']:.3f} ({figures['low']:.3f} to {figures['high']:.3f})"

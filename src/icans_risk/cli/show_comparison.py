"""How the terminal shows a comparison of two models."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from icans_risk.cli.terminal import console

__all__ = ["show_comparison"]

LABELS = {
    "auroc": "AUROC (pooled)",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier",
    "observed_expected": "observed over expected",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
}
RULES = {
    "same_question": "same question",
    "patients": "enough patients",
    "loss": "loss",
    "auroc": "AUROC",
    "observed_expected": "observed over expected",
    "calibration_slope": "calibration slope",
    "audit": "audit",
}
HIDDEN = "hidden"


def show_comparison(found: Mapping[str, Any]) -> None:
    """Print what was compared, what changes, and what the gate says."""
    out = console()
    synthetic = " SYNTHETIC DATA: no evidence about patients." * (
        "synthetic" in (found["old"]["data_kind"], found["new"]["data_kind"])
    )
    out.print(f"Research use only.{synthetic}\n", markup=False)
    for letter, name in (("A, old", "old"), ("B, new", "new")):
        one = found[name]
        out.print(
            f"{letter}: {one['label']} ({one['model']}) of run {one['run_id'][:8]}, "
            f"study {one['study']}",
            markup=False,
        )
    out.print(
        f"Landmark {found['old']['landmark_h']:g} h, horizon {found['old']['horizon_h']:g} h, "
        f"{found['old']['endpoint']}: the same {found['patients']} patients, {found['events']} "
        "events, whom neither model had seen.",
        markup=False,
    )
    for note in found["notes"]:
        out.print(note, markup=False)
    out.print()
    _show_metrics(out, found)
    out.print("\n" + found["net_benefit"]["sentence"], markup=False)
    for sentence in found["declared"]:
        out.print(sentence, markup=False)
    _show_moves(out, found)
    _show_gate(out, found["gate"])
    if found["figure"] is not None:
        out.print(f"Figure:   {found['figure']}", markup=False)


def _show_metrics(out: Console, found: Mapping[str, Any]) -> None:
    table = Table("", "A", "B", "B minus A", header_style="", box=None)
    rows = {LABELS[name]: found["metrics"][name] for name in LABELS}
    rows["  its distance from 1"] = found["slope_distance"]
    for label, metric in rows.items():
        table.add_row(
            label,
            _number(metric["old"]["estimate"]),
            _number(metric["new"]["estimate"]),
            _change(metric["difference"]),
        )
    out.print(table)
    out.print(
        f"{100 * found['level']:g} % bootstrap intervals over patients, both models on the same "
        "resamples. They show who happened to be in the cohort, not what refitting would change.",
        markup=False,
    )
    test = found["auroc_test"]
    if test["estimate"] is None or test["p_value"] is None:
        out.print("DeLong's test of the AUROCs: not estimable.")
        return
    out.print(
        f"DeLong's test of the AUROCs: {_change(test)}, z = {test['z']:.2f}, "
        f"p = {test['p_value']:.3f}."
    )


def _show_moves(out: Console, found: Mapping[str, Any]) -> None:
    if not found["reclassification"]:
        return
    table = Table(
        "threshold", "", "below in both", "up with B", "down with B", "above in both",
        header_style="", box=None,
    )  # fmt: skip
    for row in found["reclassification"]:
        moves = ("stay_below", "move_up", "move_down", "stay_above")
        who = "with the event" if row["outcome"] == 1 else "without it"
        table.add_row(f"{row['threshold']:g}", who, *(_count(row[move]) for move in moves))
    out.print()
    out.print(table)
    if found["fewest_shown"] > 1:
        out.print(
            f"Counts of fewer than {found['fewest_shown']} patients are hidden, with others that "
            "would give them away."
        )


def _show_gate(out: Console, gate: Mapping[str, Any]) -> None:
    out.print(f"\nMay B replace A?  {gate['verdict'].upper()}", markup=False)
    table = Table.grid(padding=(0, 2))
    for criterion in gate["criteria"]:
        label = RULES[criterion["name"]]
        table.add_row(f"  {label}", criterion["verdict"], criterion["sentence"])
    out.print(table, markup=False)


def _number(value: float | None) -> str:
    return "not estimable" if value is None else f"{value:.3f}"


def _change(interval: Mapping[str, float | None]) -> str:
    if interval["estimate"] is None:
        return "not estimable"
    if interval["low"] is None or interval["high"] is None:
        return f"{interval['estimate']:+.3f} (no interval)"
    return f"{interval['estimate']:+.3f} ({interval['low']:+.3f} to {interval['high']:+.3f})"


def _count(count: float | None) -> str:
    return HIDDEN if count is None else f"{count:g}"

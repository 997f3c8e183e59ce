"""``icans-risk monitor``: whether a model still meets the data that it was made for."""

from pathlib import Path
from typing import Annotated, Any

import typer

from icans_risk.cli.options import MODEL, TRACKING_URI, JsonFile, TrackingUri

__all__ = ["monitor"]

HAS_ALARMS = 2
SHOWN = 5


def monitor(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=MODEL)],
    cohort: Annotated[
        Path, typer.Argument(metavar="COHORT", help="Cohort folder of new patients.")
    ],
    ledger: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Watch calibration on predictions written down first."),
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw how far the inputs have moved.")
    ] = None,
    false_alarm_rate: Annotated[
        float,
        typer.Option(help="Highest chance of a false calibration alarm in a period."),
    ] = 0.05,
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
) -> None:
    """Hold new data against a model's own, and its risks against outcomes.

    Exit code 2 if the data breach the contract, or calibration gives an alarm.

    Example: icans-risk monitor models/72h cohorts/2027 --ledger ledger.jsonl
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.monitor import monitor_model

    found = run_job(
        lambda progress: monitor_model(
            model,
            cohort,
            ledger=ledger,
            figure=figure,
            false_alarm_rate=false_alarm_rate,
            tracking_uri=tracking_uri,
            progress=progress,
        ),
        json_file,
    )
    _show(found)
    if found["breaches"] or found["calibration"]["alarms"]:
        raise typer.Exit(HAS_ALARMS)


def _show(found: dict[str, Any]) -> None:
    from icans_risk.cli.terminal import console

    printed = console()
    if found["synthetic"]:
        printed.print("SYNTHETIC data or model: no evidence about patients.", markup=False)
    checks = found["contract"]
    printed.print(
        f"{found['episodes']} episodes, {len(checks)} checks of the data, {found['breaches']} "
        "breached.",
        markup=False,
    )
    for row in checks:
        if row["verdict"] == "breach":
            printed.print(
                f"  {row['analyte']}, {row['check']}: learnt {row['learnt']}, found "
                f"{row['found']} ({row['patients']} patients)",
                markup=False,
            )
    printed.print("Inputs that moved farthest (a picture, no test):", markup=False)
    for row in found["drift"][:SHOWN]:
        shift = "too few" if row["shift"] is None else f"{row['shift']:+.2f} IQR"
        printed.print(f"  {row['column']}: {shift}", markup=False)
    _show_calibration(found["calibration"])


def _show_calibration(calibration: dict[str, Any]) -> None:
    from icans_risk.cli.terminal import console

    for period in calibration["periods"]:
        alarm = (
            "no alarm" if period["alarm_at"] is None else f"ALARM at patient {period['alarm_at']}"
        )
        console().print(
            f"Calibration in {period['period']}: {period['events']} events, "
            f"{period['expected']:.1f} expected, {period['patients']} patients: {alarm} (false "
            f"alarms in at most {calibration['false_alarm_rate']:.0%} of periods).",
            markup=False,
        )

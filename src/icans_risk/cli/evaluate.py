"""``icans-risk evaluate``: a model, or predictions that were written down, and what happened."""

from pathlib import Path
from typing import Annotated, Any

import typer

from icans_risk.cli.options import MODEL, TRACKING_URI, JsonFile, TrackingUri
from icans_risk.errors import IcansRiskError

__all__ = ["evaluate"]

HAS_PROBLEMS = 2
NONE_JUDGED = 2


def evaluate(
    model: Annotated[str | None, typer.Argument(metavar="MODEL", help=MODEL)] = None,
    *,
    cohort: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Cohort folder with the outcomes.")
    ],
    trained_on: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Cohort folder that MODEL was fitted on: whoever is in it is left out.",
        ),
    ] = None,
    thresholds: Annotated[
        str | None,
        typer.Option(
            metavar="0.1,0.2",
            show_default="those that the model's study declares",
            help="Risks from which on somebody would act.",
        ),
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the calibration of MODEL.")
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Instead of MODEL: ledger that score wrote."),
    ] = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HEAD", help="A head of the ledger, noted elsewhere; may be repeated."
        ),
    ] = None,
    infused: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="episode_id and infused_at: holds the ledger's times against each outcome.",
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(min=2, help="Of the bootstrap.")] = 1000,
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
) -> None:
    """Judge a released model on other patients with outcomes, or predictions of a ledger.

    Exit code 2 if nobody could be judged, or the ledger was tampered with.

    Example: icans-risk evaluate models/72h --cohort cohorts/site-b --figure calibration.png
    Example: icans-risk evaluate --ledger ledger.jsonl --cohort cohorts/2026-11
    """
    from icans_risk.cli.hours import parse_risks

    _refuse_mixed(
        model,
        ledger,
        of_model={"--trained-on": trained_on, "--thresholds": thresholds, "--figure": figure},
        of_ledger={"--head": head, "--infused": infused},
    )
    if ledger is not None:
        told = {"heads": head or (), "infused": infused, "resamples": resamples}
        _judge_ledger(ledger, cohort, told, json_file=json_file)
        return
    asked: dict[str, Any] = {
        "trained_on": trained_on,
        "thresholds": parse_risks(thresholds, option="--thresholds"),
        "figure": figure,
        "resamples": resamples,
        "tracking_uri": tracking_uri,
    }
    _judge_model(str(model), cohort, asked, json_file=json_file)


def _judge_model(
    model: str, cohort: Path, asked: dict[str, Any], *, json_file: Path | None
) -> None:
    from icans_risk.cli.job import run_job
    from icans_risk.cli.show_evaluation import show_evaluation
    from icans_risk.workflow.external import evaluate_model

    found = run_job(
        lambda progress: evaluate_model(model, cohort, progress=progress, **asked), json_file
    )
    show_evaluation(found)
    if not any(one["judged"] for one in found["models"]):
        raise typer.Exit(NONE_JUDGED)


def _judge_ledger(
    ledger: Path, cohort: Path, asked: dict[str, Any], *, json_file: Path | None
) -> None:
    from icans_risk.cli.job import run_job
    from icans_risk.cli.show_evaluation import show_ledger
    from icans_risk.workflow.prospective import evaluate_ledger

    found = run_job(
        lambda progress: evaluate_ledger(ledger, cohort, progress=progress, **asked), json_file
    )
    show_ledger(found)
    if found["problems"]:
        raise typer.Exit(HAS_PROBLEMS)


def _refuse_mixed(
    model: str | None,
    ledger: Path | None,
    *,
    of_model: dict[str, object],
    of_ledger: dict[str, object],
) -> None:
    """Refuse both, neither, and options that would be passed over in silence."""
    if (model is None) == (ledger is None):
        got = "neither" if model is None else "both"
        raise IcansRiskError(
            f"expected either a model or a ledger, got {got}. Name a MODEL to judge it on a "
            "cohort, or --ledger FILE to judge what was written down."
        )
    others, owner = (of_model, "MODEL") if model is None else (of_ledger, "--ledger")
    stray = [option for option, value in others.items() if value]
    if stray:
        raise IcansRiskError(f"{stray[0]} belongs to {owner}, which is not given. Leave it out.")

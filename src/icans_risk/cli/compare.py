"""``icans-risk compare``: two models on the same patients, and the gate for a new one."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.cli.options import LANDMARK, TRACKING_URI, JsonFile, TrackingUri
from icans_risk.errors import IcansRiskError

__all__ = ["compare"]


def compare(
    old: Annotated[
        str,
        typer.Argument(metavar="RUN_A", help="Run of the old model: its id, or its start."),
    ],
    new: Annotated[
        str | None,
        typer.Argument(metavar="RUN_B", help="Run of the new model; RUN_A if absent."),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="Which model of both runs.")
    ] = "booster",
    models: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Old and new model, where they are not the same."),
    ] = None,
    landmark: Annotated[
        float | None,
        typer.Option(metavar="H", show_default="RUN_A's first", help=LANDMARK),
    ] = None,
    thresholds: Annotated[
        str | None,
        typer.Option(
            metavar="0.1,0.2",
            show_default="those that both studies declare",
            help="Risks from which on somebody would act.",
        ),
    ] = None,
    margin_loss: Annotated[float, typer.Option(help="Most that the log loss may rise.")] = 0.01,
    margin_auroc: Annotated[float, typer.Option(help="Most that the AUROC may fall.")] = 0.02,
    margin_slope: Annotated[
        float, typer.Option(help="Most that the calibration slope may move away from 1.")
    ] = 0.1,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Draw the difference of net benefit."),
    ] = None,
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
) -> None:
    """Compare two models on the same patients, and judge whether the new may replace the old.

    Margins are working defaults; declare your own before the new run is there.

    Example: icans-risk compare 3f9c21aa 81d0be47 --json comparison.json
    Example: icans-risk compare 3f9c21aa --models booster,penalised_logistic
    """
    from icans_risk.cli.hours import parse_risks
    from icans_risk.cli.job import run_job
    from icans_risk.cli.show_comparison import show_comparison
    from icans_risk.workflow.compare import Margins, compare_runs

    found = run_job(
        lambda progress: compare_runs(
            old,
            old if new is None else new,
            tracking_uri=tracking_uri,
            models=_models(models, model, is_one_run=new is None),
            landmark_h=landmark,
            thresholds=parse_risks(thresholds, option="--thresholds"),
            margins=Margins(loss=margin_loss, auroc=margin_auroc, slope=margin_slope),
            figure=figure,
            progress=progress,
        ),
        json_file,
        also=[figure],
    )
    show_comparison(found)


def _models(models: str | None, model: str, *, is_one_run: bool) -> tuple[str, str]:
    if models is None:
        if is_one_run:
            raise IcansRiskError(
                "expected two runs, or two models of one run, got one run. Name another run, or "
                "two models by --models."
            )
        return model, model
    match [name.strip() for name in models.split(",")]:
        case [old, new] if old and new:
            return old, new
    raise IcansRiskError(
        "--models: expected two names with a comma between them, such as booster,product, got "
        f"{models!r}."
    )

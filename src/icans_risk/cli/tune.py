"""``icans-risk tune``: a search of the booster's settings that several processes may share."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.cli.options import LANDMARK, WORKERS, JsonFile, StudyFile, Workers

__all__ = ["tune"]


def tune(
    study_file: StudyFile,
    journal: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Keeps the trials: the search goes on from it, and processes that name the "
            "same file share the work.",
        ),
    ],
    landmark: Annotated[
        float | None,
        typer.Option(metavar="H", show_default="the first", help=LANDMARK),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Trials in all, instead of the study's.")
    ] = None,
    json_file: JsonFile = None,
    workers: Workers = WORKERS,
) -> None:
    """Search the booster's settings on everyone; what it finds says nothing of new patients.

    Example: icans-risk tune study.yaml --journal tuning.journal --trials 100
    """
    from icans_risk.cli.job import run_job
    from icans_risk.cli.terminal import console
    from icans_risk.workflow.tune import tune_study

    found = run_job(
        lambda progress: tune_study(
            study_file,
            journal=journal,
            landmark_h=landmark,
            trials=trials,
            workers=workers,
            progress=progress,
        ),
        json_file,
        also=[journal],
    )
    out = console()
    out.print(
        f"Landmark {found['landmark_h']:g} h: {found['patients']} patients, {found['events']} "
        f"events; {found['trials']} trials, {found['given_up']} of them given up early. Least "
        f"inner log loss {found['inner_log_loss']:.4f}, of the folds that the settings were "
        "chosen on.\n",
        markup=False,
    )
    out.print("models:\n  booster:", markup=False)
    for name, value in found["chosen"].items():
        if value is not None:
            out.print(f"    {name}: {value:.4g}", markup=False)

"""``icans-risk tune``: a search of the booster's settings that several processes may share."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.cli.options import WORKERS, JsonFile, Workers

__all__ = ["tune"]


def tune(
    study_file: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    journal: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Keeps the trials: the search goes on from it, and processes that name the "
            "same file share the work.",
        ),
    ],
    landmark: Annotated[
        float | None, typer.Option(metavar="H", help="Landmark in hours, if not the first.")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Trials in all, instead of the study's.")
    ] = None,
    workers: Workers = WORKERS,
    json_file: JsonFile = None,
) -> None:
    """Search the booster's settings on everyone; what it finds says nothing of new patients.

    Example: icans-risk tune study.yaml --journal tuning.journal --trials 100
    """
    from icans_risk.cli.terminal import console, terminal_progress
    from icans_risk.workflow.files import check_folder, write_json
    from icans_risk.workflow.tune import tune_study

    if json_file is not None:
        check_folder(json_file)
    check_folder(journal)
    with terminal_progress() as progress:
        found = tune_study(
            study_file,
            journal=journal,
            landmark_h=landmark,
            trials=trials,
            workers=workers,
            progress=progress,
        )
    if json_file is not None:
        write_json(json_file, found)
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

"""``icans-risk recalibrate``: a released model at a new site."""

from pathlib import Path
from typing import Annotated

import typer

from icans_risk.cli.options import JsonFile

__all__ = ["recalibrate"]


def recalibrate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of a released model.")],
    study_file: Annotated[
        Path, typer.Argument(metavar="STUDY.yaml", help="Study file of the new site's patients.")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="New folder for the new model.")],
    json_file: JsonFile = None,
) -> None:
    """Fit a released model's intercept and slope anew on local patients, into a new folder.

    Example: icans-risk recalibrate models/72h site_b.yaml --out models/72h-site-b
    """
    from icans_risk.cli.terminal import console, terminal_progress
    from icans_risk.workflow.files import check_folder, write_json
    from icans_risk.workflow.recalibrate import recalibrate_model

    if json_file is not None:
        check_folder(json_file)
    with terminal_progress() as progress:
        found = recalibrate_model(model, study_file, out=out, progress=progress)
    if json_file is not None:
        write_json(json_file, found)
    printed, step = console(), found["step"]
    ratio = found["observed_expected_before"]
    printed.print(
        f"{found['endpoint']}, landmark {found['landmark_h']:g} h: {found['patients']} local "
        f"patients, {found['events']} events, {ratio:.2f} times as many as the model expected.",
        markup=False,
    )
    what = {
        "none": "Too few events to recalibrate: the model is as it was",
        "intercept": "The intercept was fitted; for a slope there are too few patients",
        "intercept_and_slope": "Intercept and slope were fitted",
    }[step["method"]]
    printed.print(
        f"{what} (new log odds = {step['intercept']:.3f} + {step['slope']:.3f} x old). How the "
        "next patients fare is not known: these are the ones it was fitted on.",
        markup=False,
    )
    for row in found["unseen_levels"]:
        printed.print(
            f"{row['episodes']} episodes have a {row['column']} that the model never saw; it "
            "answers for none such.",
            markup=False,
        )
    printed.print(f"Model:    {found['model']}", markup=False)

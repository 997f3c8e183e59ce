"""``icans-risk sample-size``: how many patients a study needs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from icans_risk.cli.options import JsonFile, StudyFile

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["sample_size"]


def sample_size(
    study_file: StudyFile,
    auroc: Annotated[
        float | None,
        typer.Option(min=0.501, max=0.999, help="AUROC anticipated for an external validation."),
    ] = None,
    simulate: Annotated[
        int | None,
        typer.Option(
            min=2,
            metavar="COHORTS",
            help="Fit the study's own pipeline to so many synthetic cohorts of each size.",
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Print how many patients a study needs, what its cohort supports, and why.

    Example: icans-risk sample-size configs/nulisa80.yaml --auroc 0.75 --simulate 10
    """
    from icans_risk.cli.job import run_job
    from icans_risk.cli.terminal import console
    from icans_risk.workflow.sample_size import plan_sample_size

    found = run_job(
        lambda progress: {
            "landmarks": plan_sample_size(
                study_file, auroc=auroc, cohorts=simulate, progress=progress
            )
        },
        json_file,
    )
    out = console()
    for landmark in found["landmarks"]:
        _show(out, landmark)


def _show(out: "Console", landmark: Mapping[str, Any]) -> None:
    required, validation = landmark["required"], landmark["validation"]
    out.print(
        f"Landmark {landmark['landmark_h']:g} h: {landmark['patients']} patients, "
        f"{landmark['events']} events, {landmark['candidates']} candidate parameters; as many "
        f"patients support {landmark['supported']}.",
        markup=False,
    )
    for name in ("shrinkage", "optimism", "overall risk"):
        mark = "  <- binds" if required["binding"] == name else ""
        out.print(f"  {name:<14}{required[name]:>8,} patients{mark}", markup=False)
    for sentence in landmark["sentences"]:
        out.print(sentence, markup=False)
    if validation is not None:
        out.print(
            f"To validate a model of AUROC {validation['auroc']:g} elsewhere: "
            f"{validation['patients']:,} patients with {validation['events']:,} events "
            f"({validation['binding']} binds).",
            markup=False,
        )
    if "simulation" in landmark:
        _show_simulation(out, landmark["simulation"])


def _show_simulation(out: "Console", simulation: Mapping[str, Any]) -> None:
    out.print(f"SYNTHETIC patients, {simulation['cohorts']} cohorts of each size:", markup=False)
    for row in simulation["sizes"]:
        told = (
            "no model was let out"
            if row["slope"] is None
            else f"slope {row['slope']:.2f} on fresh patients, {row['deviation']:.2f} from 1 on "
            f"average; {row['released']} models let out"
        )
        out.print(f"  {row['patients']:>6,} patients: {told}", markup=False)
    enough = simulation["enough_from"]
    if enough is None:
        out.print("No size that was tried is enough for a slope near 1.", markup=False)
    else:
        out.print(f"From {enough:,} patients on the slope is near 1.", markup=False)

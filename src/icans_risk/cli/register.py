"""``icans-risk register``: a run's released model gets a name and an alias."""

from typing import Annotated

import typer

from icans_risk.cli.options import LANDMARK, RUN, TRACKING_URI, JsonFile, TrackingUri

__all__ = ["register"]


def register(
    run: Annotated[str, typer.Argument(metavar="RUN", help=RUN)],
    alias: Annotated[
        str, typer.Option(help="What it is called; `promote` alone gives champion.")
    ] = "challenger",
    name: Annotated[
        str | None,
        typer.Option(help="Name of the registered model.", show_default="STUDY-LANDMARK"),
    ] = None,
    landmark: Annotated[
        float | None,
        typer.Option(metavar="H", help=LANDMARK, show_default="the only one"),
    ] = None,
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
) -> None:
    """Register the released model of a run in MLflow, as a challenger.

    Example: icans-risk register 3f9c21aa
    """
    from icans_risk.cli.job import run_job
    from icans_risk.cli.terminal import console
    from icans_risk.workflow.registry import register_model

    told = run_job(
        lambda _: register_model(
            run,
            tracking_uri=tracking_uri,
            alias=alias,
            name=name,
            landmark=None if landmark is None else f"{landmark:g}h",
        ),
        json_file,
        doing="copying the model",
    )
    console().print(
        f"Registered: {told['reference']} is {told['alias']} (model {told['sha256'][:12]} of run "
        f"{told['run_id'][:8]}).",
        markup=False,
    )

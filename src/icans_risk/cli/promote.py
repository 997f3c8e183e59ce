"""``icans-risk promote``: the challenger becomes champion, if the gate lets it."""

from typing import Annotated, Any

import typer

from icans_risk.cli.options import TRACKING_URI, JsonFile, TrackingUri

__all__ = ["promote"]

BLOCKED = 2


def promote(
    model: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="Registered model, its challenger is meant; or models:/NAME/3."
        ),
    ],
    because: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Why, although its audit failed; kept with the model."),
    ] = None,
    margin_loss: Annotated[float, typer.Option(help="Most that the log loss may rise.")] = 0.01,
    margin_auroc: Annotated[float, typer.Option(help="Most that the AUROC may fall.")] = 0.02,
    margin_slope: Annotated[
        float, typer.Option(help="Most that the calibration slope may move away from 1.")
    ] = 0.1,
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
) -> None:
    """Make the challenger the champion, if the comparison lets it; exit code 2 if not.

    Example: icans-risk promote nulisa80-72h
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.registry import Margins, promote_model

    told = run_job(
        lambda progress: promote_model(
            model,
            tracking_uri=tracking_uri,
            because=because,
            margins=Margins(loss=margin_loss, auroc=margin_auroc, slope=margin_slope),
            progress=progress,
        ),
        json_file,
    )
    _show(told)
    if not told["is_promoted"]:
        raise typer.Exit(BLOCKED)


def _show(told: dict[str, Any]) -> None:
    from icans_risk.cli.show_comparison import RULES
    from icans_risk.cli.terminal import console

    out = console()
    if told["data_kind"] == "synthetic":
        out.print("SYNTHETIC DATA: no evidence about patients.", markup=False)
    before = told["champion_before"]
    if before is not None:
        out.print(f"Compared with {before}, on the same patients:", markup=False)
    for one in told["criteria"]:
        out.print(
            f"  {RULES.get(one['name'], one['name'])}: {one['verdict']}. {one['sentence']}",
            markup=False,
        )
    for note in told["notes"]:
        out.print(note, markup=False)
    if told["is_promoted"]:
        out.print(f"{told['reference']} is champion.", markup=False)
        return
    out.print(f"{told['reference']} is NOT promoted:", markup=False)
    for sentence in told["blocks"]:
        out.print(f"  {sentence}", markup=False)

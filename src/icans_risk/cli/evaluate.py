"""``icans-risk evaluate``: what became of predictions that were written down."""

from pathlib import Path
from typing import Annotated, Any

import typer

from icans_risk.cli.options import JsonFile

__all__ = ["evaluate"]

HAS_PROBLEMS = 2


def evaluate(
    ledger: Annotated[Path, typer.Option(metavar="FILE", help="Ledger that score wrote.")],
    cohort: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Cohort folder with the outcomes.")
    ],
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="HEAD", help="A head that was noted elsewhere; may be repeated."),
    ] = None,
    infused: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="episode_id and infused_at: holds the time of writing against each outcome.",
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(min=2, help="Of the bootstrap.")] = 1000,
    json_file: JsonFile = None,
) -> None:
    """Hold predictions of a ledger against what happened since.

    Exit code 2 if the ledger was tampered with.

    Example: icans-risk evaluate --ledger ledger.jsonl --cohort cohorts/2026-11
    """
    from icans_risk.cli.terminal import terminal_progress
    from icans_risk.workflow.files import check_folder, write_json
    from icans_risk.workflow.prospective import evaluate_ledger

    if json_file is not None:
        check_folder(json_file)
    with terminal_progress() as progress:
        found = evaluate_ledger(
            ledger,
            cohort,
            heads=head or (),
            infused=infused,
            resamples=resamples,
            progress=progress,
        )
    if json_file is not None:
        write_json(json_file, found)
    _show(found)
    if found["problems"]:
        raise typer.Exit(HAS_PROBLEMS)


def _show(found: dict[str, Any]) -> None:
    from icans_risk.cli.terminal import console

    printed = console()
    for problem in found["problems"]:
        printed.print(f"Line {problem['line']}: {problem['sentence']}", markup=False)
    if found["problems"]:
        printed.print("No model is judged by such a ledger.", markup=False)
    if found["synthetic"]:
        printed.print("SYNTHETIC patients: no evidence about real ones.", markup=False)
    for model in found["models"]:
        printed.print(
            f"Model {model['model'][:12]}, landmark {model['landmark_h']:g} h: "
            f"{model['predictions']} predictions, {model['judged']} judged, {model['events']} with "
            f"the endpoint; {model['made_after_outcome']} made after the outcome, "
            f"{model['outcome_unknown']} with none yet.",
            markup=False,
        )
        for name, figures in model["metrics"].items():
            printed.print(f"  {name:<22}{_in_words(figures)}", markup=False)
    if not found["heads_given"]:
        printed.print(found["cannot_show"], markup=False)
    printed.print(f"Head:    {found['head']}", markup=False)


def _in_words(figures: dict[str, Any] | None) -> str:
    if figures is None or None in figures.values():
        return "not estimable"
    return f"{figures['estimate']:.3f} ({figures['low']:.3f} to {figures['high']:.3f})"

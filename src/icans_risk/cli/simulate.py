"""``icans-risk simulate``: a synthetic cohort whose true risk is known."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from icans_risk.cli.options import JsonFile

if TYPE_CHECKING:
    from icans_risk.workflow.progress import Progress

__all__ = ["simulate"]


class Variant(StrEnum):
    """How the latents make the hazard."""

    LINEAR = "linear"
    INTERACTIONS = "interactions"
    NO_SIGNAL = "no_signal"


def simulate(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="A new folder.")],
    patients: Annotated[int, typer.Option(help="How many.")] = 500,
    seed: Annotated[int, typer.Option(help="The same seed gives the same values.")] = 7,
    product_mix: Annotated[
        str, typer.Option(help="lbcl, lymphoma_leukaemia, myeloma, all_products or cns.")
    ] = "lbcl",
    landmarks: Annotated[
        str, typer.Option(metavar="H,H,...", help="Landmarks of the true risks, in hours.")
    ] = "0,24,72,120",
    horizon: Annotated[float, typer.Option(help="End of the risk period, in hours.")] = 336.0,
    variant: Annotated[Variant, typer.Option(help="How risk is made.")] = Variant.INTERACTIONS,
    informative_ordering: Annotated[
        bool, typer.Option(help="Whether sicker patients are tested more.")
    ] = True,
    mess: Annotated[
        int | None,
        typer.Option(metavar="LEVEL", help="Also an export with planted faults, 0 to 3."),
    ] = None,
    signals: Annotated[
        bool,
        typer.Option(
            "--signals", help="Also write each EEG (1.5 MB) and each MRI with masks (0.1 MB)."
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Also compare with published figures.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Generate a cohort folder, its truth apart, and a data card. Synthetic, no evidence.

    Example: icans-risk simulate --patients 500 --seed 7 --out synthetic_data/lbcl500
    """
    from icans_risk.cli.hours import parse_hours
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.check_generator import check_generator
    from icans_risk.workflow.simulate import Simulation, simulate_folder

    simulation = Simulation(
        patients=patients,
        seed=seed,
        product_mix=product_mix,
        landmarks_h=tuple(parse_hours(landmarks, option="--landmarks")),
        horizon_h=horizon,
        variant=variant.value,
        informative_ordering=informative_ordering,
        mess=mess,
        signals=signals,
    )

    def job(progress: "Progress") -> dict[str, Any]:
        told = simulate_folder(out, simulation, progress=progress)
        return told | {"check": check_generator(out, progress=progress) if check else None}

    summary = run_job(job, json_file)
    typer.echo(
        f"{summary['patients']:,} synthetic patients, {summary['episodes']:,} episodes, "
        f"{summary['events']:,} events; {summary['severe']:,} episodes reach ICANS grade 3.\n"
        f"Cohort, truth and data card: {summary['folder']}\n"
        "Synthetic: nothing trained here is evidence about patients."
    )
    if signals:
        typer.echo(
            f"EEG recordings: {summary['recordings']:,}, listed in signals/recordings.csv\n"
            f"Scans with masks: {summary['scans']:,}, listed in signals/scans.csv"
        )
    if (out / "study.yaml").exists():
        typer.echo(f"A study of it: {summary['folder']}/study.yaml")
    if summary["check"] is not None:
        _show_check(summary["check"])


def _show_check(checked: dict[str, Any]) -> None:
    typer.echo(
        f"\nPublished figures: {checked['passed']} within tolerance, {checked['missed']} missed, "
        f"{checked['shown']} shown without tolerance."
    )
    for miss in checked["misses"]:
        bounds = " to ".join(
            "open" if miss[s] is None else f"{miss[s]:.3g}" for s in ("low", "high")
        )
        typer.echo(
            f"  missed: {miss['key']} ({miss['status']}): published {miss['published']:.3g}, "
            f"passes {bounds}, simulated {miss['simulated']:.3g} (n = {miss['n']})"
        )
    typer.echo(f"Table: {checked['table']}\nFigures: {checked['figure']}")

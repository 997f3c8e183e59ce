"""``icans-risk report``: pages for new patients from released models."""

from pathlib import Path
from typing import Annotated, Any

import typer

from icans_risk.cli.options import (
    MODEL,
    PATIENTS,
    REPORTS,
    TRACKING_URI,
    WORKERS,
    BlindFirst,
    DataKind,
    JsonFile,
    Lang,
    PageLanguage,
    PageUnits,
    TrackingUri,
    Units,
    Workers,
)

__all__ = ["report"]


def report(
    model: Annotated[
        list[str],
        typer.Option(metavar="MODEL", help=f"{MODEL} One more for each other landmark."),
    ],
    cohort: Annotated[
        Path,
        typer.Option(
            metavar="PATIENTS",
            help=PATIENTS,
        ),
    ],
    episode: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this episode; may be repeated.", show_default="all"),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="New folder for the pages.")] = (
        REPORTS / "patients"
    ),
    pdf: Annotated[bool, typer.Option("--pdf", help="Each page as PDF as well.")] = False,
    lang: Lang = PageLanguage.EN,
    units: Units = PageUnits.CONVENTIONAL,
    blind_first: BlindFirst = False,
    fhir: Annotated[
        bool, typer.Option("--fhir", help="Each prediction as FHIR R4 RiskAssessment as well.")
    ] = False,
    cds: Annotated[
        bool, typer.Option("--cds", help="Each prediction as CDS Hooks card as well.")
    ] = False,
    synthetic_too: Annotated[
        bool,
        typer.Option(
            "--synthetic-too", help="FHIR and cards even of a model of synthetic patients."
        ),
    ] = False,
    data_kind: DataKind = None,
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
    workers: Workers = WORKERS,
) -> None:
    """Write a page for each new patient from a released model, and a list of them.

    Example: icans-risk report --model models/72h --cohort cohorts/2026-05 --out reports/may
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.other_formats import Formats
    from icans_risk.workflow.report import PageStyle, report_patients

    told = run_job(
        lambda progress: report_patients(
            model,
            cohort,
            out=out,
            episodes=episode or (),
            formats=Formats(pdf=pdf, fhir=fhir, cds=cds, synthetic_too=synthetic_too),
            style=PageStyle(language=lang.value, units=units.value, blind_first=blind_first),
            data_kind=None if data_kind is None else data_kind.value,
            workers=workers,
            tracking_uri=tracking_uri,
            progress=progress,
        ),
        json_file,
    )
    _show(told)


def _show(told: dict[str, Any]) -> None:
    from icans_risk.cli.terminal import console

    printed = console()
    synthetic = any(model["data_kind"] == "synthetic" for model in told["models"])
    label = " SYNTHETIC DATA: no evidence about patients." * synthetic
    printed.print(f"Research use only.{label}", markup=False)
    for landmark, statuses in told["statuses"].items():
        counted = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in statuses.items())
        printed.print(f"{landmark}: {told['episodes']} episodes, {counted}.", markup=False)
    for note in told["notes"]:
        printed.print(note, markup=False)
    printed.print(f"Reported: {told['reports']}/index.html", markup=False)

"""``icans-risk recalibrate``: a released model at a new site."""

from pathlib import Path
from typing import Annotated, Any

import typer

from icans_risk.cli.options import MODEL, TRACKING_URI, JsonFile, TrackingUri

__all__ = ["recalibrate"]


def recalibrate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=MODEL)],
    study_file: Annotated[
        Path, typer.Argument(metavar="STUDY.yaml", help="Study file of the new site's patients.")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="New folder for the new model.")],
    published: Annotated[
        str | None,
        typer.Option(
            metavar="PRODUCT/DISEASE",
            help="Start from this product's published incidence, such as axi-cel/lbcl.",
        ),
    ] = None,
    published_scale: Annotated[
        str | None, typer.Option(help="Scale of that incidence, where it is not the model's.")
    ] = None,
    scale_factor: Annotated[
        tuple[float, float, float] | None,
        typer.Option(
            metavar="FACTOR LOW HIGH", help="What to multiply it by then, with a wide interval."
        ),
    ] = None,
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
) -> None:
    """Fit a released model's intercept and slope anew on local patients, into a new folder.

    With --published few patients, or none with an outcome, are enough: the level of risk starts
    from what is published on their product, which the model must not know.

    Example: icans-risk recalibrate models/72h site_b.yaml --out models/72h-site-b
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.recalibrate import recalibrate_model
    from icans_risk.workflow.transport import PublishedFigure, transport_model

    if published is None:
        _show_recalibrated(
            run_job(
                lambda progress: recalibrate_model(
                    model, study_file, out=out, tracking_uri=tracking_uri, progress=progress
                ),
                json_file,
            )
        )
        return
    product, _, disease = published.partition("/")
    figure = PublishedFigure(
        product=product, disease=disease, scale=published_scale, scale_factor=scale_factor
    )
    _show_moved(
        run_job(
            lambda progress: transport_model(
                model,
                study_file,
                published=figure,
                out=out,
                tracking_uri=tracking_uri,
                progress=progress,
            ),
            json_file,
        )
    )


def _show_moved(found: dict[str, Any]) -> None:
    from icans_risk.cli.terminal import console

    printed, step = console(), found["step"]
    printed.print(
        f"{found['endpoint']}, landmark {found['landmark_h']:g} h, {found['at_risk']} local "
        f"patients at risk. {found['sentence']}",
        markup=False,
    )
    if found["of_other_products"]:
        printed.print(
            f"{found['of_other_products']} at risk had another product: they did not count, and "
            "the new model is not for them.",
            markup=False,
        )
    memory = f" ({found['from_memory']} from memory)" if found["from_memory"] else ""
    printed.print(f"Sources{memory}: {'; '.join(found['sources'])}.", markup=False)
    interval = (
        "and the printed interval holds how little is known of it"
        if found["has_interval"]
        else "the model has no rebuilds, so that no interval holds how little is known of it"
    )
    printed.print(
        f"New log odds = {step['intercept']:.3f} + {step['slope']:.3f} x old, {interval}.",
        markup=False,
    )
    printed.print(f"Model:    {found['model']}", markup=False)


def _show_recalibrated(found: dict[str, Any]) -> None:
    from icans_risk.cli.terminal import console

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

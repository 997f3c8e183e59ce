"""``icans-risk evidence``: what is published, with its source, and how far sources disagree."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from icans_risk.cli.options import JsonFile

__all__ = ["evidence"]


def evidence(
    product: Annotated[
        str | None, typer.Option(help="Such as axi-cel, brexu-cel, tisa-cel, cilta-cel.")
    ] = None,
    disease: Annotated[
        str | None,
        typer.Option(help="lbcl, fl, mcl, cll, mm, all_adult, all_paediatric, cns_tumour."),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(help="Head of a key: icans_grade3, crs_any, turnaround, prophylaxis, ..."),
    ] = None,
    scale: Annotated[str | None, typer.Option(help="ASTCT, CTCAE, Lee or Penn.")] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Leave out figures from memory.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Print what is published on ICANS and CRS: each figure with n, interval, scale and source.

    Example: icans-risk evidence --product axi-cel --topic icans_grade3
    """
    from icans_risk.cli.job import run_job
    from icans_risk.cli.terminal import console
    from icans_risk.workflow.evidence import find_evidence

    found = run_job(
        lambda _: find_evidence(
            product=product, disease=disease, topic=topic, scale=scale, read_only=read_only
        ),
        json_file,
    )
    out = console()
    _show_figures(found)
    if found["pooled"]:
        out.print("\nSeveral sources, each set of patients once, never over scales:", markup=False)
    for pooled in found["pooled"]:
        out.print(f"  {pooled['sentence']}.", markup=False)
        if pooled["left_out"]:
            names = ", ".join(pooled["left_out"])
            out.print(f"    Same patients, or without their number: {names}.", markup=False)
    out.print(
        f"\n{len(found['figures'])} figures. * from memory or an engineering prior, not read in a "
        "source. Notes and intervals of every kind: --json.",
        markup=False,
    )


def _show_figures(found: Mapping[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from icans_risk.cli.terminal import console

    table = Table("figure", "value", "interval", "n", "scale", "source", box=None, header_style="")
    for figure in found["figures"]:
        star = "*" if figure["status"] == "assumed" else ""
        cells = (
            figure["label"],
            _value(figure, figure["value"]) + star,
            _interval(figure),
            "" if figure["n"] is None else f"{figure['n']:,}",
            "" if figure["scale"] == "none" else figure["scale"],
            figure["source"],
        )
        table.add_row(*(escape(cell) for cell in cells))
    console().print(table)


def _value(figure: Mapping[str, Any], value: float) -> str:
    if figure["quantity"] == "proportion":
        return f"{100 * value:.3g} %"
    unit = "" if figure["unit"] == "1" else f" {figure['unit']}"
    return f"{value:g}{unit}"


def _interval(figure: Mapping[str, Any]) -> str:
    """Print a confidence interval; others by their kind, which is not uncertainty."""
    if figure["low"] is None:
        return ""
    ends = f"{_value(figure, figure['low'])} to {_value(figure, figure['high'])}"
    kind = figure["interval_kind"]
    return ends if kind == "ci95" else f"{ends} ({kind})"

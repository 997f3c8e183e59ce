"""``icans-risk catalogue``: what can be measured, and what a model may make of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from icans_risk.cli.options import JsonFile

if TYPE_CHECKING:
    from icans_risk.catalogue import Analyte

__all__ = ["catalogue"]

PLATFORMS = {
    True: "disagree: a study with several has to say how they are made one (handling.assays)",
    False: "taken as one measurement",
}


def catalogue(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORDS", help="All must occur in a name, label, code or synonym."),
    ] = None,
    modality: Annotated[
        str | None,
        typer.Option(help="plasma, csf, eeg, imaging, clinical or treatment."),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """List the analytes, search them, or show one in full.

    Example: icans-risk catalogue crp
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.catalogue import entry_as_data, search_catalogue

    found = search_catalogue(words or [], modality=modality)
    run_job(lambda _: {"analytes": [entry_as_data(analyte) for analyte in found]}, json_file)
    _show_one(found[0]) if len(found) == 1 else _show_list(found)


def _show_list(found: Sequence["Analyte"]) -> None:
    from rich.table import Column, Table

    from icans_risk.cli.terminal import console

    # A name is there to be copied: it is never cut.
    longest = max((len(analyte.full_name) for analyte in found), default=0)
    name = Column("name", min_width=longest)
    table = Table(name, "label", "LOINC", "unit", "accepted units", box=None, header_style="")
    for analyte in found:
        code = "" if analyte.loinc is None else analyte.loinc.code
        others = [unit for unit in analyte.accepted_units if unit != analyte.unit]
        cells = (analyte.full_name, analyte.label, code, analyte.unit, ", ".join(others))
        table.add_row(*(_plain(cell) for cell in cells))
    out = console()
    out.print(table)
    out.print(f"\n{len(found)} analytes. One in full: icans-risk catalogue {found[0].full_name}")


def _show_one(analyte: "Analyte") -> None:
    from rich.table import Table

    from icans_risk.cli.terminal import console
    from icans_risk.workflow.catalogue import LEAK_WORDS, MONOTONE_WORDS, reference_in_words

    code = analyte.loinc
    rows = {
        "name": analyte.full_name,
        "LOINC": "none known" if code is None else f"{code.code} ({code.status})",
        "unit": analyte.unit,
        "accepted units": ", ".join(analyte.accepted_units),
        "reference range": reference_in_words(analyte),
        "worth a warning outside": _span(analyte.soft_limits),
        "impossible outside": _span(analyte.hard_limits),
        "quantified": _quantified(analyte.lloq, analyte.uloq),
        "turnaround": f"{analyte.turnaround_hours:g} h from collection to result, usually",
        "direction": MONOTONE_WORDS[analyte.monotone],
        "as a feature": f"{analyte.leak_class}: {LEAK_WORDS[analyte.leak_class]}",
        "scale": analyte.scale,
        "platforms": PLATFORMS[analyte.assay_dependent],
    }
    table = Table.grid(padding=(0, 2))
    for name, text in rows.items():
        table.add_row(name, _plain(text))
    for number, source in enumerate(analyte.sources):
        table.add_row("" if number else "sources", _plain(f"{source.text} [{source.status}]"))
    out = console()
    out.print(analyte.label, markup=False)
    out.print()
    out.print(table)


def _plain(text: str) -> str:
    """Keep square brackets, as in mm[Hg], from being read as markup."""
    from rich.markup import escape

    return escape(text)


def _span(limits: tuple[float, float] | None) -> str:
    return "not stated" if limits is None else f"{limits[0]:.10g} to {limits[1]:.10g}"


def _quantified(low: float | None, high: float | None) -> str:
    bounds = [("from", low), ("up to", high)]
    stated = [f"{word} {bound:g}" for word, bound in bounds if bound is not None]
    return " ".join(stated) or "not stated"

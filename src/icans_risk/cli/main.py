"""The program ``icans-risk``."""

from typing import Annotated

import typer

import icans_risk
from icans_risk.cli.catalogue import catalogue
from icans_risk.cli.compare import compare
from icans_risk.cli.demo import demo
from icans_risk.cli.develop import develop
from icans_risk.cli.eeg import eeg
from icans_risk.cli.ending import ended_in_words
from icans_risk.cli.evaluate import evaluate
from icans_risk.cli.evidence import evidence
from icans_risk.cli.export_meds import export_meds
from icans_risk.cli.features import features
from icans_risk.cli.grade import grade
from icans_risk.cli.imaging import imaging
from icans_risk.cli.ingest import check, ingest
from icans_risk.cli.init import init
from icans_risk.cli.monitor import monitor
from icans_risk.cli.outcomes import outcomes
from icans_risk.cli.promote import promote
from icans_risk.cli.pseudonyms import make_key, reidentify
from icans_risk.cli.recalibrate import recalibrate
from icans_risk.cli.register import register
from icans_risk.cli.report import report
from icans_risk.cli.sample_size import sample_size
from icans_risk.cli.schema import schema
from icans_risk.cli.score import score
from icans_risk.cli.simulate import simulate
from icans_risk.cli.tune import tune
from icans_risk.cli.verify import verify
from icans_risk.cli.withdraw import withdraw

__all__ = ["app", "run"]

app = typer.Typer(
    name="icans-risk",
    help="Predict severe neurotoxicity (ICANS) after CAR T-cell therapy. Research use only.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (
    demo, init, check, ingest, eeg, imaging, outcomes, features, sample_size, tune, develop,
    verify, compare, register, promote, score, report, evaluate, monitor, recalibrate, withdraw,
    simulate, grade, catalogue, evidence, schema, export_meds, make_key, reidentify,
)  # fmt: skip
for command in COMMANDS:
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"icans-risk {icans_risk.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version


def run() -> None:
    """Run the program; how it ends is told in one line and by ``EXIT_CODES``."""
    with ended_in_words():
        app()

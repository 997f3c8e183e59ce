"""``icans-risk make-key`` and ``icans-risk reidentify``: pseudonyms and the way back."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["make_key", "reidentify"]


def make_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The new key file.")],
) -> None:
    """Make a key for pseudonyms, readable by you alone and outside any repository.

    Example: icans-risk make-key ~/keys/icans.key
    """
    from icans_risk.workflow.reidentify import new_key

    new_key(file)
    typer.echo(f"Made {file}. Name it in the study file: data.handling.pseudonym_key.")


def reidentify(
    study_file: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The table, for your eyes only.")],
) -> None:
    """Write which pseudonym stands for whom, for the ward; the step is logged beside the key.

    Example: icans-risk reidentify study.yaml --out ward.csv
    """
    from icans_risk.workflow.files import check_folder
    from icans_risk.workflow.reidentify import reidentify as job

    check_folder(out)
    done = job(study_file, out, user=getpass.getuser())
    typer.echo(f"{done['episodes']} episodes in {done['table']}, logged in {done['log']}.")

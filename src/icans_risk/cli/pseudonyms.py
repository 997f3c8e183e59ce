"""``icans-risk make-key`` and ``icans-risk reidentify``: pseudonyms and the way back."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from icans_risk.cli.options import JsonFile, StudyFile

if TYPE_CHECKING:
    from icans_risk.workflow.progress import Progress

__all__ = ["make_key", "reidentify"]


def make_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The new key file.")],
    json_file: JsonFile = None,
) -> None:
    """Make a key for pseudonyms, readable by you alone and outside any repository.

    Example: icans-risk make-key ~/keys/icans.key
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.reidentify import new_key

    def job(_: "Progress") -> dict[str, Any]:
        new_key(file)
        return {"key": str(file)}

    told = run_job(job, json_file)
    typer.echo(f"Made {told['key']}. Name it in the study file: data.handling.pseudonym_key.")


def reidentify(
    study_file: StudyFile,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The table, for your eyes only.")],
    json_file: JsonFile = None,
) -> None:
    """Write which pseudonym stands for whom, for the ward; the step is logged beside the key.

    Example: icans-risk reidentify study.yaml --out ward.csv
    """
    from icans_risk.cli.job import run_job
    from icans_risk.workflow.reidentify import reidentify as job

    done = run_job(
        lambda _: job(study_file, out, user=getpass.getuser()),
        json_file,
        also=[out],
        doing="reading the infusions",
    )
    typer.echo(f"{done['episodes']} episodes in {done['table']}, logged in {done['log']}.")

"""``icans-risk schema``: what a study file may say, for editors."""

import typer

__all__ = ["schema"]


def schema() -> None:
    """Print the JSON schema of the study file, by which editors complete and explain it.

    Example: icans-risk schema > study.schema.json
    """
    from icans_risk.workflow.documents import schema_text

    typer.echo(schema_text(), nl=False)

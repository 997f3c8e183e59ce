"""``icans-risk withdraw``: a released model gives no more answers."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["withdraw"]


def withdraw(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of a released model.")],
    because: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason, in words and without identifiers.")
    ],
) -> None:
    """Take a released model back: it gives no more answers. Withdraw each copy of it.

    Example: icans-risk withdraw models/72h --because "the ferritin assay changed"
    """
    from icans_risk.cli.terminal import console
    from icans_risk.workflow.withdraw import withdraw as take_back

    told = take_back(model, reason=because)
    console().print(
        f"Withdrawn: {told['model'][:12]}, {told['withdrawn_at']}. Copies elsewhere still answer.",
        markup=False,
    )

"""``icans-risk withdraw``: a released model gives no more answers."""

from typing import Annotated

import typer

from icans_risk.cli.options import MODEL, TRACKING_URI, JsonFile, TrackingUri

__all__ = ["withdraw"]


def withdraw(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=MODEL)],
    because: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason, in words and without identifiers.")
    ],
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
) -> None:
    """Take a released model back: it gives no more answers. Copies outside the store still do.

    Example: icans-risk withdraw models:/nulisa80-72h@champion --because "another ferritin assay"
    """
    from icans_risk.cli.job import run_job
    from icans_risk.cli.terminal import console
    from icans_risk.workflow.withdraw import withdraw as take_back

    told = run_job(
        lambda _: take_back(model, reason=because, tracking_uri=tracking_uri),
        json_file,
        doing="looking for every copy",
    )
    hashes = ", ".join(sha256[:12] for sha256 in told["models"])
    marked = f" Marked: {', '.join(told['versions'])}." if told["versions"] else ""
    console().print(
        f"Withdrawn: {hashes}, {told['withdrawn_at']}, {told['reason']}.{marked} Copies elsewhere "
        "still answer.",
        markup=False,
    )

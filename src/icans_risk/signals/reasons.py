"""Why a file gives no measurements: what is common to all kinds of recordings."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from icans_risk.errors import SignalError

__all__ = ["SHARED", "FileRefusedError", "Reason"]


class Reason(NamedTuple):
    """What is wrong, and what would cure it."""

    message: str
    remedy: str


# What can be wrong with any file. No message has room for anything that stands in the file.
SHARED: Mapping[str, Reason] = {
    "not_found": Reason(
        "The file is not there or cannot be opened.",
        "Correct the name in the table; names are relative to the table's folder.",
    ),
    "checksum_differs": Reason(
        "The file's SHA-256 is not the one that the table states.", "Copy the file again."
    ),
    "changed_while_read": Reason(
        "The file changed while it was read.", "Wait until it is complete."
    ),
    "malformed_header": Reason(
        "A field of the header is not what the format prescribes.", "Export the file again."
    ),
    "truncated": Reason(
        "The file is shorter than its header says.", "Copy or export it again, whole."
    ),
    "longer_than_stated": Reason(
        "The file is longer than its header says: one of the two is wrong.", "Export it again."
    ),
    "memory": Reason(
        "The file needed more memory than a worker may have.", "Allow more, or use a smaller file."
    ),
    "time": Reason(
        "The file took longer than a worker may.", "Allow more time, or use a smaller file."
    ),
    "several_episodes": Reason(
        "The same file stands under several episodes: nobody knows whose it is.",
        "Find out, and correct the table.",
    ),
    "repeated": Reason("The same file stands in an earlier row.", "Remove one of the rows."),
    "available_before_end": Reason(
        "The table says that the result was available before it was collected.",
        "Correct the times in the table.",
    ),
    "crash": Reason(
        "The worker broke down over the file.", "Look at the file; the list went on without it."
    ),
}


class FileRefusedError(SignalError):
    """A file is not used, for one of the reasons of its kind.

    Parameters
    ----------
    code : str
        A key of the class's ``reasons``.
    **figures : float
        Numbers that show it: what was expected and what came.
    """

    reasons: ClassVar[Mapping[str, Reason]] = SHARED

    def __init__(self, code: str, **figures: float) -> None:
        # Plain floats: they are written as JSON.
        self.code = code
        self.figures = {name: float(value) for name, value in figures.items()}
        shown = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in figures.items())
        reason = self.reasons[code]
        super().__init__(f"{reason.message} {reason.remedy} ({shown})")

"""The header of a table: what must stand in it, and what to say where it does not."""

from collections.abc import Sequence

from icans_risk.errors import CohortError

__all__ = ["check_header"]

NAMES_SHOWN = 30


def check_header(header: Sequence[str], columns: Sequence[str], *, where: str) -> None:
    """Refuse a header in which a column is absent or stands twice.

    Parameters
    ----------
    header, columns : sequence of str
        What is there and what must be.
    where : str
        File and sheet, for the error.

    Raises
    ------
    CohortError
        If a column is absent or stands more than once.
    """
    absent = [column for column in columns if column not in header]
    if absent:
        raise CohortError(
            f"{where}: expected the columns {absent}, found {_found(header, columns)}. Correct the "
            "mapping in the study file or the header."
        )
    doubled = sorted({column for column in columns if header.count(column) > 1})
    if doubled:
        raise CohortError(f"{where}: the header has {doubled} more than once. Rename one of them.")


def _found(header: Sequence[str], columns: Sequence[str]) -> str:
    names = [name for name in header if name]
    if not set(names) & set(columns):
        # Perhaps there is no header, and the first line is a patient: nothing of it is shown.
        return f"{len(names)} columns and none that the study names; is the first row a header?"
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"{names[:NAMES_SHOWN]}{more}"

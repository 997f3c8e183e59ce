"""Delimited text to a raw table: every cell text, every line as wide as the header."""

import csv
from pathlib import Path

import pandas as pd

from icans_risk.errors import CohortError
from icans_risk.ingest.tables import show_rows

__all__ = ["read_text_table"]

DELIMITERS = {".csv": ",", ".tsv": "\t"}


def read_text_table(file: Path) -> pd.DataFrame:
    """Read a CSV or TSV file without interpreting any cell.

    Parameters
    ----------
    file : Path
        UTF-8, with a header in its first line.

    Returns
    -------
    DataFrame of str
        Empty cells are missing; identifiers such as ``00123`` stay as they are.

    Raises
    ------
    CohortError
        If the file cannot be read, a name stands twice in the header, or a line is not as
        wide as the header.
    """
    if file.suffix.lower() not in DELIMITERS:
        raise CohortError(f"{file.name}: expected a file ending in {sorted(DELIMITERS)}.")
    header, *rows = _read_lines(file, DELIMITERS[file.suffix.lower()]) or [[]]
    names = [name.strip() for name in header]
    if not any(names):
        raise CohortError(f"{file.name}: expected a header in line 1, found none.")
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise CohortError(f"{file.name}: the header has {doubled} more than once. Rename them.")
    # A line of another width would shift its cells under foreign names.
    odd = [line for line, row in enumerate(rows, start=2) if len(row) != len(names)]
    if odd:
        raise CohortError(
            f"{file.name}: expected {len(names)} cells in each line, {len(odd)} lines have "
            f"another number ({show_rows(odd)}). Check the delimiter and quotes."
        )
    return pd.DataFrame(rows, columns=names, dtype="str").replace({"": None})


def _read_lines(file: Path, delimiter: str) -> list[list[str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = [row for row in csv.reader(stream, delimiter=delimiter, strict=True) if row]
    except OSError as error:
        raise CohortError(f"{file}: cannot read the file ({error.strerror}).") from None
    except (UnicodeDecodeError, csv.Error):
        raise CohortError(f"{file.name}: not delimited UTF-8 text. Export it again.") from None
    return lines

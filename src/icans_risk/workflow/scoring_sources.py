"""What can be scored from files: a cohort folder, a JSON document, or three tables."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from icans_risk.cohort import (
    EPISODES,
    EVENTS,
    GRADES,
    DataKind,
    Table,
    read_cohort_folder,
    read_manifest,
)
from icans_risk.errors import CohortError
from icans_risk.serving import RawTables, Tables
from icans_risk.serving.wire import complete_table

__all__ = ["read_tables"]

_TABLES: Mapping[str, Table] = {"episodes": EPISODES, "events": EVENTS, "grades": GRADES}
# A document of 10,000 episodes with a thousand values each is larger than a file should be.
_MAX_BYTES = 2 * 2**30


def read_tables(source: Path, data_kind: DataKind | None) -> tuple[Tables, DataKind]:
    """Read what is to be scored.

    Parameters
    ----------
    source : Path
        A cohort folder; a folder with ``episodes``, ``events`` and, where there are any,
        ``grades``, each as ``.parquet``, ``.csv`` or ``.json`` (a list of rows); or a JSON
        document with these three keys and, if it likes, ``data_kind``.
    data_kind : {"real", "synthetic"} or None
        What the source does not say itself; patients are real unless somebody says otherwise.

    Returns
    -------
    Tables
        As they came, or a cohort.
    {"real", "synthetic"}
        Whether patients stand behind them.

    Raises
    ------
    CohortError
        If there is nothing to read, or it contradicts ``data_kind``.
    """
    if (source / "manifest.json").is_file():
        return read_cohort_folder(source), _agree(read_manifest(source).data_kind, data_kind)
    if source.is_dir():
        found = {name: _find(source, name) for name in _TABLES}
        return _make({n: None if f is None else _read(f) for n, f in found.items()}), _agree(
            None, data_kind
        )
    document = _read_json(source)
    if not isinstance(document, dict) or not set(document) <= {*_TABLES, "data_kind"}:
        raise CohortError(
            f"{source.name}: expected a JSON object with {', '.join(_TABLES)} and data_kind. Write "
            "each table as a list of rows."
        )
    frames = {name: _frame(document.get(name), source) for name in _TABLES}
    return _make(frames), _agree(document.get("data_kind"), data_kind)


def _agree(said: Any, asked: DataKind | None) -> DataKind:
    if said not in (None, "real", "synthetic"):
        raise CohortError("data_kind must be 'real' or 'synthetic', got something else.")
    if said is not None and asked is not None and said != asked:
        raise CohortError(f"the data say that they are {said}, and not {asked} as asked for.")
    kind: DataKind = said or asked or "real"
    return kind


def _find(folder: Path, name: str) -> Path | None:
    found = [folder / f"{name}{ending}" for ending in (".parquet", ".csv", ".json")]
    there = [file for file in found if file.is_file()]
    if len(there) > 1:
        raise CohortError(
            f"{folder.name}: expected one file of {name}, got {len(there)}. Leave one."
        )
    return there[0] if there else None


def _read(file: Path) -> pd.DataFrame | None:
    try:
        if file.suffix == ".parquet":
            return pd.read_parquet(file)
        if file.suffix == ".csv":
            # An empty cell is missing, and nothing else is: NA may be the name of a product.
            return pd.read_csv(
                file,
                dtype=_text_columns(file.stem),
                keep_default_na=False,
                na_values=[""],
            )
    except (OSError, ValueError) as error:
        raise CohortError(
            f"{file.name}: cannot be read ({type(error).__name__}). Write it as UTF-8 CSV with a "
            "header, or as Parquet."
        ) from None
    return _frame(_read_json(file), file)


def _text_columns(name: str) -> dict[str, str]:
    return {c: "str" for c, column in _TABLES[name].items() if column.kind == "text"}


def _read_json(file: Path) -> Any:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise CohortError(f"{file.name}: more than {_MAX_BYTES} bytes. Use Parquet.")
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CohortError(
            f"{file.name}: cannot be read ({error.strerror}). Name a cohort folder, a folder of "
            "tables, or a JSON document."
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise CohortError(f"{file.name}: no JSON in UTF-8. Write it anew.") from None


def _frame(rows: Any, file: Path) -> pd.DataFrame | None:
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CohortError(f"{file.name}: a table is a list of objects, one for each row.")
    return pd.DataFrame(rows)


def _make(frames: Mapping[str, pd.DataFrame | None]) -> RawTables:
    absent = [name for name in ("episodes", "events") if frames[name] is None]
    if absent:
        raise CohortError(
            f"expected tables of episodes and events, found none of {', '.join(absent)}. Name a "
            "cohort folder, a folder of tables, or a JSON document."
        )
    whole = {}
    for name, table in _TABLES.items():
        frame = frames[name]
        if frame is None or not len(frame.columns):
            frame = pd.DataFrame(columns=[c for c, column in table.items() if column.required])
        # An absent column is everybody's, and refused as such.
        whole[name] = complete_table(frame, table)[list(frame.columns)]
    return RawTables(**whole)

"""A cohort as a folder in the Medical Event Data Standard, and back without loss.

**Times.** The cohort knows hours since infusion and no calendar. Hour 0 of a patient's first
episode is written as 1970-01-01T00:00, that of each further one 50 years later: intervals
between a patient's episodes are not known, and those in the file mean nothing. ``time`` is
when something was collected, assessed or done; ``available_time`` is when it could be known,
and a prediction may use a row only from then on.

**Rows.** A subject is a patient, numbered from 1. An infusion has the code ``infusion`` and
carries the columns of its episode; a measurement has ``plasma.crp//mg/L`` (analyte, unit), an
assessment ``icans_grade//ASTCT`` (its ICANS grade, the scale). ``MEDS_DEATH`` is added where a
patient's last episode ends so. What the standard has no place for stands in further columns,
exactly: ``value`` is the number of which ``numeric_value`` is the nearest in 32 bits, ``table``
and ``position`` say which row of which table of the cohort a row is. A column of a cohort that
is not one of its known columns is written as ``episodes.NAME``, ``events.NAME`` or
``grades.NAME``.
"""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from meds import schema as standard

import icans_risk
from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import Cohort, DataKind, new_folder
from icans_risk.errors import CohortError
from icans_risk.ingest.archives.meds_files import reading, refuse_foreign
from icans_risk.ingest.archives.meds_tables import TABLES, as_cohort, as_tables, take_table
from icans_risk.ingest.archives.meds_times import Timeline

__all__ = ["export_meds", "exported_data_kind", "read_exported_meds"]

LAYOUT = 1
KEY = b"icans_risk"
FILE = Path(standard.data_subdirectory) / "0.parquet"
INFUSION = "infusion"
ROW_GROUP = 1_000_000
_SORTED_BY = ("subject_id", "time", "table", "position")
_IDENTIFIERS = ("patient_id", "episode_id")
_MODIFIERS = ("unit", "assay", "censored", "ordered_as", "scale")


def export_meds(cohort: Cohort, folder: Path | str, *, data_kind: DataKind) -> None:
    """Write a cohort to a new folder in the standard, whole or not at all.

    Parameters
    ----------
    cohort : Cohort
        What to write. Identifiers are written as they are.
    folder : path-like
        The new folder; its parent must exist. It gets mode 0700, its files 0600.
    data_kind : {"real", "synthetic"}
        Whether patients stand behind the rows.

    Raises
    ------
    CohortError
        If the folder exists or cannot be made, a column holds something other than text,
        numbers or flags, or a time lies more than 25 years from the infusion.
    """
    if data_kind not in get_args(DataKind):
        raise CohortError(f"data_kind must be one of {get_args(DataKind)}, got {data_kind!r}.")
    tables = as_tables(cohort)
    # What comes back is compared with this; a whole number with gaps comes back as a float.
    digest = as_cohort(tables).hash()
    codes = _codes(cohort)
    rows = _rows(cohort, tables, codes)
    seal = {"layout": LAYOUT, "data_kind": data_kind, "sha256": digest}
    rows = rows.replace_schema_metadata({KEY: json.dumps(seal, sort_keys=True)})
    standard.DataSchema.validate(rows)
    with new_folder(Path(folder)) as draft:
        for name in (FILE, Path(standard.dataset_metadata_filepath)):
            (draft / name).parent.mkdir()
        _write(rows, draft / FILE)
        _write(_described(codes), draft / standard.code_metadata_filepath)
        description = _description(rows.column_names, data_kind)
        path = draft / standard.dataset_metadata_filepath
        path.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def read_exported_meds(folder: Path | str) -> Cohort:
    """Read a folder that ``export_meds`` wrote.

    Parameters
    ----------
    folder : path-like
        The folder.

    Returns
    -------
    Cohort
        The one that was exported: the same columns, rows and order.

    Raises
    ------
    CohortError
        If the folder is damaged, not in the standard, or was written by something else.
    """
    path = Path(folder) / FILE
    seal = _seal(Path(folder))
    try:
        with reading(str(path)), pq.ParquetFile(path, page_checksum_verification=True) as file:
            rows = file.read()
            rows.validate(full=True)
            standard.DataSchema.validate(rows)
            cohort = as_cohort({name: take_table(rows, name) for name in TABLES})
    except CohortError:
        raise _damaged(path) from None
    if cohort.hash() != seal["sha256"]:
        raise _damaged(path)
    return cohort


def exported_data_kind(folder: Path | str) -> DataKind:
    """Say whether patients stand behind a folder that ``export_meds`` wrote.

    Raises
    ------
    CohortError
        As ``read_exported_meds``.
    """
    kind: DataKind = _seal(Path(folder))["data_kind"]
    return kind


class _Code(NamedTuple):
    """A code: what it stands for in the cohort, and what the folder says about it."""

    name: str
    code: str
    unit: str | None = None
    description: str | None = None
    parents: tuple[str, ...] = ()


def _codes(cohort: Cohort) -> list[_Code]:
    """List the codes of measurements and grades."""
    names = (cohort.events["modality"] + "." + cohort.events["analyte"]).unique()
    measured = [_measurement(name) for name in sorted(names)]
    scales = sorted(cohort.grades["scale"].unique())
    return measured + [
        _Code(scale, f"icans_grade//{scale}", description=f"ICANS grade on the scale {scale}")
        for scale in scales
    ]


def _measurement(name: str) -> _Code:
    analyte, _, platform = name.partition("@")
    entry = load_catalogue().get(analyte)
    if entry is None:
        return _Code(name, name)
    return _Code(
        name,
        f"{name}//{entry.unit}",
        entry.unit,
        f"{entry.label}, {platform}" if platform else entry.label,
        () if entry.loinc is None else (f"LOINC/{entry.loinc.code}",),
    )


def _rows(cohort: Cohort, tables: dict[str, pa.Table], codes: list[_Code]) -> pa.Table:
    """Give every row its subject, time and code, and put all in the standard's order."""
    events, grades = cohort.events, cohort.grades
    timeline = Timeline.of(cohort.episodes)
    code_of = {code.name: code.code for code in codes}
    unit_of = {code.name: code.unit for code in codes}
    analyte = events["modality"] + "." + events["analyte"]
    parts = [
        timeline.place(tables["episodes"], cohort.episodes["episode_id"], code=INFUSION),
        timeline.place(
            tables["events"],
            events["episode_id"],
            code=analyte.map(code_of),
            number=events["value"],
            hours=events["collected_h"],
            available=events["available_h"],
        ).append_column("unit", pa.array(analyte.map(unit_of), pa.string(), from_pandas=True)),
        timeline.place(
            tables["grades"],
            grades["episode_id"],
            code=grades["scale"].map(code_of),
            number=grades["icans_grade"],
            hours=grades["assessed_h"],
            available=grades["available_h"],
        ),
        timeline.deaths(cohort.episodes),
    ]
    rows = pa.concat_tables(parts, promote_options="default")
    order = pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in _SORTED_BY])
    return rows.take(order)


def _described(codes: list[_Code]) -> pa.Table:
    own = [
        _Code("", INFUSION, description="Infusion of CAR T-cells"),
        _Code("", standard.death_code, description="Death"),
    ]
    named = [*own, *codes]
    table = pa.table(
        {
            "code": pa.array([code.code for code in named], pa.string()),
            "description": pa.array([code.description for code in named], pa.string()),
            "parent_codes": pa.array([code.parents for code in named], pa.list_(pa.string())),
        }
    )
    standard.CodeMetadataSchema.validate(table)
    return table


def _description(columns: list[str], data_kind: DataKind) -> dict[str, object]:
    core = {*standard.DataSchema.schema().names, *_IDENTIFIERS, *_MODIFIERS, "site"}
    description = standard.DatasetMetadataSchema(
        dataset_name=f"icans_risk cohort, {data_kind} data",
        etl_name="icans_risk",
        etl_version=icans_risk.__version__,
        meds_version=version("meds"),
        raw_source_id_columns=list(_IDENTIFIERS),
        code_modifier_columns=list(_MODIFIERS),
        site_id_columns=[name for name in columns if name == "site"],
        other_extension_columns=[name for name in columns if name not in core],
    ).to_dict()
    standard.DatasetMetadataSchema.validate(description)
    return dict(description)


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(
        table, path, compression="zstd", write_page_checksum=True, row_group_size=ROW_GROUP
    )


def _seal(folder: Path) -> dict[str, Any]:
    refuse_foreign(folder)
    path = folder / FILE
    with reading(str(path)):
        metadata = pq.read_schema(path).metadata or {}
    try:
        seal: dict[str, Any] = json.loads(metadata[KEY])
        if seal["layout"] == LAYOUT and seal["data_kind"] in get_args(DataKind):
            return {"sha256": seal["sha256"], "data_kind": seal["data_kind"]}
    except (KeyError, ValueError, TypeError, RecursionError):
        pass
    raise CohortError(
        f"{folder}: expected a folder that this package exported in layout {LAYOUT}, found "
        "another. Name the code of the infusion in 'meds.infusion', or export it again."
    )


def _damaged(path: Path) -> CohortError:
    return CohortError(f"{path}: not as it was written. Restore this file or export it again.")

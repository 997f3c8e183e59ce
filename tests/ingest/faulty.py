"""One clean export, written by hand, and the same with one fault each."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ingest.exports import write_study

BERLIN = {"clock": "calendar", "time_zone": "Europe/Berlin"}
PATIENTS = [f"MRN-77{number}" for number in range(12)]
# What stands in a damaged cell: no message may repeat it.
PLANTED = "Zebedee"


@dataclass
class Export:
    """Tables and what the study says of them; a fault changes either, or the written bytes.

    Attributes
    ----------
    infusions, results, grades : DataFrame
        The tables, all cells text.
    data : dict
        The study file's block.
    rewrite : dict of str to callable
        What becomes of a table's bytes.
    planted : list of str
        Cells that a fault put there; no message may repeat them.
    """

    infusions: pd.DataFrame
    results: pd.DataFrame
    grades: pd.DataFrame
    data: dict[str, Any]
    rewrite: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    planted: list[str] = field(default_factory=list)

    def put(self, cells: dict[int, str], column: str, table: str = "results") -> None:
        """Put cells into rows as a spreadsheet numbers them."""
        frame = getattr(self, table)
        for row, cell in cells.items():
            frame.loc[row - 2, column] = cell
            self.planted.append(cell)

    def source(self, name: str) -> dict[str, Any]:
        """Return what the study says of a table."""
        source: dict[str, Any] = self.data[name]
        return source if isinstance(source, dict) else source[0]

    def write(self, folder: Path) -> Path:
        """Write the tables and the study file."""
        for name in ("infusions", "results", "grades"):
            content = getattr(self, name).to_csv(index=False).encode()
            (folder / f"{name}.csv").write_bytes(self.rewrite.get(name, bytes)(content))
        return write_study(folder, self.data)


def clean_export() -> Export:
    """Twelve patients at two sites, two results a day, a grade a day."""
    days = range(-1, 7)
    infusions = pd.DataFrame(
        {
            "mrn": PATIENTS,
            "infused": "2024-03-25T10:00",
            "left": "2024-04-20",
            "centre": ["A" if number < 6 else "B" for number in range(12)],
            "age": [str(50 + number) for number in range(12)],
        }
    )
    results = [
        {
            "mrn": mrn,
            "taken": f"{date}T08:00",
            "known": f"{date}T11:00",
            "test": test,
            "result": f"{value + number + 2 * day}",
            "unit": unit,
            "method": "",
        }
        for number, mrn in enumerate(PATIENTS)
        for day in days
        for test, value, unit in (("plasma.crp", 30, "mg/L"), ("plasma.ferritin", 400, "ng/mL"))
        for date in [(pd.Timestamp("2024-03-25") + pd.Timedelta(days=day)).date()]
    ]
    grades = [
        {"mrn": mrn, "day": str(day), "icans": str(int(day == 5 and number < 3)), "scale": "ASTCT"}
        for number, mrn in enumerate(PATIENTS)
        for day in range(7)
    ]
    data = {
        "infusions": {
            "files": ["infusions.csv"], "patient": "mrn", "infused": "infused",
            "discharged": "left", **BERLIN,
        },
        "episodes": {"site": {"column": "centre"}, "age_years": {"column": "age"}},
        "results": [
            {
                "layout": "long", "files": ["results.csv"], "patient": "mrn", "analyte": "test",
                "value": "result", "unit": "unit", "assay": "method", "collected": "taken",
                "available": "known", **BERLIN,
            }
        ],
        "grades": [
            {
                "files": ["grades.csv"], "patient": "mrn", "assessed": "day",
                "clock": "day_number", "scale": {"column": "scale"},
                "grades": {"icans_grade": "icans"},
            }
        ],
        "handling": {"exported_at": "2026-05-01T00:00:00+02:00", "quarantine_at_most": 0.5},
    }  # fmt: skip
    return Export(infusions, pd.DataFrame(results), pd.DataFrame(grades), data)


@dataclass(frozen=True)
class Fault:
    """How an export is damaged, and what has to be said about it.

    Attributes
    ----------
    numbers : tuple of int
        The bad inputs that it is one of.
    damage : callable
        Changes a clean export.
    code, severity : str
        Of the finding; ``raised`` where the infusions cannot be read at all.
    file, column : str
        Where the finding stands.
    count : int
        How many cells or rows it concerns; 0 where the whole file is concerned.
    """

    numbers: tuple[int, ...]
    damage: Callable[[Export], object]
    code: str
    severity: str
    file: str
    column: str = ""
    count: int = 0


def _cells(column: str, cells: dict[int, str], table: str = "results") -> Any:
    return lambda export: export.put(cells, column, table)


def _says(table: str, **settings: Any) -> Any:
    return lambda export: export.source(table).update(settings)


def _bytes(table: str, change: Callable[[bytes], bytes]) -> Any:
    return lambda export: export.rewrite.update({table: change})


def _repeat(table: str, **cells: str) -> Any:
    def damage(export: Export) -> None:
        export.planted += cells.values()
        frame = getattr(export, table)
        row = frame.iloc[[4]].assign(**cells)
        setattr(export, table, pd.concat([frame, row], ignore_index=True))

    return damage


def _other_unit_at_b(export: Export) -> None:
    at_b = export.results["mrn"].isin(PATIENTS[6:]) & (export.results["test"] == "plasma.crp")
    numbers = export.results["result"].astype(float).div(10).map(str)
    export.results["result"] = export.results["result"].mask(at_b, numbers)


def _no_unit(export: Export) -> None:
    is_crp = export.results["test"] == "plasma.crp"
    export.results["unit"] = export.results["unit"].mask(is_crp, "")


def _two_platforms(export: Export) -> None:
    export.results["test"] = export.results["test"].replace("plasma.ferritin", "plasma.nfl")
    is_nfl = export.results["test"] == "plasma.nfl"
    export.results["unit"] = export.results["unit"].mask(is_nfl, "pg/mL")
    export.results["method"] = export.results["method"].mask(is_nfl, "ella")
    export.put({3: f"read by {PLANTED}"}, "method")


def _drop(table: str, mrn: str) -> Any:
    def damage(export: Export) -> None:
        frame = getattr(export, table)
        setattr(export, table, frame[frame["mrn"] != mrn].reset_index(drop=True))

    return damage


def _checksum(export: Export) -> None:
    export.source("results")["sha256"] = {"results.csv": hashlib.sha256(b"other").hexdigest()}


WORD = {4: PLANTED, 6: f"see {PLANTED}"}
RESULTS, INFUSIONS, GRADES = "results.csv", "infusions.csv", "grades.csv"

FAULTS: dict[str, Fault] = {
    "another unit at one site": Fault(
        (1,), _other_unit_at_b, "mixed_units", "error", RESULTS, "plasma.crp", 48
    ),
    "no unit anywhere": Fault((1,), _no_unit, "refused", "error", RESULTS, count=96),
    "an unknown unit": Fault(
        (2, 6), _cells("unit", WORD), "unknown_unit", "warning", RESULTS, "result", 2
    ),
    "a decimal comma": Fault(
        (4,), _cells("result", {2: "31,5"}), "wrong_decimal_sign", "warning", RESULTS, "result", 1
    ),
    "grouped thousands or a fraction": Fault(
        (4,), _cells("result", {2: "1,234"}), "ambiguous_number", "warning", RESULTS, "result", 1
    ),
    "an unknown word": Fault(
        (5,), _cells("result", WORD), "unreadable_result", "warning", RESULTS, "result", 2
    ),
    "a known word": Fault(
        (5,), _cells("result", {2: "haemolysed"}), "missing_result", "note", RESULTS, "result", 1
    ),
    "no identifier": Fault(
        (7,), _cells("mrn", {2: "", 3: " "}), "no_identifier", "warning", RESULTS, "result", 2
    ),
    "a line too wide": Fault(
        (8,), _bytes("results", lambda b: b + f"{PLANTED},1,2,3,4,5,6,7\n".encode()),
        "refused", "error", RESULTS, count=1,
    ),
    "a header that stands twice": Fault(
        (9,), _bytes("results", lambda b: b.replace(b"known", b"taken", 1)),
        "refused", "error", RESULTS,
    ),
    "another delimiter": Fault(
        (10,), _bytes("results", lambda b: b.replace(b",", b";")), "refused", "error", RESULTS
    ),
    "another encoding": Fault(
        (11,), _bytes("results", lambda b: b.replace(b"mg/L", b"\xb5g/L")),
        "refused", "error", RESULTS,
    ),
    "a NUL": Fault(
        (11,), _bytes("results", lambda b: b.replace(b"08:00", b"08\x0000", 1)),
        "refused", "error", RESULTS,
    ),
    "the same row twice": Fault(
        (12,), _repeat("results"), "duplicate_result", "note", RESULTS, "result", 1
    ),
    "two results of one sample": Fault(
        (13,), _repeat("results", result="77"),
        "conflicting_results", "warning", RESULTS, "result", 2,
    ),
    "a corrected result": Fault(
        (14,), _repeat("results", result="77", known="2024-03-28T12:00"),
        "corrected_result", "note", RESULTS, "result", 1,
    ),
    "available before collected": Fault(
        (15,), _cells("known", {2: "2024-03-24T07:54:59"}),
        "result_before_collection", "warning", RESULTS, "result", 1,
    ),
    "available a minute before collected": Fault(
        (15,), _cells("known", {2: "2024-03-24T07:59"}), "clamped", "note", RESULTS, count=1
    ),
    "later than the export": Fault(
        (16,), _cells("known", {2: "2026-06-01T07:59"}),
        "later_than_export", "warning", RESULTS, "result", 1,
    ),
    "a negative age": Fault(
        (17,), _cells("age", {2: "-3"}, "infusions"),
        "impossible_episode", "warning", INFUSIONS, "age", 1,
    ),
    "discharged before the infusion": Fault(
        (17,), _cells("left", {2: "2024-03-01"}, "infusions"),
        "impossible_episode", "warning", INFUSIONS, "left", 1,
    ),
    "taken years before the infusion": Fault(
        (17,), _cells("taken", {2: "2019-03-01T08:00"}),
        "out_of_reach", "note", RESULTS, "result", 1,
    ),
    "no time of infusion": Fault(
        (19,), _cells("infused", {2: ""}, "infusions"),
        "no_infusion_time", "warning", INFUSIONS, "infused", 1,
    ),
    "two infusions and no episode": Fault(
        (20,), _repeat("infusions", infused="2024-06-01T10:00"),
        "raised", "error", INFUSIONS, count=2,
    ),
    "no time of collection": Fault(
        (16,), _cells("taken", {2: "", 3: " "}),
        "no_collection_time", "warning", RESULTS, "result", 2,
    ),
    "no time zone": Fault(
        (21,), _says("results", time_zone=None), "refused", "error", RESULTS, count=192
    ),
    "a time that clocks skipped": Fault(
        (22,), _cells("taken", {2: "2024-03-31T02:30"}),
        "time_in_gap", "warning", RESULTS, "result", 1,
    ),
    "a time that comes twice": Fault(
        (22,), _cells("known", {2: "2024-10-27T02:30"}), "dst_ambiguous", "note", RESULTS, count=1
    ),
    "a date of another country": Fault(
        (23,), _cells("taken", {2: "03/24/2024"}),
        "unreadable_time", "warning", RESULTS, "result", 1,
    ),
    "a column of spreadsheet days": Fault(
        (24,), _cells("taken", dict.fromkeys(range(2, 194), "45678")),
        "refused", "error", RESULTS, count=192,
    ),
    "a grade between grades": Fault(
        (26,), _cells("icans", {3: "3-4"}, "grades"), "refused", "error", GRADES, "icans", 1
    ),
    "onset before the infusion": Fault(
        (26,), _repeat("grades", day="-2", icans="2"), "refused", "error", GRADES, "icans", 1
    ),
    "a scale that is none": Fault(
        (26,), _cells("scale", {3: PLANTED}, "grades"), "refused", "error", GRADES, "scale", 1
    ),
    "an infinite result": Fault(
        (28,), _cells("result", {2: "1e999"}), "infinite_result", "warning", RESULTS, "result", 1
    ),
    "an impossible result": Fault(
        (29,), _cells("result", {2: "-1"}), "impossible_value", "warning", RESULTS, "result", 1
    ),
    "an unusual result": Fault(
        (29,), _cells("result", {2: "900"}), "unusual_value", "warning", RESULTS, "result", 1
    ),
    "graded and without any result": Fault(
        (31,), _drop("results", PATIENTS[4]), "no_results", "warning", INFUSIONS, "mrn", 1
    ),
    "results of nobody": Fault(
        (32,), _drop("infusions", PATIENTS[4]), "unknown_patient", "warning", RESULTS, "result", 16
    ),
    "followed and never graded": Fault(
        (27, 32),
        lambda e: (_drop("grades", PATIENTS[4])(e), _says("infusions", followed_until="left")(e)),
        "never_graded", "warning", INFUSIONS, "mrn", 1,
    ),
    "grades of nobody": Fault(
        (32,), _cells("mrn", {3: f"{PLANTED}-1"}, "grades"),
        "grades_of_nobody", "warning", GRADES, "mrn", 1,
    ),
    "a column that is not there": Fault(
        (43,), _says("results", value="outcome"), "refused", "error", RESULTS
    ),
    "cut in the middle": Fault(
        (47,), _bytes("results", lambda b: b[: len(b) * 2 // 3 + 3]), "refused", "error", RESULTS
    ),
    "another number of rows": Fault(
        (47,), _says("results", rows=500), "refused", "error", RESULTS, count=192
    ),
    "another checksum": Fault((47,), _checksum, "refused", "error", RESULTS),
    "two platforms": Fault(
        (2,), _two_platforms, "mixed_platforms", "error", RESULTS, "plasma.nfl", 96
    ),
    "an analyte that is not listed": Fault(
        (5,), _cells("test", WORD), "unmapped_words", "error", RESULTS, "test", 2
    ),
    "too much in quarantine": Fault(
        (5,),
        lambda e: (
            _cells("result", WORD)(e), e.data["handling"].update(quarantine_at_most=0.001)
        ),
        "too_much_quarantined", "error", RESULTS, count=2,
    ),
    "a table with a header alone": Fault(
        (63,), _bytes("infusions", lambda b: b[: b.index(b"\n") + 1]), "raised", "error", INFUSIONS
    ),
    "an unknown age": Fault(
        (44,), _cells("age", {2: PLANTED}, "infusions"), "raised", "error", INFUSIONS, "age", 1
    ),
}  # fmt: skip

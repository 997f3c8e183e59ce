"""Time the table grading against a loop over the scalar function, in one run.

Run: ``python benchmarks/grading.py [rows]``. Both grade the same random findings; the
ratio is what counts, the seconds belong to the machine.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from icans_risk.grading import (
    Consciousness,
    CrsFindings,
    Hypotension,
    IcansFindings,
    Motor,
    Oxygen,
    Pressure,
    Seizure,
    grade_crs,
    grade_crs_table,
    grade_icans,
    grade_icans_table,
)

LOOP_ROWS = 5_000


def draw_findings(rows: int, *, seed: int) -> pd.DataFrame:
    """Draw findings of every domain, a third of them missing."""
    rng = np.random.default_rng(seed)
    words = {
        "consciousness": Consciousness,
        "seizure": Seizure,
        "motor": Motor,
        "pressure": Pressure,
        "hypotension": Hypotension,
        "oxygen": Oxygen,
    }
    table = pd.DataFrame({n: rng.choice([w.value for w in v], rows) for n, v in words.items()})
    table["ice_total"] = rng.integers(0, 11, rows).astype("float64")
    table["temperature_c"] = rng.uniform(36, 40, rows)
    return table.mask(rng.random(table.shape) < 1 / 3)


def loop(
    table: pd.DataFrame, columns: dict[str, str], grade: Callable[[dict[str, object]], object]
) -> None:
    """Grade row by row."""
    narrow = table[list(columns)].rename(columns=columns).astype(object)
    for row in narrow.where(narrow.notna(), None).to_dict("records"):
        grade({str(name): value for name, value in row.items()})


def report(name: str, *, rows: int, table_s: float, loop_s: float) -> None:
    """Print seconds for the table, per-row time of the loop, and their ratio."""
    ratio = (loop_s / LOOP_ROWS) / (table_s / rows)
    sys.stdout.write(
        f"{name}: {rows} rows in {table_s:.3f} s; loop {1e6 * loop_s / LOOP_ROWS:.1f} us a row; "
        f"the table is {ratio:.0f} times as fast\n"
    )


def timed(work: Callable[[], object]) -> float:
    """Return the best of three runs, in seconds."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main(rows: int) -> None:
    """Time ICANS, then CRS."""
    table = draw_findings(rows, seed=1)
    head = draw_findings(LOOP_ROWS, seed=2)
    icans = {n: n for n in ("consciousness", "seizure", "motor", "pressure")}
    icans |= {"ice_total": "ice"}
    crs = {n: n for n in ("temperature_c", "hypotension", "oxygen")}
    report(
        "ICANS",
        rows=rows,
        table_s=timed(lambda: grade_icans_table(table)),
        loop_s=timed(lambda: loop(head, icans, lambda r: grade_icans(IcansFindings(**r)))),  # type: ignore[arg-type]
    )
    report(
        "CRS",
        rows=rows,
        table_s=timed(lambda: grade_crs_table(table)),
        loop_s=timed(lambda: loop(head, crs, lambda r: grade_crs(CrsFindings(**r)))),  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

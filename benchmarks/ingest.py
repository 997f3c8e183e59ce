"""Time the reading of a large export against what any program has to do with it.

Run: ``python benchmarks/ingest.py [events]``. Makes a Parquet export (40 analytes, one infusion
per 500 results, calendar times, units), then takes the seconds and the peak memory of

- ``icans-risk ingest``, export to cohort folder with quality report, in a process of its own;
- the peer: Polars reading the same file, sorting it by patient, analyte and time, and writing
  it as Parquet, which checks and converts nothing.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import yaml

from icans_risk.catalogue import load_catalogue

PER_EPISODE = 500
ZONE = "Europe/Berlin"
START = datetime(2024, 1, 1, 9, tzinfo=UTC)


def make_export(folder: Path, events: int) -> Path:
    """Write infusions, results and the study file; return the study file."""
    rng = np.random.default_rng(7)
    people = max(1, events // PER_EPISODE)
    ids = np.array([f"MRN{i:07d}" for i in range(people)])
    infused = np.datetime64(START.replace(tzinfo=None), "us") + rng.integers(
        0, 500 * 86_400, people
    ) * np.timedelta64(1, "s")
    names = [
        n for n, a in load_catalogue().items() if n.startswith("plasma.") and a.reference_range
    ]
    names = names[:40]
    who, what = rng.integers(0, people, events), rng.integers(0, len(names), events)
    after = rng.integers(-10 * 86_400, 30 * 86_400, events) * np.timedelta64(1, "s")
    middle = np.array([_middle(name) for name in names])
    collected = infused[who] + after
    frame = pl.DataFrame(
        {
            "mrn": ids[who],
            "test": np.array(names)[what],
            "result": np.round(middle[what] * rng.lognormal(0, 0.1, events), 4),
            "unit": np.array([load_catalogue()[name].unit for name in names])[what],
            "collected": collected,
            "resulted": collected + rng.integers(600, 86_400, events) * np.timedelta64(1, "s"),
        }
    )
    in_utc = pl.selectors.temporal().dt.replace_time_zone("UTC")
    frame.with_columns(in_utc).write_parquet(folder / "results.parquet", row_group_size=500_000)
    pl.DataFrame({"mrn": ids, "infused": infused}).with_columns(in_utc).write_parquet(
        folder / "infusions.parquet"
    )
    return _write_study(folder)


def _middle(name: str) -> float:
    low, high = load_catalogue()[name].reference_range or (None, None)
    return float(np.mean([end for end in (low, high) if end is not None])) or 1.0


def _write_study(folder: Path) -> Path:
    clock = {"clock": "calendar", "time_zone": ZONE}
    study = yaml.safe_load((Path("src/icans_risk/workflow/demo.yaml")).read_text(encoding="utf-8"))
    study["data"] = {
        "infusions": {
            "files": ["infusions.parquet"], "patient": "mrn", "infused": "infused", **clock
        },
        "results": [
            {
                "layout": "long", "files": ["results.parquet"], "patient": "mrn",
                "analyte": "test", "value": "result", "unit": "unit",
                "collected": "collected", "available": "resulted", **clock,
            }
        ],
    }  # fmt: skip
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(study), encoding="utf-8")
    return file


def run_peer(folder: Path) -> None:
    """Read, sort and write, nothing else."""
    frame = pl.read_parquet(folder / "results.parquet").sort("mrn", "test", "collected")
    frame.write_parquet(folder / "peer.parquet", statistics=False)


def timed(command: list[str]) -> dict[str, float]:
    """Run a program to its end; return its seconds and the peak memory of it in GiB."""
    before = time.perf_counter()
    script = (
        "import json,resource,subprocess,sys;"
        "r=subprocess.run(sys.argv[1:]).returncode;"
        "print(json.dumps({'rc': r, "
        "'peak': resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}))"
    )
    out = subprocess.run(
        [sys.executable, "-c", script, *command], check=True, capture_output=True, text=True
    )
    told = json.loads(out.stdout.splitlines()[-1])
    if told["rc"]:
        raise SystemExit(out.stderr)
    return {"seconds": time.perf_counter() - before, "gib": told["peak"] / 1024**2}


def main(events: int) -> None:
    """Make the export, run both, print the ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study = make_export(folder, events)
        peer = timed([sys.executable, __file__, "peer", str(folder)])
        program = [sys.executable, "-c", "from icans_risk.cli.main import run; run()"]
        ours = timed([*program, "ingest", str(study), "--out", str(folder / "out")])
        print(f"{events:,} results; peak of this process {_own_gib():.1f} GiB")
        print(f"peer (Polars, read, sort, write): {peer['seconds']:.1f} s, {peer['gib']:.2f} GiB")
        print(f"icans-risk ingest:                {ours['seconds']:.1f} s, {ours['gib']:.2f} GiB")
        print(f"ratio: {ours['seconds'] / peer['seconds']:.1f}")


def _own_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    if sys.argv[1:2] == ["peer"]:
        run_peer(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)

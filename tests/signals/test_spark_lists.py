"""Lists on Spark: the same results, and the same refusals, as without it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from icans_risk.signals.limits import Limits
from icans_risk.signals.spark import run_jobs_on_spark
from icans_risk.synthetic.edf import write_edf
from icans_risk.synthetic.nifti import write_nifti
from icans_risk.workflow.eeg import measure_recordings
from icans_risk.workflow.imaging import measure_scans
from icans_risk.workflow.kinds import Reading
from signals.brains import labels, pink
from signals.volumes import head
from spark_session import ON_SPARK, local_spark

pytestmark = ON_SPARK


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    with local_spark() as started:
        yield started


def same_files(first: Path, second: Path) -> None:
    for name in ("events", "measurements"):
        one, two = (pd.read_parquet(folder / f"{name}.parquet") for folder in (first, second))
        pd.testing.assert_frame_equal(one, two)
    assert (first / "quality.json").read_text() == (second / "quality.json").read_text()


def test_scans_give_on_spark_what_they_give_here(session: SparkSession, tmp_path: Path) -> None:
    scan, masks, affine = head()
    write_nifti(tmp_path / "0.nii.gz", scan, affine)
    write_nifti(tmp_path / "lesion.nii.gz", masks["lesion"], affine)
    content = (tmp_path / "0.nii.gz").read_bytes()
    (tmp_path / "1.nii.gz").write_bytes(content[:-100])
    write_nifti(tmp_path / "2.nii.gz", scan + 5, affine)
    rows = [f"{n}.nii.gz,E{n},1,protocol,lesion.nii.gz" for n in range(4)]
    table = tmp_path / "scans.csv"
    table.write_text("\n".join(["file,episode_id,scanned_h,ordered_as,lesion", *rows, ""]))
    here = measure_scans(table, tmp_path / "here", reading=Reading(turnaround=6.0, workers=1))
    spread = Reading(turnaround=6.0, workers=2, spark=session)
    there = measure_scans(table, tmp_path / "there", reading=spread)
    assert here["refused"] == there["refused"] == {"truncated": 1, "not_found": 1}
    assert here["used"] == 2
    same_files(tmp_path / "here", tmp_path / "there")


def test_recordings_give_on_spark_what_they_give_here(
    session: SparkSession, tmp_path: Path
) -> None:
    write_edf(tmp_path / "0.edf", pink(100, slope=1.0, size=15.0, seconds=60), 100, labels=labels())
    shutil.copy(tmp_path / "0.edf", tmp_path / "1.edf")
    table = tmp_path / "recordings.csv"
    table.write_text(
        "file,episode_id,started_h,ordered_as\n0.edf,E0,1,protocol\n1.edf,E0,1,protocol\n"
    )
    measure_recordings(table, tmp_path / "here", reading=Reading(turnaround=6.0, workers=1))
    spread = Reading(turnaround=6.0, workers=2, spark=session)
    there = measure_recordings(table, tmp_path / "there", reading=spread)
    assert there["refused"] == {"repeated": 1}
    same_files(tmp_path / "here", tmp_path / "there")


def test_a_job_that_breaks_its_worker_costs_no_other(session: SparkSession) -> None:
    jobs = [{"do": what, "value": n} for n, what in enumerate(["answer", "die", "raise", "answer"])]
    limits = Limits(seconds=20.0)
    outcomes = run_jobs_on_spark("signals.jobs:do", jobs, workers=1, limits=limits, session=session)
    failures = {outcome.position: outcome.failure for outcome in outcomes}
    assert failures == {0: None, 1: "crash", 2: "crash", 3: None}

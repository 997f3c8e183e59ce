"""Build the vectors of a study on Spark, to the same bits as in memory.

Run it from the repository: ``python pipelines/spark_features.py STUDY.yaml OUT.parquet`` (extra
``icans_risk[spark]`` and Java 17). The specification is fitted in memory, on the study's cohort; on
a cluster the events would come from a table of its own, see ``docs/spark.md``.
"""

import os
import sys
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from icans_risk import build_features, load_study, read_cohort, specify_features
from icans_risk.features import spark


def main(study_file: Path, out: Path) -> None:
    """Write the vectors, and say how many there are and whether memory gives the same."""
    study = load_study(study_file)
    cohort, _ = read_cohort(study)
    specification = specify_features(study, cohort)
    landmarks = list(study.outcome.landmarks_h)

    # The workers run the Python that runs here.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = SparkSession.builder.master("local[2]").appName("icans_risk").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    # As Arrow, in which nothing is converted.
    vectors = spark.build_features(
        session.createDataFrame(pa.Table.from_pandas(cohort.events, preserve_index=False)),
        cohort.episodes,
        specification,
        landmarks=landmarks,
    )
    found = vectors.toArrow().to_pandas().set_index(["episode_id", "landmark_h"]).sort_index()
    session.stop()
    found.to_parquet(out)

    in_memory = build_features(cohort, specification, landmarks).sort_index()
    same = found[in_memory.columns].equals(in_memory)
    print(f"{len(found)} vectors of {found.shape[1]} columns, the same as in memory: {same}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""A small Spark of this machine, for the tests that run on it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pyspark.sql import SparkSession

__all__ = ["ON_SPARK", "local_spark"]

ON_SPARK = [
    pytest.mark.needs_java,
    # PySpark's own, against a newer pandas; what travels here is Arrow.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated:DeprecationWarning"),
]

_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    # A short life: a compiler that starts fast, where Spark's own wants to run for hours.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    # Tiny partitions would be made one.
    "spark.sql.adaptive.enabled": "false",
}


@contextmanager
def local_spark() -> Iterator[SparkSession]:
    """Start a session on two cores, and stop it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        # Spark's workers are processes of their own: they have to find the package and the tests.
        patch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
        session = SparkSession.builder.master("local[2]").config(map=_SETTINGS).getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()

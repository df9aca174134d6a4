"""Fixtures of both engines, for tests that use only the protocol."""

from dataclasses import replace

import pytest

from lakeward.core.settings import Settings
from lakeward.engines import open_engine

ENGINES = ("embedded", pytest.param("spark", marks=pytest.mark.spark))
# Of what has hundreds of small cases, each of which costs Spark seconds.
ALL_ENGINES = ("embedded", pytest.param("spark", marks=[pytest.mark.spark, pytest.mark.exhaustive]))
# Small: the machine that tests has other tests to run. Java's second compiler pays back after minutes only.
CONF = {
    "spark.driver.memory": "1g",
    "spark.ui.enabled": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.shuffle.partitions": "2",
}


def open_engine_named(name, lake):
    """The engine called `name`, with two cores where it is Spark's; its context is the process's, and stays."""
    found = Settings.load().spark
    return open_engine(name, lake, spark=replace(found, master="local[2]", conf=CONF | dict(found.conf)))

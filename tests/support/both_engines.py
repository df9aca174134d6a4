"""Both engines, for tests that speak the protocol alone and run over each."""

import pytest

from lakeward.core.settings import Settings
from lakeward.engines import open_engine

ENGINES = ("embedded", pytest.param("spark", marks=pytest.mark.spark))
# Of what has hundreds of small cases, each of which costs Spark seconds.
ALL_ENGINES = ("embedded", pytest.param("spark", marks=[pytest.mark.spark, pytest.mark.exhaustive]))
# Small: the machine that tests has other tests to run.
CONF = {"spark.driver.memory": "1g", "spark.ui.enabled": "false"}


def opened(name, lake):
    """The engine called `name`, with two cores where it is Spark's; its context is the process's, and stays."""
    found = Settings.load().spark
    return open_engine(name, lake, spark=type(found)("local[2]", found.jars, CONF | dict(found.conf), found.java_home))

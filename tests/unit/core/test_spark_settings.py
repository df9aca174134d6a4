"""What the environment says of Spark: where the jars lie, who says the master, and which settings win."""

from pathlib import Path

import pytest

from lakeward.core.errors import SettingsError
from lakeward.core.settings import Settings


def spark(**environ):
    return Settings.load(environ=environ).spark


def test_jars_lie_in_the_cache_of_the_user_unless_a_folder_is_named():
    assert spark(HOME="/h").jars == Path("/h/.cache/lakeward/spark")
    assert spark(HOME="/h", XDG_CACHE_HOME="/cache").jars == Path("/cache/lakeward/spark")
    assert spark(HOME="/h", LAKEWARD_SPARK_JARS="/stick").jars == Path("/stick")


def test_a_cluster_may_have_them_already_and_what_is_submitted_gets_them_from_its_command_line():
    assert spark(LAKEWARD_SPARK_JARS="cluster").jars is None
    assert (spark(PYSPARK_GATEWAY_PORT="1").jars, spark(PYSPARK_GATEWAY_PORT="1").master) == (None, None)


def test_this_machine_is_the_master_unless_another_is_named():
    assert spark().master == "local[*]"
    assert spark(LAKEWARD_SPARK_MASTER="spark://m:7077", PYSPARK_GATEWAY_PORT="1").master == "spark://m:7077"


def test_settings_of_spark_are_pairs():
    told = spark(LAKEWARD_SPARK_CONF="spark.executor.memory=4g; spark.driver.extraJavaOptions=-Da=b -Dc=d")
    assert told.conf == {"spark.executor.memory": "4g", "spark.driver.extraJavaOptions": "-Da=b -Dc=d"}
    with pytest.raises(SettingsError, match="name=value"):
        spark(LAKEWARD_SPARK_CONF="4g")


def test_java_and_the_connection_of_airflow_are_optional():
    assert (spark().java_home, spark().submit) == (None, None)
    assert spark(JAVA_HOME="/java").java_home == Path("/java")
    assert spark(LAKEWARD_SPARK_SUBMIT="plant").submit == "plant"


def test_no_engine_is_chosen_until_somebody_chooses_one():
    assert Settings.load(environ={}).engine is None
    assert Settings.load(environ={"LAKEWARD_ENGINE": "spark"}).engine == "spark"
    with pytest.raises(SettingsError, match="embedded, spark"):
        Settings.load(environ={"LAKEWARD_ENGINE": "flink"})

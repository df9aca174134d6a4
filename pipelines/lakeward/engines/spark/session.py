"""One Spark context per process, and one session per engine. Works offline and does not change an existing session.

Settings that affect results (zone, ANSI mode, case) are always set on our session, settings of speed only if not set already.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from lakeward.core.errors import MachineError
from lakeward.core.settings import SparkSettings
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.options import S3Options
from lakeward.engines.spark.jars import check_store_jars, installed_jars
from lakeward.engines.spark.machine import check_master, find_java
from lakeward.engines.spark.object_store import open_store

_DELTA = "io.delta.sql.DeltaSparkSessionExtension"
_STATIC_SETTINGS = {
    "spark.sql.extensions": _DELTA,
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.ui.showConsoleProgress": "false",
    # Spark creates this folder, by default in the current one, although nothing is stored there.
    "spark.sql.warehouse.dir": str(Path(tempfile.gettempdir()) / "lakeward-spark-warehouse"),
}
# A local driver needs no name service, and listens only locally.
_LOCAL_SETTINGS = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false"}
# ANSI mode raises like DuckDB, instead of a silent NULL or an overflow.
_SEMANTIC_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    # Old versions with existing files can be read, whatever the table's retention properties.
    "spark.databricks.delta.vacuum.enforceTimeTravelWithinDeletedFileRetentionDuration": "false",
}
# Spark's defaults are for a cluster: with 50 partitions of a Delta snapshot, an append to a small table takes 13 s.
_SPEED_SETTINGS = {"spark.databricks.delta.snapshotPartitions": "2", "spark.sql.parquet.compression.codec": "zstd"}
# Loggers of the driver, and of executors in its process.
_QUOTING_LOGGERS = (
    "org.apache.spark.executor.Executor",
    "org.apache.spark.scheduler.TaskSetManager",
    "org.apache.spark.sql.execution.datasources.FileFormatWriter",
    "org.apache.spark.sql.errors.QueryExecutionErrors",
)
_STDERR = 2  # the descriptor that a child inherits, whatever `sys.stderr` is
_LOCAL_SPEED_SETTINGS = {"spark.sql.shuffle.partitions": "4"}


def open_session(settings: SparkSettings, lake: Lake | None = None) -> SparkSession:
    """A new session of the process's context, which is started if there is none.

    Args:
        lake: Where its tables lie; None for a session without tables.

    Raises:
        MachineError: Spark does not start, or the running context lacks Delta, or the client of the lake's store.
    """
    options = lake.options if lake and isinstance(lake.options, S3Options) else None
    if options:
        check_store_jars(settings.jars)
    running = SparkSession.getActiveSession() or _start_spark(settings)
    session = running.newSession()
    if _DELTA not in str(session.conf.get("spark.sql.extensions", "")):
        raise MachineError("spark_without_delta", expected=_DELTA)
    for name, value in _SEMANTIC_SETTINGS.items():
        session.conf.set(name, value)
    for name, value in (_SPEED_SETTINGS | (_LOCAL_SPEED_SETTINGS if _is_local(session) else {})).items():
        if name not in settings.conf and not _is_set(session, name):
            session.conf.set(name, value)
    _silence_loggers(session)
    if lake and options:
        open_store(session, lake, options)
    return session


def _start_spark(settings: SparkSettings) -> SparkSession:
    if settings.master:  # spark-submit has already started Java and found its master
        find_java(settings.java_home)
        check_master(settings.master)
    builder = SparkSession.builder.appName("lakeward")
    own = _STATIC_SETTINGS | _jar_settings(settings.jars) | dict(settings.conf)
    if settings.master:
        builder = builder.master(settings.master)
        own = (_LOCAL_SETTINGS if settings.master.startswith("local") else {}) | own
    for name, value in own.items():
        builder = builder.config(name, value)
    try:
        with nullcontext() if settings.verbose else _silent_stderr():
            return builder.getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise MachineError("spark_not_started", master=settings.master or "-") from error


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Java says things before any setting of Spark holds; a process that is started here has no error stream for all its life."""
    sys.stderr.flush()
    kept, nowhere = os.dup(_STDERR), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
        os.close(nowhere)


def _silence_loggers(session: SparkSession) -> None:
    """Log errors only, and disable loggers that quote values."""
    session.sparkContext.setLogLevel("ERROR")
    gateway: Any = session.sparkContext._gateway  # noqa: SLF001 (pyspark has no other door to the JVM)
    log4j = gateway.jvm.org.apache.logging.log4j
    for name in _QUOTING_LOGGERS:
        log4j.core.config.Configurator.setLevel(name, log4j.Level.OFF)
    PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True


def _jar_settings(folder: Path | None) -> dict[str, str]:
    found = installed_jars(folder)
    return {"spark.jars": ",".join(map(str, found))} if found else {}


def _is_local(session: SparkSession) -> bool:
    return str(session.sparkContext.master).startswith("local")


def _is_set(session: SparkSession, name: str) -> bool:
    """Whether the user set it: on the command line, in spark-defaults, or on an existing session."""
    return session.sparkContext.getConf().contains(name)

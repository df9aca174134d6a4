"""External writers with delta-spark, which know neither Lakeward's transactions nor the fence."""

import json
import time
import uuid
from pathlib import Path

from pyspark.sql import SparkSession

from lakeward.engines.delta.commits import commit_actions
from support.both_engines import CONF
from support.object_stores import options
from support.small_tables import folder


def run_delta_sql(spark, lake, statement):
    """Run a statement of Delta's own on the table; `{table}` names it."""
    spark.sql(statement.format(table=f"delta.`{folder(lake)}`")).collect()


def append_as_stranger(endpoint, url, jars, count):
    """Append one row at a time to a table in an object store by Spark alone, with the log store that is in one of the jars."""
    conf = {
        "spark.jars": ",".join(map(str, jars)),
        "spark.delta.logStore.s3a.impl": "ConditionalLogStore",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        **{f"spark.hadoop.fs.s3a.{name}": value for name, value in options(endpoint).hadoop().items()},
        **CONF,
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in conf.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    for number in range(count):
        rows = f"SELECT {10_000 + number}L AS id, CAST(NULL AS TIMESTAMP) AS ts, 0D AS `温度`, CAST(0 AS DECIMAL(18, 4)) AS cost, '' AS note"
        spark.sql(rows).write.format("delta").mode("append").save(url.replace("s3://", "s3a://"))
    return count


def create_external_table(spark, lake, name, columns, rows, properties=""):
    """A table that Spark makes and fills by itself."""
    table = f"delta.`{Path(lake) / 'silver' / name}`"
    spark.sql(f"CREATE TABLE {table} ({columns}) USING delta TBLPROPERTIES ({properties or _PLAIN})")
    spark.sql(f"INSERT INTO {table} {rows}")
    return table


def require_newer_protocol(lake, name):
    """Let a commit ask for a feature that nobody knows yet."""
    log = Path(lake) / "silver" / name / "_delta_log"
    features = ["fromTomorrow"]
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features, "writerFeatures": features}
    (log / f"{len(list(log.glob('*.json'))):020}.json").write_text(json.dumps({"protocol": protocol}) + "\n")


class OlderTransaction:
    """A transaction of Delta's in Spark that began before what comes next: it compacts one file, as OPTIMIZE would commit it."""

    def __init__(self, spark, lake):
        self._jvm = spark._jvm
        self._lake = lake
        path = self._jvm.org.apache.hadoop.fs.Path(str(folder(lake)))
        log = self._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, path)
        self._txn = log.startTransaction()
        self._version = self._txn.readVersion()
        # What a transaction read is what it is refused for.
        self._txn.filterFiles()

    def commit(self, add):
        """Replace the file of this action by a copy of itself, rows unchanged."""
        name = f"part-{uuid.uuid4()}.parquet"
        (folder(self._lake) / name).write_bytes((folder(self._lake) / add["path"]).read_bytes())
        now = time.time_ns() // 1_000_000
        remove = {"path": add["path"], "deletionTimestamp": now, "dataChange": False}
        actions_json = [{"add": {**add, "path": name, "dataChange": False}}, {"remove": remove}]
        parsed = [self._jvm.org.apache.spark.sql.delta.actions.Action.fromJson(json.dumps(one)) for one in actions_json]
        listed = self._jvm.java.util.ArrayList()
        for one in parsed:
            listed.add(one)
        seq = self._jvm.scala.jdk.javaapi.CollectionConverters.asScala(listed).toSeq()
        operation = getattr(self._jvm.org.apache.spark.sql.delta, "DeltaOperations$ManualUpdate$")
        self._txn.commit(seq, getattr(operation, "MODULE$"))


def first_add(lake, version):
    """The first file that a version added."""
    return next(action["add"] for action in commit_actions(folder(lake), version) if "add" in action)


_PLAIN = "'delta.enableDeletionVectors'='false'"

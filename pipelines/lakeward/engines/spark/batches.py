"""The rows of one batch, read from its own files: for its scan Delta runs a job over the log, which costs a small batch most of its time.

Refuses tables whose files are not plain Parquet, batches of many files, and files that mix batches: those are Delta's to read.
"""

from pathlib import Path
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession
from sqlglot import exp

from lakeward.core.names import TableName
from lakeward.engines.delta.batch_files import batch_places, values
from lakeward.engines.delta.commits import open_table
from lakeward.engines.delta.schemas import columns_of, features
from lakeward.engines.protocols import TableSpec
from lakeward.engines.spark.data_rows import data_rows

# More files Spark looks up by a job of its own (`spark.sql.sources.parallelPartitionDiscovery.threshold`).
_MOST_FILES = 32


def batch_asked(table: exp.Table) -> int | None:
    """The batch whose rows alone are read from the table: `FROM table WHERE _batch_seq = n`."""
    select = table.parent.parent if isinstance(table.parent, exp.From) else None
    where = select.args.get("where") if select and not select.args.get("joins") else None
    equal = where.this if where else None
    if not isinstance(equal, exp.EQ) or not isinstance(equal.this, exp.Column) or equal.this.name != "_batch_seq":
        return None
    return int(equal.expression.name) if equal.expression.is_int else None


def batch_rows(spark: SparkSession, folder: Path, name: TableName, seq: int) -> DataFrame | None:
    """All rows of the files that hold the batch and nothing else; None where Delta must be asked."""
    table = open_table(folder)
    if table is None or features(table) or table.metadata().partition_columns:
        return None
    files = table.get_add_actions(flatten=True)
    places, paths = batch_places(files, seq), values(files, "path")
    if not 0 < len(places) <= _MOST_FILES:
        return None
    own = [folder / unquote(paths[place]) for place in places]
    return data_rows(spark, own, {}, TableSpec(name, columns_of(table)))

"""A Spark session over one lake: names relations, reads the lake's tables at a version, fetches small results.

A query over governance tables alone is answered by the driver's own engine: they are small, and a Spark job costs more than they do.
"""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from sqlglot import exp

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Column, DataType
from lakeward.contracts.record_format import RecordFormat
from lakeward.contracts.types import sql_type
from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, Relation, TableName
from lakeward.core.settings import SparkSettings
from lakeward.core.sql import identifier, literal
from lakeward.engines.delta.kept_versions import kept_versions
from lakeward.engines.embedded.engine import EmbeddedEngine
from lakeward.engines.protocols import NOTHING, Attached, Outside, Staged
from lakeward.engines.spark.dialect import to_spark
from lakeward.engines.spark.exporting import write_one
from lakeward.engines.spark.faults import FAILURES, spark_faults
from lakeward.engines.spark.keeping import is_repeatable, kept_in_memory, kept_on_disk
from lakeward.engines.spark.outside import is_for_executors, placed_rows
from lakeward.engines.spark.queries import lake_table, looked_at, parsed, sources, written
from lakeward.engines.spark.results import fetched
from lakeward.engines.spark.session import open_session
from lakeward.engines.spark.shapes import Shapes
from lakeward.engines.spark.staging.stage import is_for_executors as is_text_for_executors
from lakeward.engines.spark.staging.stage import stage
from lakeward.engines.spark.types import duck_name, from_spark, quoted
from lakeward.engines.text.reading import STAGED_REJECTS, STAGED_ROWS


class Relations:
    """`QueryEngine` on Spark.

    Args:
        lake: Folder of the tables; made where it is missing.
        memory_limit: Of the driver's own engine, as DuckDB writes sizes.

    Raises:
        UsageError: The lake is not a folder.
        MachineError: The lake can't be written, or Spark does not start.
    """

    def __init__(self, lake: str, settings: SparkSettings, memory_limit: str | None = None) -> None:
        self._control = EmbeddedEngine(lake, memory_limit=memory_limit)
        self._lake = Path(lake).absolute()
        self.scratch = self._control.scratch
        with ExitStack() as undo:
            undo.callback(self._control.close)
            self._spark = open_session(settings)
            undo.pop_all()
        self._shapes = Shapes()
        # Relations of governance tables alone, which Spark learns of when a query of rows names them.
        self._small: set[str] = set()
        self._kept: dict[str, DataFrame] = {}

    def close(self) -> None:
        """End the session, free what it kept, and remove its scratch files; Spark itself goes on for the next engine."""
        for frame in self._kept.values():
            # What Spark failed to compute it also fails to free, and says the same again in place of the error that ends the session.
            with suppress(PySparkException, Py4JError):
                frame.unpersist()
        for view in self._spark.catalog.listTables():
            if view.isTemporary:
                self._spark.catalog.dropTempView(view.name)
        self._shapes.close()
        self._control.close()

    def stage(
        self,
        inputs: Sequence[BatchInput],
        record_format: RecordFormat,
        columns: Sequence[Column],
        stored: Mapping[str, DataType] = NOTHING,
    ) -> Staged:
        """See `QueryEngine.stage`."""
        if is_text_for_executors(inputs, columns):
            with spark_faults(self._lake):
                reports = stage(self._spark, inputs, record_format, columns, scratch=self.scratch, stored=stored)
                for relation in (STAGED_ROWS, STAGED_REJECTS):
                    self._name(relation.name, self._spark.table(relation.name))
            return Staged(STAGED_ROWS, STAGED_REJECTS, reports)
        staged = self._control.stage(inputs, record_format, columns, stored)
        for relation in (staged.rows, staged.rejects):
            self._tell(relation.name, self._as_stored(relation))
            self._small.discard(relation.name)
        return staged

    def attach(self, name: str, data: Outside) -> Attached:
        """See `QueryEngine.attach`."""
        attached = self._control.attach(name, data)
        if not is_for_executors(data, attached):
            for relation in (attached.rows, attached.placed):
                self._tell(relation.name)
                self._small.discard(relation.name)
            return attached
        names = [column.name for column in attached.columns]
        with spark_faults(self._lake):
            rows = placed_rows(self._spark, data.files, names)
            self._name(attached.placed.name, rows)
            self._name(attached.rows.name, rows.select(*map(quoted, names)))
        return attached

    def define(self, name: str, query: str) -> Relation:
        """See `QueryEngine.define`."""
        if self._is_control(query):
            relation = self._control.define(name, query)
            self._small.add(name)
            return relation
        with spark_faults(self._lake):
            self._name(name, self._frame(query))
        return Relation(name)

    def materialise(self, name: str, query: str) -> Relation:
        """See `QueryEngine.materialise`. Rows are kept when they are first read, of the versions that are the newest now."""
        if self._is_control(query):
            relation = self._control.materialise(name, query)
            self._small.add(name)
            return relation
        with spark_faults(self._lake):
            frame = self._frame(query)
            if not is_repeatable(looked_at(query)):
                self._name(name, kept_on_disk(frame, self.scratch))
                return Relation(name)
            rows, kept = kept_in_memory(frame)
            self._name(name, rows)
        self._kept[name] = kept
        return Relation(name)

    def fetch(self, query: str, at: Mapping[TableName, int] | None = None) -> list[dict[str, Any]]:
        """See `QueryEngine.fetch`."""
        if self._is_control(query):
            return self._control.fetch(query, at)
        with spark_faults(self._lake), kept_versions(self._lake, at, FAILURES):
            return fetched(self._frame(query, at))

    def types(self, relation: Relation | TableName) -> dict[str, DataType]:
        """See `QueryEngine.types`."""
        if self._is_control(f"SELECT * FROM {relation}"):
            return self._control.types(relation)
        if isinstance(relation, TableName) and (info := self._control.info(relation)):
            return {column.name: column.type for column in info.columns}
        with spark_faults(self._lake):
            fields = self._frame(f"SELECT * FROM {relation}").schema.fields
        return {field.name: from_spark(field.dataType) for field in fields}

    def constant(self, text: str) -> str:
        """See `QueryEngine.constant`."""
        return literal(text)

    def literal_rows(self, columns: Mapping[str, DataType], rows: Sequence[Sequence[object]]) -> str:
        """See `QueryEngine.literal_rows`."""
        return self._control.literal_rows(columns, rows)

    def export(self, query: str, file: Path) -> int:
        """See `QueryEngine.export`."""
        if self._is_control(query):
            return self._control.export(query, file)
        with spark_faults(self._lake):
            return write_one(self._frame(query), file)

    def _folder(self, table: TableName) -> Path:
        return self._lake / table.layer / table.name

    def _frame(self, query: str, at: Mapping[TableName, int] | None = None) -> DataFrame:
        tree, versions = parsed(query), at or {}
        self._keep(tree)
        named = list(sources(tree))
        for stored in {name for table in named if (name := lake_table(table))}:
            self._shapes.table(stored, self._stored(stored))
        for small in self._small & {table.name for table in named if not lake_table(table)}:
            self._tell(small)
        return self._spark.sql(to_spark(tree, self._shapes, lambda table: self._scan(table, versions.get(table))))

    def _keep(self, tree: exp.Expr) -> None:
        """Run what is `AS MATERIALIZED` once: Spark would run it wherever it is named."""
        for cte in tree.find_all(exp.CTE):
            if cte.args.get("materialized"):
                kept = self.materialise(f"__kept_{uuid.uuid4().hex}", written(cte.this))
                cte.set("this", exp.select("*").from_(exp.to_identifier(kept.name)))
                cte.set("materialized", None)

    def _stored(self, name: TableName) -> dict[str, str]:
        """DuckDB's types of a stored table's columns."""
        if (info := self._control.info(name)) is None:
            raise UsageError("table_not_found", table=name)
        return {column.name: sql_type(column.type) for column in info.columns}

    def _as_stored(self, relation: Relation) -> str:
        """Items of a SELECT: the relation's columns in types that tables have, which Spark has too."""
        types = self._control.types(relation)
        return ", ".join(f"CAST({identifier(c)} AS {sql_type(type_)}) AS {identifier(c)}" for c, type_ in types.items())

    def _tell(self, name: str, items: str = "*") -> None:
        """Give Spark the rows that the driver's own engine has under the name now."""
        file = self.scratch / f"{name}_{uuid.uuid4()}.parquet"
        self._control.export(f"SELECT {items} FROM {identifier(name)}", file)
        with spark_faults(self._lake):
            self._name(name, self._spark.read.parquet(str(file)))
        self._small.add(name)

    def _name(self, name: str, frame: DataFrame) -> None:
        frame.createOrReplaceTempView(name)
        self._shapes.relation(name, {field.name: duck_name(field.dataType) for field in frame.schema.fields})
        self._small.discard(name)
        if name in self._kept:
            self._kept.pop(name).unpersist()

    def _scan(self, table: TableName, version: int | None) -> str:
        folder = self._folder(table)
        if not (folder / "_delta_log").is_dir():
            raise UsageError("table_not_found", table=table)
        path = str(folder).replace("`", "``")
        return f"delta.`{path}`" + ("" if version is None else f" VERSION AS OF {version}")

    def _is_control(self, query: str) -> bool:
        """Whether all that the query reads is small: governance tables, and relations made of them."""
        return all(self._is_small(lake_table(table), table.name) for table in sources(looked_at(query)))

    def _is_small(self, table: TableName | None, name: str) -> bool:
        return table.layer is Layer.GOVERNANCE if table else name in self._small

"""A Spark session over one lake: names relations, reads the lake's tables at a version, fetches small results.

A query over only governance tables runs in the driver's embedded engine: they are small, and a Spark job costs more.
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
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.time_travel import translate_missing_versions
from lakeward.engines.embedded.engine import EmbeddedEngine
from lakeward.engines.embedded.literals import literal_rows
from lakeward.engines.external import AttachedData, ExternalData, Staged
from lakeward.engines.spark.caching import cache_in_memory, cache_on_disk, is_repeatable
from lakeward.engines.spark.dialect import to_spark
from lakeward.engines.spark.export import write_single_file
from lakeward.engines.spark.external_data import is_for_executors, rows_with_ids
from lakeward.engines.spark.faults import FAILURES, spark_faults
from lakeward.engines.spark.object_store import spark_path
from lakeward.engines.spark.queries import lake_table, parse, parse_cached, table_references, to_duckdb
from lakeward.engines.spark.results import collect_rows
from lakeward.engines.spark.session import open_session
from lakeward.engines.spark.staging.stage import is_for_executors as is_text_for_executors
from lakeward.engines.spark.staging.stage import stage
from lakeward.engines.spark.type_resolver import TypeResolver
from lakeward.engines.spark.types import duckdb_type_name, from_spark, quote_identifier
from lakeward.engines.tables import NO_STORED_TYPES
from lakeward.engines.text.staging_queries import STAGED_REJECTS, STAGED_ROWS


class SparkQueryEngine:
    """`QueryEngine` on Spark.

    Args:
        lake: Where the tables lie, in a folder, which is created if missing, or an S3-compatible store.
        memory_limit: Memory limit of the driver's embedded engine, in DuckDB's notation.

    Raises:
        MachineError: The lake can't be written, or Spark does not start.
    """

    def __init__(self, lake: Lake | str, settings: SparkSettings, memory_limit: str | None = None) -> None:
        self._driver_engine = EmbeddedEngine(lake, memory_limit=memory_limit)
        self._lake = self._driver_engine.lake.root()
        self.scratch = self._driver_engine.scratch
        with ExitStack() as undo:
            undo.callback(self._driver_engine.close)
            self._spark = open_session(settings, self._driver_engine.lake)
            undo.pop_all()
        self._shapes = TypeResolver()
        # Relations over only governance tables; they are copied to Spark when a query of rows uses them.
        self._driver_relations: set[str] = set()
        self._cached_frames: dict[str, DataFrame] = {}

    def protect_spills(self) -> None:
        """See `QueryEngine.protect_spills`. Of Spark's own files: a declared gap."""
        self._driver_engine.protect_spills()

    def close(self) -> None:
        """End the session, free its caches, and remove its scratch files; Spark keeps running for the next engine."""
        for frame in self._cached_frames.values():
            # Spark can't free a failed computation either, and its error would replace the one that ends the session.
            with suppress(PySparkException, Py4JError):
                frame.unpersist()
        for view in self._spark.catalog.listTables():
            if view.isTemporary:
                self._spark.catalog.dropTempView(view.name)
        self._shapes.close()
        self._driver_engine.close()

    def stage(
        self,
        inputs: Sequence[BatchInput],
        record_format: RecordFormat,
        columns: Sequence[Column],
        stored: Mapping[str, DataType] = NO_STORED_TYPES,
    ) -> Staged:
        """See `QueryEngine.stage`."""
        if is_text_for_executors(inputs, columns):
            with spark_faults(self._lake):
                reports = stage(self._spark, inputs, record_format, columns, scratch=self.scratch, stored=stored)
                for relation in (STAGED_ROWS, STAGED_REJECTS):
                    self._register(relation.name, self._spark.table(relation.name))
            return Staged(STAGED_ROWS, STAGED_REJECTS, reports)
        staged = self._driver_engine.stage(inputs, record_format, columns, stored)
        for relation in (staged.rows, staged.rejects):
            self._copy_to_spark(relation.name, self._cast_items(relation))
            self._driver_relations.discard(relation.name)
        return staged

    def attach(self, name: str, data: ExternalData) -> AttachedData:
        """See `QueryEngine.attach`."""
        attached = self._driver_engine.attach(name, data)
        if not is_for_executors(data, attached):
            for relation in (attached.rows, attached.placed):
                self._copy_to_spark(relation.name)
                self._driver_relations.discard(relation.name)
            return attached
        names = [column.name for column in attached.columns]
        with spark_faults(self._lake):
            rows = rows_with_ids(self._spark, data.files, names)
            self._register(attached.placed.name, rows)
            self._register(attached.rows.name, rows.select(*map(quote_identifier, names)))
        return attached

    def define(self, name: str, query: str) -> Relation:
        """See `QueryEngine.define`."""
        if self._is_driver_query(query):
            relation = self._driver_engine.define(name, query)
            self._driver_relations.add(name)
            return relation
        with spark_faults(self._lake):
            self._register(name, self._frame(query))
        return Relation(name)

    def materialise(self, name: str, query: str) -> Relation:
        """See `QueryEngine.materialise`. Rows are cached at first read, from the newest versions at this call."""
        if self._is_driver_query(query):
            relation = self._driver_engine.materialise(name, query)
            self._driver_relations.add(name)
            return relation
        with spark_faults(self._lake):
            frame = self._frame(query)
            if not is_repeatable(parse_cached(query)):
                self._register(name, cache_on_disk(frame, self.scratch))
                return Relation(name)
            rows, kept = cache_in_memory(frame)
            self._register(name, rows)
        self._cached_frames[name] = kept
        return Relation(name)

    def fetch(self, query: str, at: Mapping[TableName, int] | None = None) -> list[dict[str, Any]]:
        """See `QueryEngine.fetch`."""
        if self._is_driver_query(query):
            return self._driver_engine.fetch(query, at)
        with spark_faults(self._lake), translate_missing_versions(self._lake, at, FAILURES):
            return collect_rows(self._frame(query, at))

    def types(self, relation: Relation | TableName) -> dict[str, DataType]:
        """See `QueryEngine.types`."""
        if self._is_driver_query(f"SELECT * FROM {relation}"):
            return self._driver_engine.types(relation)
        if isinstance(relation, TableName) and (info := self._driver_engine.info(relation)):
            return {column.name: column.type for column in info.columns}
        with spark_faults(self._lake):
            fields = self._frame(f"SELECT * FROM {relation}").schema.fields
        return {field.name: from_spark(field.dataType) for field in fields}

    def constant(self, text: str) -> str:
        """See `QueryEngine.constant`."""
        return literal(text)

    def literal_rows(self, columns: Mapping[str, DataType], rows: Sequence[Sequence[object]]) -> str:
        """See `QueryEngine.literal_rows`."""
        return literal_rows(columns, rows)

    def export(self, query: str, file: Path) -> int:
        """See `QueryEngine.export`."""
        if self._is_driver_query(query):
            return self._driver_engine.export(query, file)
        with spark_faults(self._lake):
            return write_single_file(self._frame(query), file)

    def _folder(self, table: TableName) -> LakePath:
        return self._lake / table.layer / table.name

    def _frame(self, query: str, at: Mapping[TableName, int] | None = None) -> DataFrame:
        tree, versions = parse(query), at or {}
        self._cache_ctes(tree)
        named = list(table_references(tree))
        for stored in {name for table in named if (name := lake_table(table))}:
            self._shapes.add_table(stored, self._stored_types(stored))
        for small in self._driver_relations & {table.name for table in named if not lake_table(table)}:
            self._copy_to_spark(small)
        return self._spark.sql(to_spark(tree, self._shapes, lambda table: self._scan(table, versions.get(table))))

    def _cache_ctes(self, tree: exp.Expr) -> None:
        """Run CTEs `AS MATERIALIZED` once: Spark would run them at every use."""
        for cte in tree.find_all(exp.CTE):
            if cte.args.get("materialized"):
                kept = self.materialise(f"__kept_{uuid.uuid4().hex}", to_duckdb(cte.this))
                cte.set("this", exp.select("*").from_(exp.to_identifier(kept.name)))
                cte.set("materialized", None)

    def _stored_types(self, name: TableName) -> dict[str, str]:
        """DuckDB's types of a stored table's columns."""
        if (info := self._driver_engine.info(name)) is None:
            raise UsageError("table_not_found", table=name)
        return {column.name: sql_type(column.type) for column in info.columns}

    def _cast_items(self, relation: Relation) -> str:
        """SELECT items of the relation's columns, cast to types of tables, which Spark also has."""
        types = self._driver_engine.types(relation)
        return ", ".join(f"CAST({identifier(c)} AS {sql_type(type_)}) AS {identifier(c)}" for c, type_ in types.items())

    def _copy_to_spark(self, name: str, items: str = "*") -> None:
        """Copy a relation of the driver's engine to Spark."""
        file = self.scratch / f"{name}_{uuid.uuid4()}.parquet"
        self._driver_engine.export(f"SELECT {items} FROM {identifier(name)}", file)
        with spark_faults(self._lake):
            self._register(name, self._spark.read.parquet(str(file)))
        self._driver_relations.add(name)

    def _register(self, name: str, frame: DataFrame) -> None:
        frame.createOrReplaceTempView(name)
        self._shapes.add_relation(name, {field.name: duckdb_type_name(field.dataType) for field in frame.schema.fields})
        self._driver_relations.discard(name)
        if name in self._cached_frames:
            self._cached_frames.pop(name).unpersist()

    def _scan(self, table: TableName, version: int | None) -> str:
        if not self._driver_engine.exists(table):
            raise UsageError("table_not_found", table=table)
        path = spark_path(self._folder(table)).replace("`", "``")
        return f"delta.`{path}`" + ("" if version is None else f" VERSION AS OF {version}")

    def _is_driver_query(self, query: str) -> bool:
        """Whether the query reads only governance tables, and relations over them."""
        return all(self._is_driver_relation(lake_table(table), table.name) for table in table_references(parse_cached(query)))

    def _is_driver_relation(self, table: TableName | None, name: str) -> bool:
        return table.layer is Layer.GOVERNANCE if table else name in self._driver_relations

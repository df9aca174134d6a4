"""A DuckDB session over one lake: names relations, reads the lake's tables at a version, fetches small results.

Works offline: the Delta extension is loaded from its wheel.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Column, DataType
from lakeward.contracts.record_format import RecordFormat
from lakeward.contracts.types import from_sql
from lakeward.core.clock import with_instants
from lakeward.core.errors import UsageError
from lakeward.core.names import Relation, TableName
from lakeward.core.sql import identifier, literal
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.table_files import LOG
from lakeward.engines.delta.time_travel import translate_missing_versions
from lakeward.engines.embedded import literals, spills
from lakeward.engines.embedded.databases import leave_database, open_database
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.embedded.progress import hide_progress_bar
from lakeward.engines.embedded.scans import delta_scan
from lakeward.engines.embedded.scratch import ScratchFolder
from lakeward.engines.embedded.table_references import resolve_tables
from lakeward.engines.embedded.wide_rows import create_table, planned_for, planned_once
from lakeward.engines.external import AttachedData, ExternalData, Staged
from lakeward.engines.tables import NO_STORED_TYPES
from lakeward.engines.text.staging_queries import STAGED_REJECTS, STAGED_ROWS

_INSTANT = "TIMESTAMP WITH TIME ZONE"
# A partition value whose file is closed early gets a second file. DuckDB's default is 100; a process can usually open 1024.
_OPEN_FILES = 900


class EmbeddedSession:
    """`QueryEngine` on DuckDB.

    Args:
        lake: Where the tables lie; a folder is created if missing.
        memory_limit: In DuckDB's notation; None for DuckDB's default, 80 % of the machine.
        beside: A connection whose database this session shares, with its memory limit; None for a database of its own.

    Raises:
        MachineError: The lake can't be written, or the extra `s3` is missing.
    """

    def __init__(self, lake: Lake, memory_limit: str | None = None, *, beside: duckdb.DuckDBPyConnection | None = None) -> None:
        self.lake, self._lake = lake, lake.root()
        self._kinds: dict[str, str] = {}
        # Of a lake in a folder inside it, since spilled rows are as large and as confidential as the tables.
        with machine_faults(lake.files):
            self._scratch = ScratchFolder(lake.files)
            self.scratch = self._scratch.path
            database = beside or open_database(self.scratch, memory_limit, lake)
            self._con = _set_up(database.cursor())
        self._own = None if beside else database
        self._can_be_left = not (memory_limit or lake.options)

    def close(self) -> None:
        """End the session and remove its scratch files."""
        self._con.close()
        ended, self._own = self._own, None
        if ended and self._can_be_left:
            leave_database(ended)
        elif ended:
            ended.close()
        self._scratch.close()

    def protect_spills(self) -> None:
        """See `QueryEngine.protect_spills`."""
        self._can_be_left = False
        with machine_faults(self._lake):
            spills.protect_spills(self._con)

    def stage(
        self,
        inputs: Sequence[BatchInput],
        record_format: RecordFormat,
        columns: Sequence[Column],
        stored: Mapping[str, DataType] = NO_STORED_TYPES,
    ) -> Staged:
        """See `QueryEngine.stage`."""
        from lakeward.engines.embedded import staging  # noqa: PLC0415 -- readers of four formats, which a query does without

        with machine_faults(self._lake):
            reports = staging.stage(self._con, inputs, record_format, columns, scratch=self.scratch, stored=stored)
        return Staged(STAGED_ROWS, STAGED_REJECTS, reports)

    def attach(self, name: str, data: ExternalData) -> AttachedData:
        """See `QueryEngine.attach`."""
        from lakeward.engines.embedded import external_data  # noqa: PLC0415 -- as above

        return external_data.attach(self._con, name, data, self._lake)

    def define(self, name: str, query: str) -> Relation:
        """See `QueryEngine.define`."""
        self._drop_other(name, "VIEW")
        with machine_faults(self._lake):
            self._con.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS {self._resolve(query)}")
        return Relation(name)

    def materialise(self, name: str, query: str) -> Relation:
        """See `QueryEngine.materialise`."""
        self._drop_other(name, "TABLE")
        with machine_faults(self._lake):
            create_table(self._con, identifier(name), self._resolve(query))
        return Relation(name)

    def fetch(self, query: str, at: Mapping[TableName, int] | None = None) -> list[dict[str, Any]]:
        """See `QueryEngine.fetch`. Times (not inside lists) are fetched as microseconds: DuckDB's conversion needs pytz."""
        text = self._resolve(query, at)
        with machine_faults(self._lake), translate_missing_versions(self._lake, at, duckdb.Error):
            text = planned_once(self._con, text)
            rows = self._con.sql(text)
            instants = [index for index, type_ in enumerate(rows.types) if str(type_) == _INSTANT]
            names = rows.columns
            if instants:
                items = (f"epoch_us({c})" if index in instants else c for index, c in enumerate(_aliases(names)))
                text = f"SELECT {', '.join(items)} FROM ({text}) AS t({', '.join(_aliases(names))})"
            with planned_for(self._con, len(names)):
                found = self._con.execute(text).fetchall()
        return [dict(zip(names, with_instants(row, instants), strict=True)) for row in found]

    def types(self, relation: Relation | TableName) -> dict[str, DataType]:
        """See `QueryEngine.types`."""
        with machine_faults(self._lake):
            rows = self._con.sql(self._resolve(f"SELECT * FROM {relation}"))
        return {name: from_sql(str(type_)) for name, type_ in zip(rows.columns, rows.types, strict=True)}

    def constant(self, text: str) -> str:
        """See `QueryEngine.constant`. An enumeration: a column of 10 M texts costs 0.36 s of CPU to write, of this type 0.03 s."""
        return f"{literal(text)}::ENUM({literal(text)})"

    def literal_rows(self, columns: Mapping[str, DataType], rows: Sequence[Sequence[object]]) -> str:
        """See `QueryEngine.literal_rows`."""
        return literals.many_literal_rows(columns, rows)

    def export(self, query: str, file: Path) -> int:
        """See `QueryEngine.export`."""
        with machine_faults(self._lake):
            copied = self._con.execute(f"COPY ({self._resolve(query)}) TO {literal(str(file))} (FORMAT parquet)").fetchall()
        return int(copied[0][0])

    def _folder(self, table: TableName) -> LakePath:
        return self._lake / table.layer / table.name

    def _scan(self, table: TableName, version: int | None = None) -> str:
        folder = self._folder(table)
        if not self._has_table(folder):
            raise UsageError("table_not_found", table=table)
        return delta_scan(folder, version)

    def _has_table(self, folder: LakePath) -> bool:
        return (folder / LOG).is_dir()

    def _resolve(self, query: str, at: Mapping[TableName, int] | None = None) -> str:
        if isinstance(query, literals.LiteralRows):
            return query
        versions = at or {}
        return resolve_tables(query, lambda table: self._scan(table, versions.get(table)))

    def _drop_other(self, name: str, kind: str) -> None:
        """Drop the relation of that name if it is of the other kind, which `CREATE OR REPLACE` does not replace."""
        stored = self._kinds.get(name, kind)
        if stored != kind:
            self._con.execute(f"DROP {stored} IF EXISTS {identifier(name)}")
        self._kinds[name] = kind


def _set_up(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The connection with the settings that each connection has for itself."""
    hide_progress_bar(con)
    con.execute(f"SET partitioned_write_max_open_files = {_OPEN_FILES}")
    return con


def _aliases(names: Sequence[str]) -> list[str]:
    return [f"c{index}" for index in range(len(names))]

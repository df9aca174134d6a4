"""A DuckDB file of copies of governance tables and of what is computed from them, refreshed from the Delta logs.

The file is disposable: one that is of another version, another lake or damaged is deleted. One process holds it, for DuckDB has no
second one; in it several threads read, each in a transaction of its own, while one writes.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

import duckdb

from lakeward.core.clock import with_instants
from lakeward.core.dataset_names import NOT_RENAMED, NameHistory
from lakeward.core.names import Layer, TableName
from lakeward.core.sql import identifier, literal, path_literal
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.log_changes import LogPosition, appended_files, newest_position
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.embedded.file_copies import read_places
from lakeward.engines.embedded.literals import unnested_rows
from lakeward.engines.embedded.read_file_opening import lock_file, open_file, open_or_replace
from lakeward.engines.embedded.scans import delta_scan
from lakeward.engines.embedded.table_references import resolve_tables
from lakeward.engines.embedded.transactions import table_transactions
from lakeward.engines.recorded_names import as_current

# Looks at once, each of which is a request in an object store.
_LOOKS = 8
_INSTANT = "TIMESTAMP WITH TIME ZONE"
# Tables whose rows are looked up one by one, with their order in the file.
SORTED = {"verdicts": "dataset, rule_id, generation, batch_seq"}
# Readers at once: more than the processors gain no time, and each takes of the memory that all share.
READERS = 4
Cells = dict[str, Any]


class FileReading:
    """One transaction over the file: all that it reads is of the same versions."""

    def __init__(self, con: duckdb.DuckDBPyConnection, lake: LakePath, names: NameHistory = NOT_RENAMED) -> None:
        self._con, self._lake, self._names = con, lake, names
        self._known: dict[str, LogPosition] | None = None

    def fetch(self, query: str) -> list[Cells]:
        """The rows of a query over the file's tables; instants are aware UTC datetimes."""
        with machine_faults(self._lake):
            rows = self._con.execute(query)
            columns = rows.description or ()
            instants = [place for place, column in enumerate(columns) if str(column[1]) == _INSTANT]
            if instants:  # as in a session of an engine: DuckDB's own conversion needs pytz
                cells = (f"epoch_us(c{place})" if place in instants else f"c{place}" for place in range(len(columns)))
                aliases = ", ".join(f"c{place}" for place in range(len(columns)))
                rows = self._con.execute(f"SELECT {', '.join(cells)} FROM ({query}) AS t({aliases})")
            found = [with_instants(row, instants) for row in rows.fetchall()]
        names = [column[0] for column in columns]
        return [dict(zip(names, row, strict=True)) for row in found]

    def info(self, table: TableName) -> LogPosition | None:
        """Where a table stands: a governance table in the file, another one in the lake; None where it does not exist."""
        if table.layer is Layer.GOVERNANCE:
            self._known = self.positions() if self._known is None else self._known  # the same in all of the transaction
            return self._known.get(table.name)
        return newest_position(self._dataset_folder(table))

    def transactions(self, table: TableName) -> dict[str, int]:
        """Every application that committed to a table of the lake, with its last version; none without a table."""
        with machine_faults(self._lake):
            found = table_transactions(self._con, self._dataset_folder(table))
        return {self._names.current_application(app): version for app, version in found.items()}

    def _dataset_folder(self, table: TableName) -> LakePath:
        stored = self._names.stored_table(table)
        return self._lake / stored.layer / stored.name

    def positions(self) -> dict[str, LogPosition]:
        """By governance table, the version that the file's copy is of."""
        return {row["table"]: LogPosition(row["version"], row["stamp"]) for row in self.fetch("FROM positions")}

    def columns(self) -> dict[str, list[str]]:
        """By governance table of the file, its columns."""
        found = self.fetch("""SELECT table_name, list(column_name ORDER BY ordinal_position) AS columns
            FROM information_schema.columns WHERE table_schema = 'governance' GROUP BY table_name""")
        return {row["table_name"]: row["columns"] for row in found}


def _places(folder: LakePath, files: Mapping[str, int]) -> list[str]:
    """Where to read data files of a table: of an object store copies of small ones."""
    return read_places(folder, files) if isinstance(folder, RemotePath) else [str(folder / path) for path in files]


class FileWriting(FileReading):
    """The transaction of a refresh."""

    def execute(self, statement: str) -> None:
        """Run a statement."""
        with machine_faults(self._lake):
            self._con.execute(statement)

    def insert(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        """Insert rows of texts, numbers and NULL."""
        if rows:
            items = ", ".join(f"r[{place}]" for place in range(1, len(rows[0]) + 1))
            self.execute(f"INSERT INTO {table} SELECT {items} FROM ({unnested_rows(rows)})")

    def copy_table(self, name: str, position: LogPosition | None) -> None:
        """Replace the copy of governance table `name` by its rows at this position; without one the copy goes."""
        table = identifier(name)
        self.execute(f"DROP TABLE IF EXISTS governance.{table}")
        self.execute(f'DELETE FROM positions WHERE "table" = {literal(name)}')
        if position:
            order = f" ORDER BY {SORTED[name]}" if name in SORTED else ""
            scan = delta_scan(self._folder(name), position.version)
            self.execute(f"CREATE TABLE governance.{table} AS SELECT * FROM ({self._by_current_names(name, scan)}){order}")
            self._record(name, position)

    def append_new_rows(self, name: str, since: LogPosition, upto: LogPosition) -> bool:
        """Append what was added to governance table `name`; keeps these rows as `temp.added_NAME`.

        Returns:
            Whether that was possible; otherwise nothing is changed, and the table must be copied.
        """
        files = appended_files(self._folder(name), since, upto.version)
        if files is None:
            return False
        rows = f"read_parquet([{', '.join(map(path_literal, _places(self._folder(name), files)))}], union_by_name = true)"
        columns = f"SELECT * FROM governance.{identifier(name)} WHERE FALSE"
        self.execute(f"CREATE OR REPLACE TEMP TABLE {self.added_rows(name)} AS {columns}")
        if files:
            self.execute(f"INSERT INTO {self.added_rows(name)} BY NAME {self._by_current_names(name, rows)}")
        self.execute(f"INSERT INTO governance.{identifier(name)} FROM temp.{self.added_rows(name)}")
        self._record(name, upto)
        return True

    @staticmethod
    def added_rows(name: str) -> str:
        """The relation of the rows that `append_new_rows` added."""
        return identifier(f"added_{name}")

    def compute(self, target: str, query: str) -> None:
        """Replace table `target` of the file by the rows of a query over its governance tables."""
        self.execute(f"CREATE OR REPLACE TABLE {target} AS SELECT * FROM (\n{query}\n)")

    def compute_part(self, target: str, query: str, condition: str, part_of: Callable[[str], str]) -> None:
        """Replace those rows of `target` for which `condition` holds by the query over parts of the governance tables.

        Args:
            part_of: By the name of a governance table, the condition of its rows that the query sees.
        """
        narrowed = resolve_tables(query, lambda table: f"(SELECT * FROM {table} WHERE {part_of(table.name)})")
        self.execute(f"DELETE FROM {target} WHERE {condition}")
        self.execute(f"INSERT INTO {target} BY NAME SELECT * FROM (\n{narrowed}\n)")

    def _folder(self, name: str) -> LakePath:
        return self._lake / "governance" / name

    def _by_current_names(self, name: str, rows: str) -> str:
        """SELECT of recorded rows of governance table `name`, with what datasets are called now."""
        if not self._names:
            return f"SELECT * FROM {rows}"
        columns = self.fetch(f"SELECT column_name FROM (DESCRIBE FROM {rows})")
        table = TableName(Layer.GOVERNANCE, name)
        items = (as_current(self._names, table, column["column_name"]) for column in columns)
        return f"SELECT {', '.join(items)} FROM {rows} AS recorded"

    def _record(self, name: str, position: LogPosition) -> None:
        values = f"{literal(name)}, {position.version}, {literal(position.stamp)}"
        self.execute(f"INSERT OR REPLACE INTO positions VALUES ({values})")


class ReadFile:
    """The open file.

    Args:
        file: Path of the file; its folder is created, readable only by its owner.
        lake: Where the tables lie, and the names of its datasets.
        stamp: What the file is made of, besides the tables; one with another stamp is deleted.

    Raises:
        UsageError: Another process holds the file.
        MachineError: The folder can't be written, or the extra `s3` is missing.
    """

    def __init__(self, file: Path, lake: Lake, stamp: str) -> None:
        self._lake, self._place, self._file, self._names = lake.root(), lake, file, lake.names
        self._writer, self._opening = Lock(), Lock()
        self._readers = BoundedSemaphore(READERS)
        self._lock = lock_file(file)
        self._con = open_or_replace(file, f"{lake} {stamp}{lake.names.renames or ''}", lake)

    def close(self) -> None:
        """Close the file, so that another process can open it."""
        self._con.close()
        os.close(self._lock)

    def find_moves(self, tables: Sequence[str], known: dict[str, LogPosition]) -> dict[str, LogPosition | None]:
        """Those of the tables that are not where the file's copies stand, with their positions.

        Raises:
            MachineError: The lake's object store can't be reached, or refuses.
        """

        def look(name: str) -> LogPosition | None:
            return newest_position(self._lake / "governance" / name, known.get(name))

        with ThreadPoolExecutor(_LOOKS) as pool:
            now = dict(zip(tables, pool.map(look, tables), strict=True))
        return {name: position for name, position in now.items() if position != known.get(name)}

    @contextmanager
    def read(self) -> Iterator[FileReading]:
        """One transaction of a reader; it waits while as many read as there may."""
        with self._readers, self._transaction() as con:
            yield FileReading(con, self._lake, self._names)

    @contextmanager
    def write(self) -> Iterator[FileWriting]:
        """The transaction of the only writer; committed at the end, and nothing of it stays after a failure."""
        with self._writer, self._transaction() as con:
            yield FileWriting(con, self._lake, self._names)
            with machine_faults(self._lake):
                con.execute("COMMIT")

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with machine_faults(self._lake):
            con = self._begin()
        with closing(con):
            yield con

    def _begin(self) -> duckdb.DuckDBPyConnection:
        """A new transaction. After a failure inside DuckDB, which refuses each later query of its open file, the file is opened again."""
        con = self._con.cursor()
        try:
            return con.execute("BEGIN")
        except duckdb.FatalException:
            con.close()
        with self._opening:
            self._con.close()
            self._con = open_file(self._file, self._place)
            return self._con.cursor().execute("BEGIN")

"""DuckDB's hands for a compaction: reads the files of a bin and writes their rows as one, sorted. Refuses to commit."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal
from lakeward.engines.delta.compacting import Bin
from lakeward.engines.delta.data_file import DataFile, remove_files
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.protocols import TableColumn, TableSpec


@dataclass(frozen=True, slots=True)
class DuckDBPacker:
    """`Packer` of the table in `folder`. A sort that memory does not hold spills to the session's scratch folder."""

    con: duckdb.DuckDBPyConnection
    folder: Path

    def packed(self, bins: Sequence[Bin], stored: TableSpec, order_by: Sequence[str]) -> tuple[DataFile, ...]:
        """See `Packer.packed`."""
        inside = TableSpec(stored.name, tuple(column for column in stored.columns if column.name not in stored.partition_by))
        done: list[DataFile] = []
        with ExitStack() as undo:
            undo.callback(remove_files, self.folder, done)
            for each in bins:
                written = write_files(self.con, self.folder, inside, self._rows(each, inside, order_by))
                done += [replace(file, partition=each.files[0].partition) for file in written]
            undo.pop_all()
        return tuple(done)

    def _rows(self, one: Bin, inside: TableSpec, order_by: Sequence[str]) -> str:
        """SELECT of the rows. The table has no feature that asks more of a reader than Parquet's schema: a compaction looks at that first."""
        names = ", ".join(literal(str(self.folder / file.path)) for file in one.files)
        scan = f"read_parquet([{names}], hive_partitioning = false, union_by_name = true)"
        there = set(self.con.sql(f"SELECT * FROM {scan}").columns)
        items = ", ".join(_item(column, there) for column in inside.columns)
        # A column of the path has one value in a bin.
        order = ", ".join(identifier(name) for name in order_by if name in {column.name for column in inside.columns})
        return f"SELECT {items} FROM {scan}" + (f" ORDER BY {order}" if order else "")


def _item(column: TableColumn, there: set[str]) -> str:
    """The column; older files than it have none."""
    name = identifier(column.name)
    return name if column.name in there else f"CAST(NULL AS {sql_type(column.type)}) AS {name}"

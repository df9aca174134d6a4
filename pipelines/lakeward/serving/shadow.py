"""A database with empty tables of the names and types that a principal is served: answers what tools ask of catalogues, and holds nothing.

In the database of the views, catalogues would show the text of each view, with folders and masks.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import duckdb

from lakeward.core.errors import ProtectionError
from lakeward.core.sql import identifier, literal
from lakeward.engines.connections import connect
from lakeward.serving.faults import bind_faults
from lakeward.serving.functions import AllowedFunctions, allowed_functions
from lakeward.serving.guard import Guard
from lakeward.serving.parse_tree import parse
from lakeward.serving.session import BATCH_ROWS, Parameters, parameter_names
from lakeward.serving.view_database import LOCK_STATEMENTS

if TYPE_CHECKING:
    import pyarrow as pa

# Name of the one catalogue.
CATALOG = "lake"
# What can be asked; `pg_settings` and `duckdb_…` are left out, they show the machine.
METADATA = frozenset(
    [
        *(f"information_schema.{name}" for name in ("columns", "schemata", "tables", "key_column_usage", "table_constraints")),
        *(
            f"pg_catalog.{name}"
            for name in ("pg_attribute", "pg_class", "pg_description", "pg_namespace", "pg_tables", "pg_type")
        ),
    ]
)
# Functions that such questions call besides the allowed ones; here they have nothing to show.
_FUNCTIONS = frozenset(["current_catalog", "current_database", "current_schema", "current_schemas", "format_type", "version"])
# Refusals of a query after which it is tried here.
RETRIED = frozenset(["query_table_refused", "query_function_refused"])


class ShadowCatalogue:
    """The catalogue of one principal.

    Args:
        columns: Table as `layer.name`, column and DuckDB's type of everything that is served.
        shown: `layer.table.column` -> what is done to it (`mask`, …), of the columns that are not shown in clear.
        lanes: Number of questions that can be asked at the same time.
    """

    def __init__(self, columns: Sequence[tuple[str, str, str]], shown: Mapping[str, str], lanes: int) -> None:
        self.tables: dict[str, dict[str, str]] = {}
        for table, column, kind in columns:
            self.tables.setdefault(table, {})[column] = kind
        con = connect()
        self._fill(con, shown)
        self._lanes = [con, *(con.cursor() for _ in range(1, lanes))]
        for lane in self._lanes:
            lane.execute(f"USE {CATALOG}")
        for statement in LOCK_STATEMENTS:
            con.execute(statement)

    def _fill(self, con: duckdb.DuckDBPyConnection, shown: Mapping[str, str]) -> None:
        con.execute(f"ATTACH ':memory:' AS {CATALOG}")
        for schema in sorted({table.partition(".")[0] for table in self.tables}):
            con.execute(f"CREATE SCHEMA {CATALOG}.{identifier(schema)}")
        for table, columns in self.tables.items():
            name = f"{CATALOG}.{'.'.join(map(identifier, table.split('.')))}"
            con.execute(f"CREATE TABLE {name} ({', '.join(f'{identifier(one)} {kind}' for one, kind in columns.items())})")
            for column in columns:
                if (action := shown.get(f"{table}.{column}")) is not None:
                    con.execute(f"COMMENT ON COLUMN {name}.{identifier(column)} IS {literal(action)}")

    def schema_of(self, table: str, lane: int) -> "pa.Schema":
        """The columns of a table as Arrow has them."""
        name = ".".join(map(identifier, table.split(".")))
        return self._lanes[lane].sql(f"FROM {CATALOG}.{name}").to_arrow_reader(1).schema

    def reader(self, text: str, parameters: Parameters | None, lane: int) -> "pa.RecordBatchReader":
        """The rows of a question about names and types.

        Raises:
            ProtectionError: It asks for something else.
        """
        con = self._lanes[lane]
        try:
            tree = parse(con, text)
            Guard(METADATA, {}, _catalogue_functions()).check(text, tree, parameter_names(parameters))
        except RecursionError:
            raise ProtectionError("query_too_large") from None
        with bind_faults([]):
            return con.execute(text, parameters).to_arrow_reader(BATCH_ROWS)


def _catalogue_functions() -> AllowedFunctions:
    allowed = allowed_functions()
    return AllowedFunctions(allowed.scalar | _FUNCTIONS, allowed.table, allowed.aggregates)

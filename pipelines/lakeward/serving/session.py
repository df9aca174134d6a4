"""In-memory DuckDB made for one principal: views over Delta, masked as decided, then locked.

External access is limited to the folders of the served tables, which the views must read. Functions that read
files by path could reach these folders, so the guard is the security boundary, with the lock behind it.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from lakeward.core.errors import ProtectionError
from lakeward.engines.embedded.databases import PLAIN, take_plain_database
from lakeward.engines.embedded.spills import can_encrypt
from lakeward.serving.bound_queries import BoundQueries
from lakeward.serving.column_functions import ColumnFunctions
from lakeward.serving.columns_read import columns_read
from lakeward.serving.database import DEFAULT_RESOURCES, SessionResources
from lakeward.serving.display import Shown, show
from lakeward.serving.faults import bind_faults, run_faults
from lakeward.serving.functions import allowed_functions
from lakeward.serving.guard import Guard
from lakeward.serving.parse_tree import Tree, parse
from lakeward.serving.plan import ServedTable, closed_code
from lakeward.serving.row_conditions import NO_READER, filter_condition
from lakeward.serving.view_database import ViewDatabase, open_lanes, open_view_database

if TYPE_CHECKING:
    import pyarrow as pa

# Values of a query's parameters: in order, or by name.
Parameters = Sequence[object] | Mapping[str, object]
# Longest text of a query: some hundred pages; parsing more would only cost memory.
MAX_QUERY_LENGTH = 1_000_000
# Rows of a batch: a larger one is no faster, and a reader waits longer for the first.
BATCH_ROWS = 65_536
# NUL, which some readers treat as the end of a text, and lone surrogates, which are not characters.
_STRANGE = re.compile("[\\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class CheckedQuery:
    """A statement that the guard allows.

    Args:
        tree: Its parse tree.
        objects: The views that it reads, as `layer.name`.
        parameters: The values of its parameters; None for none.
    """

    text: str
    tree: Tree = field(repr=False)
    objects: frozenset[str]
    parameters: Parameters | None = field(default=None, repr=False)

    @property
    def node(self) -> Tree:
        """The tree of its one SELECT."""
        node: Tree = self.tree["statements"][0]["node"]
        return node


class ServingSession:
    """The principal's databases, each opened by the first query that needs it.

    Args:
        tables: The served tables.
        functions: Makes tokens.
        scratch: Folder that large queries spill to; see `database`.
        reader: Values that row filters can name: `READER_VALUES`.
        resources: What its databases may use, and where the tables lie. Statements that run at the same time are each in a lane of their
            own, from 0.
    """

    def __init__(
        self,
        tables: Sequence[ServedTable],
        functions: ColumnFunctions,
        scratch: Path,
        resources: SessionResources = DEFAULT_RESOURCES,
        reader: Mapping[str, str | None] = NO_READER,
    ) -> None:
        self._conditions = _row_conditions(tables, reader)
        self._tables = {str(table.name): table for table in tables if str(table.name) in self._conditions}
        self._closed = {str(table.name): closed_code(table) for table in tables if str(table.name) not in self._conditions}
        self._functions, self._scratch, self._resources = functions, scratch, resources
        self._parsing: duckdb.DuckDBPyConnection | None = take_plain_database()
        self._parsers = open_lanes(self._parsing.cursor(), resources.lanes)
        self._databases: dict[bool, ViewDatabase] = {}
        self._bound = BoundQueries()

    def check(self, text: str, parameters: Parameters | None = None, lane: int = 0) -> CheckedQuery:
        """Parse and check `text`.

        Args:
            parameters: Values of `?` and `$1` in order, or of `$name` by name.
            lane: Lane of the statement: two threads on one parser would get the trees of each other.

        Raises:
            ProtectionError: It is not allowed.
        """
        if len(text) > MAX_QUERY_LENGTH:
            raise ProtectionError("query_too_large")
        strange = _STRANGE.search(text)
        if strange:
            raise ProtectionError("query_syntax", at=strange.start() + 1)
        try:
            tree = parse(self._parsers[lane], text)
            guard = Guard(frozenset(self._tables), self._closed, allowed_functions())
            return CheckedQuery(text, tree, guard.check(text, tree, parameter_names(parameters)), parameters)
        except RecursionError:
            raise ProtectionError("query_too_large") from None

    def columns_read(self, query: CheckedQuery) -> list[tuple[str, str]]:
        """View and column of everything that a query may read; a column that this principal can't see is never among them."""
        views = {name: [column.name for column in self._tables[name].visible] for name in query.objects}
        return columns_read(query.tree, views)

    def relation(self, query: CheckedQuery, lane: int = 0) -> duckdb.DuckDBPyRelation:
        """The rows of a query. It must not leave this package: its methods take unchecked SQL.

        Without parameters no row is read yet; with them DuckDB runs the query here.

        Raises:
            ProtectionError: It names a column that does not exist, or is hidden from this principal.
        """
        tables = [self._tables[name] for name in sorted(query.objects)]
        with bind_faults(tables):
            con = self._connection(query, lane)
            return con.sql(query.text, params=query.parameters) if query.parameters else con.sql(query.text)

    def bind(self, query: CheckedQuery, lane: int) -> "Callable[[], pa.RecordBatchReader]":
        """What starts a query: its rows come as they are computed, and the next query of the lane ends it.

        A query that was bound before is not bound twice: its views never change.

        Raises:
            ProtectionError: As `relation`; and from the call that starts it: the query fails.
            MachineError: From that call: it needs more memory than the session may use.
        """
        is_known = bool(query.parameters) or query.text in self._bound
        relation = None if is_known else self._bound_relation(query, lane)

        def start() -> "pa.RecordBatchReader":
            if relation is not None:
                with run_faults():
                    return relation.to_arrow_reader(BATCH_ROWS)
            tables = [self._tables[name] for name in sorted(query.objects)]
            with bind_faults(tables) if query.parameters else run_faults():
                return self._connection(query, lane).execute(query.text, query.parameters).to_arrow_reader(BATCH_ROWS)

        return start

    def schema(self, query: CheckedQuery, lane: int) -> "pa.Schema":
        """The columns of a query; no row is read.

        Raises:
            ProtectionError: As `relation`.
        """
        if not query.parameters:
            relation = self._bound_relation(query, lane)
            with run_faults():
                return relation.limit(0).to_arrow_reader(1).schema
        text = f"FROM (\n{query.text.rstrip().rstrip(';')}\n) LIMIT 0"
        with suppress(ProtectionError):  # such as a comment after the semicolon
            query = self.check(text, query.parameters, lane)
        return self.bind(query, lane)().schema

    def display(self, query: CheckedQuery) -> Callable[[duckdb.DuckDBPyRelation], Shown]:
        """What shows rows of the query to people, with instants in the session's zone."""
        return partial(show, self._database_of(query).display)

    def refresh(self, query: CheckedQuery) -> None:
        """Let a query that is bound see what was committed since.

        Raises:
            ProtectionError: A table can't be read any more.
        """
        with bind_faults([]):
            self._database_of(query).snapshots.refresh(query.objects, is_repeated=True)

    def interrupt(self, lane: int) -> None:
        """End the query that runs in a lane; one within a single long function call ends after that."""
        for database in tuple(self._databases.values()):
            database.lanes[lane].interrupt()

    def view_columns(self) -> list[tuple[str, str, str]]:
        """Table, column and DuckDB's type of everything that is served."""
        con = self._database(clear=False).lanes[0]
        listed = "SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal AND database_name = current_database() ORDER BY 1, column_index"
        found: list[tuple[str, str, str]] = con.execute(listed).fetchall()
        return found

    def close(self) -> None:
        """End the session."""
        for con in reversed(self._parsers):
            con.close()
        ended, self._parsing = self._parsing, None
        if ended:
            PLAIN.leave(ended)
        for database in self._databases.values():
            database.close()

    def _bound_relation(self, query: CheckedQuery, lane: int) -> duckdb.DuckDBPyRelation:
        relation = self.relation(query, lane)
        self._bound.add(query.text)
        return relation

    def _connection(self, query: CheckedQuery, lane: int) -> duckdb.DuckDBPyConnection:
        database = self._database_of(query)
        database.snapshots.refresh(query.objects)
        return database.lanes[lane]

    def _database_of(self, query: CheckedQuery) -> ViewDatabase:
        tables = [self._tables[name] for name in query.objects]
        return self._database(clear=bool(tables) and not any(table.is_masked for table in tables))

    def _database(self, *, clear: bool) -> ViewDatabase:
        """The database of all views, or of those without a masked column (`clear`), which may spill to unencrypted files."""
        has_masked = any(table.is_masked for table in self._tables.values())
        clear = clear and has_masked and not can_encrypt()
        if clear not in self._databases:
            spills = clear or not has_masked or can_encrypt()
            tables = [table for table in self._tables.values() if not (clear and table.is_masked)]
            spill = self._scratch if spills else None
            self._databases[clear] = open_view_database(tables, self._conditions, self._functions, spill, self._resources)
        return self._databases[clear]


def parameter_names(parameters: Parameters | None) -> Collection[str]:
    """Names of the parameters that have a value; those without a name count from 1."""
    if isinstance(parameters, Mapping):
        return parameters.keys()
    return [str(at) for at in range(1, len(parameters or ()) + 1)]


def _row_conditions(tables: Sequence[ServedTable], reader: Mapping[str, str | None]) -> dict[str, str | None]:
    """Table -> the condition of its rows, None for all; a table whose filter is missing or not valid is left out."""
    found: dict[str, str | None] = {}
    for table in tables:
        if table.has_view:
            with suppress(ProtectionError):
                found[str(table.name)] = filter_condition(table, reader)
    return found

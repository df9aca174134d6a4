"""The governance tables. Contracts in `expectations/governance/` describe them; flows write them.

Each table is created with its first row. One append per run and table; a conflict with another writer is retried.
"""

import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources
from typing import Any, TypeVar

import yaml

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import MachineError, TransientError
from lakeward.core.names import Layer, TableName
from lakeward.core.sql import equals
from lakeward.engines.protocols import Engine, TableReader
from lakeward.engines.tables import Commit, TableColumn, TableSpec, Txn
from lakeward.flows.base.lake_schema import MOVED, SCHEMA_APP, SCHEMA_TABLE, SCHEMA_VERSION, UNFINISHED, VERSIONED_TABLES

# Physical types that governance contracts use; scores are 0.00 to 100.00, ratios 0.0000 to 1.0000.
TYPES = {
    "string": DataType(Kind.STRING),
    "bigint": DataType(Kind.INTEGER),
    "boolean": DataType(Kind.BOOLEAN),
    "timestamp": DataType(Kind.TIMESTAMP),
    "decimal(5,2)": DataType(Kind.DECIMAL, 5, 2),
    "decimal(18,2)": DataType(Kind.DECIMAL, 18, 2),
    "decimal(18,4)": DataType(Kind.DECIMAL, 18, 4),
    "decimal(30,6)": DataType(Kind.DECIMAL, 30, 6),
    "decimal(5,4)": DataType(Kind.DECIMAL, 5, 4),
}
# Waits between retries of a conflicting commit, in seconds: 3 s in total, far above the 25 ms of a commit.
BACKOFF = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5)

# Instead of a schema version -> the message that says why the lake is closed.
_CLOSED = {UNFINISHED: "lake_unfinished", MOVED: "lake_moved"}
# Codes of the errors of `check_schema_version`.
CLOSED_CODES = frozenset(["lake_newer", *_CLOSED.values()])

Row = Mapping[str, object]
T = TypeVar("T")


def table_name(name: str) -> TableName:
    """Governance table `name`. Its contract is not read: to find or query a table, its name is enough."""
    return TableName(Layer.GOVERNANCE, name)


@functools.cache
def table_spec(name: str) -> TableSpec:
    """The governance table `name`, from its contract."""
    file = resources.files("lakeward") / "expectations" / "governance" / f"{name}.odcs.yaml"
    document = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    columns = tuple(
        TableColumn(p["name"], TYPES[p["physicalType"]], nullable=not p["required"], comment=p["description"])
        for p in document["schema"][0]["properties"]
    )
    return TableSpec(table_name(name), columns)


def application_id(dataset: str, generation: int) -> str:
    """The Delta application id of a dataset's batches; each generation has its own."""
    return f"lakeward/{dataset}" if generation == 1 else f"lakeward/{dataset}#{generation}"


def append_rows(engine: Engine, name: str, rows: Iterable[Row], txn: Txn) -> Commit | None:
    """Append rows, given by column name, to governance table `name`; None if `txn` is already committed or there are no rows."""
    table = table_spec(name)
    values = [[row[column.name] for column in table.columns] for row in rows]
    if not values:
        return None
    record_schema_version(engine, name)
    query = engine.literal_rows({c.name: c.type for c in table.columns}, values)
    return with_retries(lambda: engine.append(table, query, txn))


def replace_rows(engine: Engine, name: str, rows: Sequence[Row], order: str) -> bool:
    """Replace all rows of governance table `name`, given by column name and sorted by `order`; False if the table holds them already."""
    table, app = table_spec(name), f"lakeward/{name}"
    known = [{column.name: row.get(column.name) for column in table.columns} for row in rows]
    if read_rows(engine, name, order=order) == known:
        return False
    record_schema_version(engine, name)
    query = engine.literal_rows({c.name: c.type for c in table.columns}, [[*row.values()] for row in known])
    txn = Txn(app, engine.txn(table.name, app) + 1)
    return with_retries(lambda: engine.overwrite(table, query, "TRUE", txn)) is not None


def record_schema_version(engine: Engine, name: str) -> None:
    """Make the lake one of this version before a row of governance table `name` is written that older versions do not know."""
    if name not in VERSIONED_TABLES or engine.txn(table_name(SCHEMA_TABLE), SCHEMA_APP) >= SCHEMA_VERSION:
        return
    row = {"schema_version": SCHEMA_VERSION, "program": program_version()}
    append_rows(engine, SCHEMA_TABLE, [row], Txn(SCHEMA_APP, SCHEMA_VERSION))


@functools.cache
def program_version() -> str:
    """Version of this program."""
    from importlib import metadata  # noqa: PLC0415 -- takes longer than a command that only reads may take

    return metadata.version("lakeward")


def check_schema_version(engine: Engine) -> None:
    """Refuse a lake whose governance tables are newer than this program: what it does not know, it would leave out.

    Raises:
        MachineError: It is, or the lake is not whole yet, or was moved.
    """
    found = engine.txn(table_name(SCHEMA_TABLE), SCHEMA_APP)
    if found in _CLOSED:
        raise MachineError(_CLOSED[found])
    if found > SCHEMA_VERSION:
        raise MachineError("lake_newer", found=found, expected=SCHEMA_VERSION)


def read_rows(engine: TableReader, name: str, where: str = "", order: str = "1", **values: str | int) -> list[dict[str, Any]]:
    """The rows of governance table `name` with these `values` that satisfy `where`; none if the table does not exist yet."""
    if engine.info(table_name(name)) is None:
        return []
    return engine.fetch(f"SELECT * FROM governance.{name} WHERE {_conditions(values, where)} ORDER BY {order}")


def find_rows(engine: Engine, name: str, where: str = "", order: str = "1", **values: str | int) -> list[dict[str, Any]]:
    """As `read_rows`, without a look at files that can't hold such rows: of few rows among many, by an engine."""
    if not engine.exists(table_name(name)):
        return []
    rows = engine.rows_within(table_name(name), {column: (value, value) for column, value in values.items()})
    return engine.fetch(f"SELECT * FROM ({rows}) AS found WHERE {_conditions(values, where)} ORDER BY {order}")


def _conditions(values: Mapping[str, str | int], where: str) -> str:
    return " AND ".join(filter(None, (equals(**values), where))) or "TRUE"


def with_retries(commit: Callable[[], T]) -> T:
    """The result of `commit`, retried on write conflicts.

    Raises:
        StoreConflictError: The last retry failed too.
    """
    for wait in BACKOFF:
        try:
            return commit()
        except TransientError:
            time.sleep(wait)
    return commit()

"""Brings the governance tables of a lake to this version: the columns that later versions added, then the number."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from lakeward.core.names import Layer, TableName
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.schema_changes import add_lacking_columns, lacking_columns
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import TableSpec
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.lake_schema import SCHEMA_APP, SCHEMA_TABLE, SCHEMA_VERSION, VERSIONED_TABLES


@dataclass(frozen=True, slots=True)
class TableChange:
    """What an upgrade changes of a table.

    Args:
        table: Name, as `layer.name`.
        columns: Columns to add; rows that are there have no value in them.
    """

    table: str
    columns: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """`table, columns`."""
        return fields_of(self)


def schema_version(engine: Engine) -> int:
    """The version of the lake's governance tables."""
    return max(engine.txn(governance.table_name(SCHEMA_TABLE), SCHEMA_APP), 1)


def planned_changes(engine: Engine, lake: Lake) -> list[TableChange]:
    """The tables that lack columns of this version."""
    found = (TableChange(str(name), lacking_columns(_folder(lake, name), _spec(name))) for name in _tables(engine))
    return [change for change in found if change.columns]


def is_current(engine: Engine, lake: Lake) -> bool:
    """Whether there is nothing to upgrade, or no lake yet."""
    return engine.info(governance.table_name("runs")) is None or (
        schema_version(engine) >= SCHEMA_VERSION and not planned_changes(engine, lake)
    )


def upgrade(engine: Engine, lake: Lake) -> None:
    """Add the columns, then set the number. An upgrade that was cut off is done when it is run again.

    Raises:
        StoreConflictError: Others committed first every time.
    """
    for change in planned_changes(engine, lake):
        name = TableName.parse(change.table)
        governance.with_retries(partial(add_lacking_columns, _folder(lake, name), _spec(name)))
    governance.record_schema_version(engine, next(iter(VERSIONED_TABLES)))


def _tables(engine: Engine) -> Iterator[TableName]:
    return (info.name for info in engine.tables() if info.name.layer is Layer.GOVERNANCE)


def _spec(name: TableName) -> TableSpec:
    return governance.table_spec(name.name)


def _folder(lake: Lake, name: TableName) -> LakePath:
    return lake.root() / name.layer / name.name

"""Whether a reader may learn where a value of gold comes from: the rows that give it are chosen by their keys and values."""

from collections.abc import Iterator

from lakeward.core.names import Layer, TableName
from lakeward.engines.protocols import Engine
from lakeward.flows.base.lineage_events import query_lineage
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.operations.contributing_rows import GoldRow
from lakeward.flows.serving.reader import Reader


def sees_origin(workspace: Workspace, engine: Engine, reader: Reader, row: GoldRow, column: str) -> bool:
    """Whether the reader sees the value's column, all that it is made of and all that names its rows in clear.

    Raises:
        ProtectionError: A row filter hides rows of one of the tables.
    """
    read = set(_columns_read(engine, row, column))
    for table in {table for table, _ in read}:
        contract = workspace.project.contract(TableName.parse(table).name)
        clear = reader.clear_columns(contract, current_grades(engine, contract))
        own = {each.name for each in contract.columns}
        if {name for at, name in read if at == table and name in own} - clear:
            return False
    return True


def _columns_read(engine: Engine, row: GoldRow, column: str) -> Iterator[tuple[str, str]]:
    """Table and column of the value, its keys, their origins, and columns of any input that have the name of a key's origin."""
    lineage = query_lineage(engine, row.contract, row.sql, row.model.inputs)
    gold = str(row.contract.table(Layer.GOLD))
    yield from ((gold, name) for name in (column, *row.contract.primary_key))
    yield from ((origin.table, origin.column) for origin in (*lineage.columns.get(column, ()), *lineage.rows))
    for origin in (origin for key in row.contract.primary_key for origin in lineage.columns.get(key, ())):
        yield origin.table, origin.column
        yield from ((str(table), origin.column) for table in row.model.inputs)
    yield from ((str(table), name) for table, name in dict(row.model.times).items() if name)

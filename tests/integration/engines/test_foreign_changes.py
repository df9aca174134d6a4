"""What other programs may do to a table of ours, as the Delta protocol allows: it is read right, or refused by its name."""

import duckdb
import pytest
from deltalake import DeltaTable
from deltalake.transaction import AddAction

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import ContractError
from lakeward.core.names import Layer, TableName
from lakeward.engines.tables import TableColumn, TableSpec, Txn

NAME = TableName(Layer.SILVER, "line")
SPEC = TableSpec(NAME, (TableColumn("id", DataType(Kind.INTEGER)), TableColumn("Text", DataType(Kind.STRING))))


@pytest.fixture
def table(embedded):
    embedded.append(SPEC, "SELECT 1::BIGINT AS id, 'a' AS \"Text\"", Txn("a", 1))
    return DeltaTable(embedded.info(NAME).path)


def test_a_file_that_spells_its_columns_in_another_case_is_read(embedded, table, tmp_path):
    file = tmp_path / "foreign.parquet"
    duckdb.sql("SELECT 2::BIGINT AS ID, 'b' AS TEXT").write_parquet(str(file))
    stored = AddAction("foreign.parquet", file.stat().st_size, {}, 0, True, '{"numRecords":1}')
    file.rename(f"{embedded.info(NAME).path}/foreign.parquet")
    table.create_write_transaction([stored], "append", table.schema(), [])
    for rows in (embedded.rows_within(NAME, {}), f"SELECT * FROM {NAME}"):
        assert embedded.fetch(f"SELECT * FROM ({rows}) AS found ORDER BY id") == [{"id": 1, "Text": "a"}, {"id": 2, "Text": "b"}]


def test_a_table_that_only_grows_is_named_where_rows_are_replaced(embedded, table):
    table.alter.set_table_properties({"delta.appendOnly": "true"})
    embedded.append(SPEC, "SELECT 2::BIGINT AS id, 'b' AS \"Text\"", Txn("a", 2))
    with pytest.raises(ContractError) as refused:
        embedded.replace(SPEC, "SELECT 1::BIGINT AS id, 'c' AS \"Text\"", ["id"], Txn("a", 3))
    assert refused.value.facts == {"table": "silver.line", "feature": "delta.appendOnly = true"}

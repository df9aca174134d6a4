"""What tools ask of a server before they read: catalogues, tables, columns, types; each reader is shown their own."""

import pyarrow as pa
import pytest

from lakeward.serving.flight_sql.messages import FlightMessage
from lakeward.serving.flight_sql.metadata import metadata_schema

EVERY = [
    "CommandGetCatalogs",
    "CommandGetDbSchemas",
    "CommandGetTables",
    "CommandGetTableTypes",
    "CommandGetPrimaryKeys",
    "CommandGetExportedKeys",
    "CommandGetImportedKeys",
    "CommandGetCrossReference",
    "CommandGetXdbcTypeInfo",
    "CommandGetSqlInfo",
]


@pytest.mark.parametrize("name", EVERY)
def test_every_question_has_its_fixed_columns(served_canaries, name):
    found = served_canaries.client("analyst").ask(name)
    assert found.schema.equals(metadata_schema(FlightMessage(name, {})), check_metadata=True)


def columns_of(client):
    (row,) = client.ask("CommandGetTables", (3, b"visits"), (5, 1)).to_pylist()
    assert (row["db_schema_name"], row["table_type"]) == ("silver", "TABLE")
    return pa.ipc.read_schema(pa.py_buffer(row["table_schema"]))


def test_columns_are_those_that_the_reader_is_served(served_canaries):
    analyst, steward = served_canaries.client("analyst"), served_canaries.client("steward")
    assert "formula" not in columns_of(analyst).names
    for client in (analyst, steward):
        shown = client.flight.do_get  # the same types as the rows have
        assert shown
        assert columns_of(client) == client.by_schema("from silver.visits").remove_metadata()


def test_a_key_is_named_where_it_is_served(served_canaries):
    found = served_canaries.client("analyst").ask("CommandGetPrimaryKeys", (3, b"visits")).to_pylist()
    assert [row["column_name"] for row in found] == ["visit"]


def test_comments_say_what_is_done_to_a_column(served_canaries):
    text = "select column_name, column_comment from information_schema.columns where column_comment is not null"
    found = dict(served_canaries.client("analyst").rows(text))
    assert found["phone"] == "mask"
    assert "machine" not in found

"""Answers about metadata have the fixed columns of Flight SQL, and hold what is served and no more."""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeward.serving.flight_sql.messages import FlightMessage
from lakeward.serving.flight_sql.metadata import ServedNames, answer_metadata, metadata_schema
from lakeward.serving.flight_sql.sql_info import INFO, SQL_INFO_SCHEMA, sql_info

SERVED = ServedNames(
    {"silver.visits": pa.schema([("visit", pa.string())]), "gold.daily": pa.schema([("day", pa.date32())])},
    {"silver.visits": ("visit",)},
)


def answer(name, **fields):
    message = FlightMessage(name, {int(key[1:]): value if isinstance(value, list) else [value] for key, value in fields.items()})
    found = answer_metadata(message, SERVED)
    assert found.schema.equals(metadata_schema(message), check_metadata=True)
    return found.to_pylist()


def tables(**fields):
    return [f"{row['db_schema_name']}.{row['table_name']}" for row in answer("CommandGetTables", **fields)]


def test_tables_are_found_by_pattern_and_type():
    assert tables() == ["gold.daily", "silver.visits"]
    assert tables(f2=b"sil%") == ["silver.visits"]
    assert tables(f3=b"d_ily") == ["gold.daily"]
    assert tables(f3=b"d%z") == tables(f1=b"other") == tables(f4=[b"SYSTEM TABLE"]) == []
    assert tables(f4=[b"SYSTEM TABLE", b"TABLE"]) == ["gold.daily", "silver.visits"]


def test_schema_of_a_table_comes_along_if_asked_for():
    (row,) = answer("CommandGetTables", f3=b"visits", f5=1)
    assert pa.ipc.read_schema(pa.py_buffer(row["table_schema"])) == SERVED.schemas["silver.visits"]


def test_other_metadata():
    assert answer("CommandGetCatalogs") == [{"catalog_name": "lake"}]
    assert [row["db_schema_name"] for row in answer("CommandGetDbSchemas")] == ["gold", "silver"]
    assert answer("CommandGetTableTypes") == [{"table_type": "TABLE"}]
    (key,) = answer("CommandGetPrimaryKeys", f3=b"visits")
    assert (key["column_name"], key["key_sequence"]) == ("visit", 1)
    assert answer("CommandGetPrimaryKeys", f2=b"gold", f3=b"visits") == []
    for name in ("CommandGetExportedKeys", "CommandGetImportedKeys", "CommandGetCrossReference"):
        assert answer(name, f3=b"visits") == []
    assert "VARCHAR" in [row["type_name"] for row in answer("CommandGetXdbcTypeInfo")]
    assert [row["type_name"] for row in answer("CommandGetXdbcTypeInfo", f1=2**64 - 5)] == ["BIGINT"]


@given(st.text("ab%_.*", max_size=8), st.text("ab.*", max_size=6))
def test_patterns_fit_as_in_sql(pattern, name):
    served = ServedNames({f"silver.{name}": pa.schema([])})
    found = answer_metadata(FlightMessage("CommandGetTables", {3: [pattern.encode()]}), served)
    wanted = "".join({"%": ".*", "_": "."}.get(one, re.escape(one)) for one in pattern)
    assert bool(found.num_rows) == bool(re.fullmatch(wanted, name))


def test_a_long_pattern_takes_no_time():
    assert tables(f3=b"%a" * 400) == tables(f3=b"%" * 1_500_000) == []


@pytest.mark.parametrize("numbers", [[], [0], [563, 8, 508, 517, 541], [999_999]])
def test_values_of_the_server_come_in_their_kind(numbers):
    found = sql_info(numbers)
    assert found.schema.equals(SQL_INFO_SCHEMA)
    found.validate(full=True)
    wanted = [number for number in (numbers or INFO) if number in INFO]
    assert [row["info_name"] for row in found.to_pylist()] == wanted
    assert [row["value"] for row in found.to_pylist()] == [INFO[number][1] for number in wanted]


def test_numbers_come_packed_or_one_by_one():
    assert [row["info_name"] for row in answer("CommandGetSqlInfo", f1=[b"\x00\xb3\x04"])] == [0, 563]
    assert [row["info_name"] for row in answer("CommandGetSqlInfo", f1=[0, 563])] == [0, 563]

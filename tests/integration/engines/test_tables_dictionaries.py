"""Texts written with their dictionary ready come back as they went in, for every reader."""

import json
from pathlib import Path

import pytest
from deltalake import DeltaTable, QueryBuilder

from lakeward.contracts.model import DataType, Kind
from lakeward.core.names import Layer, TableName
from lakeward.engines.tables import TableColumn, TableSpec
from support.small_tables import STRING, txn

SOURCE, COPY = TableName(Layer.BRONZE, "texts"), TableName(Layer.SILVER, "texts")
COLUMNS = (
    TableColumn("n", DataType(Kind.INTEGER)),
    *(TableColumn(name, STRING) for name in ("名称", 'say "it"', "many", "empty")),
    TableColumn("run", STRING),
)
# As many as are looked at before a column is taken for one of few texts, and one that the look does not see.
ROWS = 200_001


def rows(engine):
    few = "CASE WHEN i = 200000 THEN 'the last' WHEN i % 7 = 0 THEN NULL ELSE ['压机', 'it''s', '', 'Z'][i % 4 + 1] END"
    return f'''SELECT i AS n, {few} AS "名称", ['a', 'b"'][i % 2 + 1] AS "say ""it""", i::VARCHAR AS many,
        NULL::VARCHAR AS empty, {engine.constant("it's one")} AS run FROM range({ROWS}) t(i)'''


@pytest.fixture
def engine(embedded):
    """Only DuckDB is told of a text that is on every row; Spark's writer finds that out by itself."""
    return embedded


@pytest.fixture
def copied(engine):
    """The rows as they went in, and a copy of the table they made."""
    engine.append(TableSpec(SOURCE, COLUMNS), rows(engine), txn(1))
    engine.append(TableSpec(COPY, COLUMNS), f"SELECT * FROM {SOURCE}", txn(1))
    return f"SELECT * REPLACE (CAST(run AS VARCHAR) AS run) FROM ({rows(engine)})"


def test_every_text_comes_back(engine, copied):
    names = ", ".join(f'"{column.name.replace(chr(34), chr(34) * 2)}"' for column in COLUMNS)
    for one, other in ((f"({copied})", COPY), (COPY, f"({copied})")):
        lost = f"SELECT {names} FROM {one} EXCEPT ALL SELECT {names} FROM {other}"
        assert engine.fetch(f"SELECT count(*) AS n FROM ({lost})") == [{"n": 0}]


def test_others_read_the_same_texts(lake, engine, copied):
    table = DeltaTable(str(Path(lake) / "silver" / "texts"))
    counted = QueryBuilder().register("t", table).execute('SELECT "名称" AS name, count(*) AS n FROM t GROUP BY 1').read_all()
    found = dict(zip(counted.column("name").to_pylist(), counted.column("n").to_pylist(), strict=True))
    assert found == {
        row["name"]: row["n"] for row in engine.fetch(f'SELECT "名称" AS name, count(*) AS n FROM ({copied}) GROUP BY 1')
    }


@pytest.mark.parametrize(("column", "low", "high"), [("名称", "", "压机"), ('say "it"', "a", 'b"')])
def test_bounds_and_nulls_of_texts_are_known(lake, copied, column, low, high):
    [log] = (Path(lake) / "silver" / "texts" / "_delta_log").glob("*.json")
    [stats] = [json.loads(action["add"]["stats"]) for action in map(json.loads, log.read_text().splitlines()) if "add" in action]
    assert (stats["minValues"][column], stats["maxValues"][column]) == (low, high)
    assert stats["nullCount"]["empty"] == ROWS

"""The session: relations by name, tables of the lake at a version, small results without pytz or pyarrow."""

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import DefinitionError, SettingsError, UsageError
from lakeward.engines import open_engine
from support.small_tables import NAME, SPEC, folder, ids, rows, txn

WITHOUT = """
import sys
sys.modules |= {{"pyarrow": None, "pytz": None, "pandas": None, "numpy": None}}
from lakeward.engines import open_engine
assert not {{"duckdb", "deltalake"}} & set(sys.modules)
engine = open_engine("embedded", {lake!r})
from lakeward.engines import open_engine
from support.small_tables import SPEC, rows, txn
engine.append(SPEC, rows(0, 3), txn(1))
engine.replace(SPEC, rows(1, 2), ["id"], txn(2))
print(engine.fetch("SELECT ts FROM silver.press_line WHERE id = 1")[0]["ts"])
"""


def test_a_relation_can_be_defined_and_materialised_again(engine):
    engine.define("batch", "SELECT 1 AS a")
    engine.materialise("batch", "SELECT 2 AS a, 3 AS b")
    assert engine.fetch("SELECT * FROM batch") == [{"a": 2, "b": 3}]
    engine.define("batch", "SELECT 'x' AS c")
    assert engine.types("batch") == {"c": DataType(Kind.STRING)}


def test_a_defined_relation_reads_the_newest_rows_and_a_materialised_one_keeps_its_own(engine):
    engine.append(SPEC, rows(0, 1), txn(1))
    engine.define("newest", "SELECT count(*) AS n FROM silver.press_line")
    engine.materialise("kept", "SELECT count(*) AS n FROM silver.press_line")
    engine.append(SPEC, rows(1, 3), txn(2))
    assert engine.fetch("SELECT newest.n AS a, kept.n AS b FROM newest, kept") == [{"a": 3, "b": 1}]


def test_each_table_is_read_at_the_version_asked_for(engine):
    for version in range(3):
        engine.append(SPEC, rows(version, version + 1), txn(version + 1))
    query = "SELECT count(*) AS n FROM silver.press_line"
    assert [engine.fetch(query, at={NAME: version})[0]["n"] for version in range(3)] == [1, 2, 3]


def test_files_of_a_folder_are_not_kept_in_memory_once_more(embedded):
    """The system keeps them; a program that runs for months must not grow with what it has read."""
    embedded.append(SPEC, rows(0, 1000), txn(1))
    assert len(embedded.fetch("SELECT * FROM silver.press_line")) == 1000
    kept = embedded.fetch("SELECT sum(memory_usage_bytes) AS bytes FROM duckdb_memory() WHERE tag = 'EXTERNAL_FILE_CACHE'")
    assert kept == [{"bytes": 0}]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT press_line.id FROM silver.press_line",
        'SELECT p.id FROM "silver"."press_line" AS p',
        "SELECT id FROM SILVER.press_line p WHERE 'silver.press_line' <> 'x' -- silver.nothing",
        "WITH w AS (FROM silver.press_line) SELECT id FROM w JOIN silver.press_line USING (id)",
        "FROM silver.press_line SELECT id",
        "SELECT id FROM silver.press_line SEMI JOIN silver.press_line AS q USING (id)",
    ],
)
def test_tables_are_found_however_they_are_written(engine, query):
    engine.append(SPEC, rows(4, 5), txn(1))
    assert engine.fetch(query) == [{"id": 4}]


def test_a_table_that_is_not_there_is_named(engine):
    with pytest.raises(UsageError, match=r"The lake has no table gold\.oee_hourly"):
        engine.fetch("SELECT * FROM gold.oee_hourly")


def test_instants_are_aware_and_in_order_whatever_else_is_fetched(engine):
    found = engine.fetch("""
        SELECT TIMESTAMPTZ '0044-03-15 12:00:00.000001+00' - to_days(i::INT) AS at, CAST(NULL AS TIMESTAMPTZ) AS never, i::DECIMAL(9, 2) AS d
        FROM range(2) t(i) ORDER BY i DESC""")
    assert [row["at"] for row in found] == [datetime(44, 3, 14, 12, 0, 0, 1, UTC), datetime(44, 3, 15, 12, 0, 0, 1, UTC)]
    assert (found[0]["never"], found[0]["d"]) == (None, Decimal("1.00"))


def test_the_plain_install_needs_no_arrow_no_pandas_and_no_pytz(lake):
    program = WITHOUT.format(lake=lake)
    ran = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": "tests"}, capture_output=True, text=True, check=False
    )
    assert (ran.stderr, ran.stdout) == ("", "2026-03-01 01:00:00.000007+00:00\n")


@pytest.mark.parametrize("copies", [1, 1000], ids=["few", "many"])
def test_governance_rows_come_back_as_they_were(engine, copies):
    columns = {
        "t": DataType(Kind.STRING),
        "at": DataType(Kind.TIMESTAMP),
        "b": DataType(Kind.BINARY),
        "ok": DataType(Kind.BOOLEAN),
    }
    columns |= {"x": DataType(Kind.DOUBLE), "d": DataType(Kind.DECIMAL, 5, 2), "i": DataType(Kind.INTEGER)}
    row = ('it\'s "冷"\n; --', datetime(2026, 3, 1, 1, tzinfo=UTC), b"\x00'\xff", False, 0.1, Decimal("99.99"), -(2**63))
    query = engine.literal_rows(columns, [*[row] * copies, [None] * 7])
    engine.materialise("governed", query)
    assert [tuple(found.values()) for found in engine.fetch("SELECT * FROM governed")] == [*[row] * copies, (None,) * 7]
    assert engine.types("governed") == columns


def test_no_governance_rows_are_an_empty_typed_relation(engine):
    engine.materialise("governed", engine.literal_rows({"i": DataType(Kind.INTEGER)}, []))
    assert (engine.fetch("SELECT * FROM governed"), engine.types("governed")) == ([], {"i": DataType(Kind.INTEGER)})


def test_a_time_without_a_zone_is_no_governance_value(engine):
    with pytest.raises(ValueError, match="naive"):
        engine.literal_rows({"at": DataType(Kind.TIMESTAMP)}, [[datetime(2026, 3, 1)]])  # noqa: DTZ001


def test_types_that_have_no_kind_are_text(engine):
    query = "SELECT TIMESTAMP '2026-01-01' AS naive, 1::UBIGINT AS u, 1::FLOAT AS f, [1] AS l, 1.50 AS d, 1::UTINYINT AS t"
    engine.define("odd", query)
    kinds = {name: str(type_) for name, type_ in engine.types("odd").items()}
    assert kinds == {"naive": "string", "u": "decimal(20,0)", "f": "double", "l": "string", "d": "decimal(3,2)", "t": "integer"}


def test_an_export_is_a_parquet_file_of_its_rows(engine):
    engine.append(SPEC, rows(0, 5), txn(1))
    file = engine.scratch / "rows.parquet"
    assert engine.export("SELECT id FROM silver.press_line", file) == 5
    assert engine.fetch(f"SELECT count(*) AS n FROM read_parquet('{file}')") == [{"n": 5}]


def test_a_closed_session_leaves_no_scratch_and_scratch_is_no_table(lake):
    engine = open_engine("embedded", lake)
    engine.append(SPEC, rows(0, 1), txn(1))
    engine.materialise("some", "SELECT 1 AS a")
    assert [info.name for info in engine.tables()] == [NAME]
    engine.close()
    assert [*Path(lake).glob(".scratch/*")] == []
    assert folder(lake).is_dir()


def test_scratch_of_a_killed_session_goes_and_that_of_a_living_one_stays(engine, lake):
    left = Path(lake) / ".scratch" / "left"
    left.mkdir()
    (left / "spilled.tmp").write_bytes(b"x")
    open_engine("embedded", lake).close()
    assert [*Path(lake).glob(".scratch/*")] == [engine.scratch]


def test_a_column_may_be_called_as_duckdb_calls_its_own(engine):
    column = type(SPEC.columns[0])("filename", DataType(Kind.STRING))
    spec = type(SPEC)(NAME, (SPEC.columns[0], column))
    engine.append(spec, "SELECT 1::BIGINT AS id, 'a' AS filename", txn(1))
    assert engine.replace(spec, "SELECT 1::BIGINT AS id, 'b' AS filename", ["id"], txn(2)).version == 1
    assert ids(engine, "filename = 'b'") == [1]


def test_a_memory_limit_that_is_no_size_names_its_setting(tmp_path):
    with pytest.raises(SettingsError, match="LAKEWARD_MEMORY"):
        open_engine("embedded", str(tmp_path / "lake"), memory="much")


def test_an_instant_beyond_the_calendar_of_python_is_fetched_as_its_end(tmp_path):
    engine = open_engine("embedded", str(tmp_path / "lake"))
    times = ("20000-01-01", "20000-01-01 (BC)")
    query = " UNION ALL ".join(f"SELECT TIMESTAMPTZ '{text}' AS t" for text in times)
    assert [row["t"].year for row in engine.fetch(query)] == [9999, 1]


def test_no_unsigned_extension_can_be_loaded_once_a_session_is_open(lake):
    engine = open_engine("embedded", lake)
    with pytest.raises(DefinitionError, match="InvalidInputException"):
        engine.materialise("t", "SELECT 1; SET allow_unsigned_extensions = true")
    assert engine.fetch("SELECT current_setting('allow_unsigned_extensions') AS allowed") == [{"allowed": False}]
    engine.close()

"""Appends: each txn lands once, rows come back as they went in, what does not fit is refused."""

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest
from deltalake import DeltaTable, QueryBuilder, TableFeatures

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import ContractError, InvariantError
from lakeward.engines.tables import TableColumn, TableSpec
from support.small_tables import BY_DAY, COLUMNS, NAME, SPEC, STRING, by_day, data_files, folder, ids, live_files, rows, txn


def test_a_txn_lands_once(engine, lake):
    first = engine.append(SPEC, rows(0, 10), txn(1))
    written = data_files(lake)
    assert (first.version, first.rows) == (0, 10)
    assert engine.append(SPEC, rows(0, 10), txn(1)) is None
    assert data_files(lake) == written
    assert engine.txn(NAME, txn(1).app) == 1
    assert engine.txn(NAME, "someone else") == 0


def test_an_older_txn_is_there_already_and_a_gap_is_none(engine):
    engine.append(SPEC, rows(0, 10), txn(5))
    assert engine.append(SPEC, rows(10, 20), txn(4)) is None
    assert engine.append(SPEC, rows(20, 30), txn(9)).version == 1
    assert ids(engine) == [*range(10), *range(20, 30)]


def test_no_rows_still_advance_the_txn(engine, lake):
    assert engine.append(SPEC, rows(0, 0), txn(1)).rows == 0
    assert engine.append(SPEC, rows(0, 0), txn(2)).version == 1
    assert (engine.txn(NAME, txn(1).app), ids(engine), data_files(lake)) == (2, [], set())


def test_no_rows_make_a_partitioned_table_that_can_be_read(engine):
    engine.append(BY_DAY, by_day(rows(0, 0)), txn(1))
    assert engine.fetch("SELECT count(*) AS n FROM silver.press_line") == [{"n": 0}]
    assert engine.info(NAME).rows == 0


def test_values_come_back_as_they_went_in(engine):
    engine.append(SPEC, rows(1, 2, 0.1), txn(1))
    ts = datetime(2026, 3, 1, 1, 0, 0, 7, tzinfo=UTC)
    assert engine.fetch("SELECT * FROM silver.press_line") == [
        {"id": 1, "ts": ts, "温度": 0.1, "cost": Decimal("0.3333"), "note": None}
    ]


def test_a_table_remembers_its_columns_and_what_they_mean(engine):
    engine.append(SPEC, rows(0, 1), txn(1))
    info = engine.info(NAME)
    assert (info.columns, info.version, info.rows) == (COLUMNS, 0, 1)
    assert engine.tables() == [info]
    assert engine.types("silver.press_line") == {column.name: column.type for column in COLUMNS}


def test_our_tables_ask_nothing_of_their_readers(engine, lake):
    engine.append(SPEC, rows(0, 1), txn(1))
    table = DeltaTable(str(folder(lake)))
    assert (table.protocol().min_reader_version, table.protocol().min_writer_version) == (1, 2)
    assert table.metadata().configuration == {"delta.enableDeletionVectors": "false"}


@pytest.mark.parametrize("spec", [SPEC, BY_DAY])
def test_deltalake_and_duckdb_read_what_we_wrote(engine, lake, spec):
    engine.append(spec, by_day(rows(0, 100)) if spec is BY_DAY else rows(0, 100), txn(1))
    table = DeltaTable(str(folder(lake)))
    asked = "SELECT count(*) AS n FROM t WHERE ts >= arrow_cast('2026-03-03T00:00:00Z', 'Timestamp(Microsecond, Some(\"UTC\"))')"
    found = QueryBuilder().register("t", table).execute(asked).read_all()
    files = [str(folder(lake) / file) for file in live_files(lake)]
    assert found.column("n")[0].as_py() == 52
    assert duckdb.sql(f"SELECT count(*), sum(cost) FROM read_parquet({files})").fetchall() == [(100, Decimal("1650.0000"))]


def test_a_partition_value_gets_one_file_per_batch(engine, lake):
    engine.append(BY_DAY, f"SELECT * FROM ({by_day(rows(0, 24 * 150))}) ORDER BY hash(id)", txn(1))
    assert len(live_files(lake)) == 150
    assert engine.fetch("SELECT count(*) AS n, min(_day) AS d FROM silver.press_line") == [{"n": 3600, "d": date(2026, 3, 1)}]


def test_partition_values_of_any_text_are_kept(engine):
    spec = TableSpec(NAME, (TableColumn("id", DataType(Kind.INTEGER)), TableColumn("line", STRING)), ("line",))
    lines = ["a b/c:=%", "温度", None, "x+\"y'#?"]
    engine.append(spec, engine.literal_rows({"id": spec.columns[0].type, "line": STRING}, list(enumerate(lines))), txn(1))
    assert [row["line"] for row in engine.fetch("SELECT line FROM silver.press_line ORDER BY id")] == lines
    assert engine.replace(spec, "SELECT 1 AS id, '温度' AS line", ["id", "line"], txn(2)).copied_rows == 0
    assert ids(engine) == [0, 1, 2, 3]


def test_a_nullable_column_is_added_and_old_rows_lack_it(engine):
    engine.append(SPEC, rows(0, 2), txn(1))
    wider = TableSpec(NAME, (*COLUMNS, TableColumn("shift", STRING, comment="Shift of the reading")))
    engine.append(wider, f"SELECT *, 'A' AS shift FROM ({rows(2, 3)})", txn(2))
    engine.append(SPEC, rows(3, 4), txn(3))
    assert [row["shift"] for row in engine.fetch("SELECT shift FROM silver.press_line ORDER BY id")] == [None, None, "A", None]
    assert engine.info(NAME).columns == wider.columns


@pytest.mark.parametrize(
    "columns",
    [
        (*COLUMNS[:2], TableColumn("温度", STRING), *COLUMNS[3:]),
        (*COLUMNS, TableColumn("shift", STRING, nullable=False)),
        COLUMNS[1:],
        (TableColumn("id", COLUMNS[0].type), *COLUMNS[1:]),
    ],
    ids=["another type", "a new column that must be filled", "a required column left out", "a required column set free"],
)
def test_a_table_that_does_not_fit_is_refused(engine, lake, columns):
    engine.append(SPEC, rows(0, 2), txn(1))
    written = data_files(lake)
    with pytest.raises(ContractError, match="does not match the contract") as caught:
        engine.append(TableSpec(NAME, columns), rows(2, 3), txn(2))
    assert caught.value.code == "table_schema_mismatch"
    assert data_files(lake) == written


def test_another_partitioning_is_refused(engine):
    engine.append(SPEC, rows(0, 2), txn(1))
    with pytest.raises(ContractError, match="PARTITION BY"):
        engine.append(TableSpec(NAME, COLUMNS, ("note",)), rows(2, 3), txn(2))


@pytest.mark.parametrize(
    "query",
    [
        rows(0, 2).replace("i AS id", "i + 0.5 AS id"),
        rows(0, 2).replace("AS note", "AS notes"),
        rows(0, 2).replace("i AS id", "NULL::BIGINT AS id"),
    ],
    ids=["a narrower type would lose digits", "another name", "a null in a required column"],
)
def test_rows_that_do_not_fit_are_never_committed(engine, query):
    with pytest.raises(InvariantError):
        engine.append(SPEC, query, txn(1))
    assert engine.info(NAME) is None


def test_narrow_types_widen_without_loss(engine):
    engine.append(SPEC, rows(0, 2).replace("i AS id", "i::UTINYINT AS id").replace("::DOUBLE", "::FLOAT"), txn(1))
    assert ids(engine) == [0, 1]


def test_a_feature_that_we_do_not_write_is_refused_by_its_name(engine, lake):
    # Without a required column: deltalake forgets the feature that it stands for, and Spark then reads nothing of the table.
    spec = TableSpec(NAME, (TableColumn("id", COLUMNS[0].type), *COLUMNS[1:]))
    engine.append(spec, rows(0, 2), txn(1))
    DeltaTable(str(folder(lake))).alter.add_feature(TableFeatures.DeletionVectors, allow_protocol_versions_increase=True)
    with pytest.raises(ContractError, match="deletionVectors"):
        engine.append(spec, rows(2, 3), txn(2))
    assert ids(engine) == [0, 1]


@pytest.mark.parametrize("ask", ["info", "txn", "fetch", "append"])
def test_a_feature_that_we_can_not_read_is_refused_by_its_name(engine, lake, ask):
    engine.append(SPEC, rows(0, 2), txn(1))
    log = folder(lake) / "_delta_log" / f"{0:020}.json"
    ours = '"minReaderVersion":1,"minWriterVersion":2'
    theirs = '"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["holograms"],"writerFeatures":["holograms"]'
    log.write_text(log.read_text().replace(ours, theirs))
    calls = {"info": [NAME], "txn": [NAME, "a"], "fetch": ["FROM silver.press_line"], "append": [SPEC, rows(2, 3), txn(2)]}
    with pytest.raises(ContractError, match="Lakeward can't read: holograms"):
        getattr(engine, ask)(*calls[ask])


def test_a_dropped_table_is_gone_and_can_be_made_again(engine):
    engine.append(SPEC, rows(0, 2), txn(1))
    engine.drop(NAME)
    engine.drop(NAME)
    assert (engine.info(NAME), engine.tables()) == (None, [])
    assert engine.append(SPEC, rows(5, 6), txn(1)).version == 0
    assert ids(engine) == [5]

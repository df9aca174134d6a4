"""Parquet in its own types, the good and the bad."""

import datetime as dt

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.record_format import FileFormat
from support.parquet_bytes import DECIMAL, FIXED, INT64, TIMESTAMP_MILLIS, write_column
from support.staging import SHA, column, file_input, stage_files

pytestmark = pytest.mark.usefixtures("reader")


def parquet(folder, select, seq=1):
    path = folder / f"{seq}.parquet"
    duckdb.connect().execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return file_input(path, FileFormat.PARQUET, seq)


def test_values_keep_their_types_and_rows_their_numbers(tmp_path):
    select = "SELECT i::INTEGER AS a, (i * 1.5)::DECIMAL(9, 2) AS b, timestamptz '2026-01-01 00:00:00+00' AS c FROM range(3) t(i)"
    got = stage_files(tmp_path, [parquet(tmp_path, select)], [column("a"), column("x", source_name="b")])
    assert got.rows("typeof(a), typeof(x)")[0] == ("INTEGER", "DECIMAL(9,2)")
    assert got.rows("a, x::VARCHAR, _file, _row, _extra")[2] == (2, "3.00", "1.parquet", 3, '{"c":"2026-01-01 00:00:00+00"}')
    assert (got.records, got.reports[0].unknown) == (3, ("c",))


def test_an_unknown_column_without_a_value_leaves_no_trace_in_the_row(tmp_path):
    select = "SELECT 1 AS a, NULL::INTEGER AS u, {'x': NULL, 'y': [1]} AS s UNION ALL SELECT 2, NULL, NULL"
    got = stage_files(tmp_path, [parquet(tmp_path, select)], [column("a")])
    assert got.rows("a, _extra") == [(1, '{"s":{"x":null,"y":[1]}}'), (2, None)]


def test_a_missing_required_column_rejects_every_row_as_json(tmp_path):
    got = stage_files(
        tmp_path, [parquet(tmp_path, "SELECT 1 AS a, 'ä' AS seq UNION ALL SELECT 2, NULL")], [column("b", required=True)]
    )
    assert got.rejects("_row, reason, detail, raw") == [
        (1, "reject_missing_column", "missing: b", '{"a":1,"seq":"ä"}'.encode()),
        (2, "reject_missing_column", "missing: b", b'{"a":2,"seq":null}'),
    ]
    assert (got.records, got.rows(), got.reports[0].missing) == (2, [], ("b",))


def test_a_missing_optional_column_is_null_in_the_contracts_type(tmp_path):
    columns = [column("a"), column("t", type_=Kind.TIMESTAMP)]
    got = stage_files(tmp_path, [parquet(tmp_path, "SELECT 1 AS a")], columns)
    assert got.rows("t, typeof(t)") == [(None, "TIMESTAMP WITH TIME ZONE")]


def test_damaged_pages_make_the_file_one_reject(tmp_path):
    whole = parquet(tmp_path, "SELECT md5(i::VARCHAR) AS a FROM range(1000) t(i)")
    content = whole.path.read_bytes()
    whole.path.write_bytes(content[:30] + b"\xff" * 500 + content[530:])
    got = stage_files(tmp_path, [whole], [column("a")])
    assert got.rejects() == [(0, "reject_unreadable")]


def test_a_column_name_with_nul_rejects_the_file_by_its_name(tmp_path):
    file, other = file_input(tmp_path / "1.parquet", FileFormat.PARQUET), parquet(tmp_path, "SELECT 7 AS a", seq=2)
    pq.write_table(pa.table({"a": [1], "b\0c": ["x"]}), file.path)
    got = stage_files(tmp_path, [file, other], [column("a")])
    assert got.rejects("_file_seq, reason, detail") == [(1, "reject_column_nul", f"{SHA}; 'b\\x00c'")]
    assert got.rows("a, _file_seq") == [(7, 2)]


@pytest.mark.parametrize("cut", [slice(0, -9), slice(0, 0), slice(9, None), slice(0, 40)])
def test_a_truncated_file_is_one_reject(tmp_path, cut):
    whole = parquet(tmp_path, "SELECT * FROM range(100) t(a)")
    whole.path.write_bytes(whole.path.read_bytes()[cut])
    other = parquet(tmp_path, "SELECT 7 AS a", seq=2)
    got = stage_files(tmp_path, [whole, other], [column("a")])
    assert got.rejects("_file_seq, _row, reason, detail, raw") == [(1, 0, "reject_unreadable", SHA, None)]
    assert got.rows("a, _file_seq") == [(7, 2)]
    assert got.records == 2


def test_names_of_our_own_in_a_file_do_no_harm(tmp_path):
    select = 'SELECT 9 AS file_row_number, 8 AS _row, 7 AS _file_seq, \'q\' AS _extra, 6 AS "a""b" FROM range(2)'
    got = stage_files(tmp_path, [parquet(tmp_path, select)], [column('a"b')])
    assert got.rows("columns(*)")[1] == (6, "1.parquet", 1, 2, '{"file_row_number":9,"_row":8,"_file_seq":7,"_extra":"q"}')


def test_files_that_disagree_about_a_type_meet_in_one_that_holds_both(tmp_path):
    inputs = [
        parquet(tmp_path, "SELECT 1::INTEGER AS a, 9007199254740993::BIGINT AS b, [1] AS c"),
        parquet(tmp_path, "SELECT 2::BIGINT AS a, 0.5::DOUBLE AS b, DATE '2026-01-02' AS c", seq=2),
    ]
    got = stage_files(tmp_path, inputs, [column("a"), column("b"), column("c")])
    assert got.rows("a, b, c") == [(1, "9007199254740993", "[1]"), (2, "0.5", "2026-01-02")]
    assert got.rows("typeof(a)")[0] == ("BIGINT",)


def test_a_date_stays_a_date(tmp_path):
    got = stage_files(tmp_path, [parquet(tmp_path, "SELECT DATE '2026-01-02' AS a")], [column("a")])
    assert got.rows("a") == [(dt.date(2026, 1, 2),)]


@pytest.mark.parametrize("name", ["e", "_entry_", "k", "x", "value", "key"])
def test_an_unknown_column_of_any_name_is_kept_beside_the_row(name, tmp_path):
    got = stage_files(tmp_path, [parquet(tmp_path, f'SELECT 1 AS a, 2.5::DOUBLE AS "{name}"')], [column("a")])
    assert got.rows("a, _extra") == [(1, f'{{"{name}":2.5}}')]


INSTANTS = {"t": DataType(Kind.TIMESTAMP)}
TIMES = "TIMESTAMP '2026-03-29 06:00:00.000001' AS t UNION ALL SELECT TIMESTAMP '2026-03-29 02:30:00' UNION ALL SELECT NULL"


def stage_times(folder, zone, select=TIMES):
    columns = [column("t", type_=Kind.TIMESTAMP)]
    return stage_files(folder, [parquet(folder, f"SELECT {select}")], columns, stored=INSTANTS, zone=zone)


def test_a_time_without_a_zone_is_the_contracts_in_a_table_of_instants(tmp_path):
    got = stage_times(tmp_path, "Asia/Shanghai")
    times = [dt.datetime(2026, 3, 28, 22, 0, 0, 1, dt.UTC), dt.datetime(2026, 3, 28, 18, 30, tzinfo=dt.UTC)]
    assert [row[0] and row[0].timestamp() for row in got.rows("t")] == [*(time.timestamp() for time in times), None]
    assert got.rejects() == []


def test_a_time_that_no_clock_showed_is_a_reject_in_a_table_of_instants(tmp_path):
    got = stage_times(tmp_path, "Europe/Berlin")
    assert got.rejects("_row, reason, detail") == [
        (2, "reject_other_type", "t: expected TIMESTAMP WITH TIME ZONE, found TIMESTAMP")
    ]
    assert [row[0] for row in got.rows("_row")] == [1, 3]


def test_without_a_zone_in_the_contract_no_time_is_guessed(tmp_path):
    got = stage_times(tmp_path, None)
    assert (got.rejects("_row"), got.rows("_row, t")) == ([(1,), (2,)], [(3, None)])


def test_a_date_in_a_table_of_instants_is_midnight_of_the_contracts_zone(tmp_path):
    got = stage_times(tmp_path, "Asia/Shanghai", "DATE '2026-03-29' AS t")
    assert got.rows("epoch(t)::BIGINT") == [(int(dt.datetime(2026, 3, 28, 16, tzinfo=dt.UTC).timestamp()),)]


def test_a_time_of_the_older_annotation_alone_is_an_instant(tmp_path):
    file = write_column(tmp_path / "1.parquet", INT64, [(1772344800250).to_bytes(8, "little")], converted=TIMESTAMP_MILLIS)
    got = stage_files(tmp_path, [file_input(file, FileFormat.PARQUET)], [column("x", type_=Kind.TIMESTAMP)], zone="Asia/Shanghai")
    assert got.rows("typeof(x), epoch_ms(x)") == [("TIMESTAMP WITH TIME ZONE", 1772344800250)]


def test_a_decimal_that_is_too_wide_is_refused_by_name_with_its_file(tmp_path):
    file = write_column(
        tmp_path / "1.parquet", FIXED, [b"\0" * 16 + b"\x96"], length=17, converted=DECIMAL, precision=39, scale=2
    )
    got = stage_files(tmp_path, [file_input(file, FileFormat.PARQUET)], [column("x")])
    assert got.rejects("reason, detail") == [("reject_unreadable_type", f"{SHA}; x: DECIMAL(39,2)")]
    assert got.rows() == []

"""Line numbers of large files, whoever reads which part of them first."""

import duckdb
import pytest

from lakeward.engines.embedded.staging import stage
from support.staging import READER, column, file_input, record_format, spark_session, stage_files


def test_row_numbers_hold_for_a_large_file_read_in_any_order(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("a,b\n" + "".join(f"{number},{'x' * 40}\n" for number in range(2, 600_000)), encoding="utf-8")
    con = duckdb.connect(config={"preserve_insertion_order": "false", "threads": "4"})
    reports = stage(con, [file_input(path)], record_format(), [column("a")], tmp_path)
    wrong, rows = con.execute("SELECT count_if(a <> _row::VARCHAR), count(*) FROM staged_rows").fetchall()[0]
    assert (wrong, rows, reports[0].records) == (0, 599_998, 599_998)


@pytest.mark.spark
@pytest.mark.exhaustive
def test_row_numbers_hold_for_a_file_that_many_tasks_read(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text(
        "a,b\n" + "".join(f"{n},{'x' * 40}\n" if n % 7 else f'{n},"y\ny"\n' for n in range(2, 40_000)), encoding="utf-8"
    )
    session = spark_session()
    session.conf.set("spark.sql.files.maxPartitionBytes", str(100 << 10))
    try:
        token = READER.set("spark")
        got = stage_files(tmp_path, [file_input(path)], [column("a")])
    finally:
        READER.reset(token)
        session.conf.unset("spark.sql.files.maxPartitionBytes")
    before = "(a::BIGINT - 1) // 7"  # every seventh record took two lines
    assert got.con.execute(f"SELECT count_if(_row <> a::BIGINT + {before}), count(*) FROM staged_rows").fetchall() == [
        (0, 39_998)
    ]
    assert got.records == 39_998

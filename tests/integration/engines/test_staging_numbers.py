"""Line numbers of large files, whoever reads which part of them first."""

import duckdb

from lakeward.engines.embedded.staging import stage
from staged import column, file_input, source


def test_row_numbers_hold_for_a_large_file_read_in_any_order(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("a,b\n" + "".join(f"{number},{'x' * 40}\n" for number in range(2, 600_000)), encoding="utf-8")
    con = duckdb.connect(config={"preserve_insertion_order": "false", "threads": "4"})
    reports = stage(con, [file_input(path)], source(), [column("a")], tmp_path)
    wrong, rows = con.execute("SELECT count_if(a <> _row::VARCHAR), count(*) FROM staged_rows").fetchall()[0]
    assert (wrong, rows, reports[0].records) == (0, 599_998, 599_998)

"""Columns of Parquet files that differ by case alone: each is read by its own name, whatever the engine calls it.

DuckDB numbers them (`t` becomes `t_1`, and a column of that name `t_1_1`); Spark refuses such a file, so its driver reads it.
"""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeward.contracts.model import Kind
from lakeward.contracts.record_format import FileFormat
from support.staging import column, file_input, record_format

VALUES = {"T": [1], "t": [5], "t_1": [7]}
COLUMNS = [column(f"c{at}", source_name=name, type_=Kind.INTEGER) for at, name in enumerate(VALUES)]


def stage(engine, folder, names, columns):
    path = folder / "1.parquet"
    pq.write_table(pa.table({name: VALUES.get(name, [9]) for name in names}), path)
    return engine.stage([file_input(path, FileFormat.PARQUET)], record_format(FileFormat.PARQUET), columns)


@pytest.mark.parametrize(
    ("names", "expected", "extra"),
    [
        (("T", "t", "t_1"), [1, 5, 7], None),
        (("t_1", "t", "T"), [1, 5, 7], None),
        (("T", "t"), [1, 5, None], None),
        (("t",), [None, 5, None], None),
        (("T", "t_1", "T_1"), [1, None, 7], '{"T_1":9}'),
    ],
)
def test_columns_that_differ_by_case_alone_are_read_by_their_own_names(engine, tmp_path, names, expected, extra):
    staged = stage(engine, tmp_path, names, COLUMNS)
    [row] = engine.fetch(f"SELECT c0, c1, c2, _extra FROM {staged.rows}")
    assert [*row.values()] == [*expected, extra]


def test_a_rejected_record_has_those_names(engine, tmp_path):
    staged = stage(engine, tmp_path, VALUES, [column("b", required=True)])
    [row] = engine.fetch(f"SELECT reason, raw FROM {staged.rejects}")
    assert (row["reason"], bytes(row["raw"])) == ("reject_missing_column", b'{"T":1,"t":5,"t_1":7}')

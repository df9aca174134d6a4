"""The file of a read model, after DuckDB fails in itself."""

from contextlib import ExitStack, closing
from threading import Thread

import pytest

from lakeward.core.errors import MachineError
from lakeward.core.sql import OVER_ALL_ROWS
from lakeward.core.storage.lake import Lake
from lakeward.engines.embedded.read_file import READERS, ReadFile

# One of the two threads that compute the window has no row: DuckDB 1.5.5 fails on some of its runs.
UNEVEN = """WITH one AS (SELECT i AS x FROM range(1) AS t(i)), found AS (
  SELECT * FROM one WHERE x >= 5000 UNION ALL SELECT * FROM one WHERE NOT EXISTS (SELECT 1 FROM one WHERE x >= 5000))
SELECT x, count(*) {window} AS total FROM found ORDER BY x DESC LIMIT 5"""
MOST_RUNS = 5_000


@pytest.fixture
def file(tmp_path):
    with closing(ReadFile(tmp_path / "read.duckdb", Lake.in_folder(str(tmp_path)), "1")) as opened:
        yield opened


def fetch_often(reading, query):
    for _ in range(MOST_RUNS):
        reading.fetch(query)


def test_a_file_that_duckdb_gave_up_is_opened_again(file):
    with file.write() as writer:
        writer.execute("CREATE TABLE figures.kept AS SELECT 7 AS n")
        writer.execute("SET threads = 2")
    with file.read() as reading, pytest.raises(MachineError, match="InternalException"):
        fetch_often(reading, UNEVEN.format(window="OVER ()"))
    with file.read() as reading:
        assert reading.fetch("FROM figures.kept") == [{"n": 7}]
    with file.write() as writer:
        writer.execute("INSERT INTO figures.kept VALUES (8)")
    with file.read() as reading:
        assert reading.fetch("SELECT count(*) AS n FROM figures.kept") == [{"n": 2}]


def test_the_window_of_our_queries_does_not_fail(file):
    with file.write() as writer:
        writer.execute("SET threads = 2")
    for _ in range(300):
        with file.read() as reading:
            assert reading.fetch(UNEVEN.format(window=OVER_ALL_ROWS)) == [{"x": 0, "total": 1}]


def test_one_reader_too_many_waits_for_another(file):
    def read():
        with file.read() as reading:
            seen.extend(reading.fetch("SELECT 1 AS n"))

    seen, late = [], Thread(target=read, daemon=True)
    with ExitStack() as readers:
        for _ in range(READERS):
            readers.enter_context(file.read())
        late.start()
        late.join(0.1)
        assert not seen
    late.join(10)
    assert seen == [{"n": 1}]

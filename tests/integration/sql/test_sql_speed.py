"""Two million rows land at half the speed of the reader alone, or faster, in bounded memory."""

import resource
import statistics
import time
from functools import partial

import pytest

from integration.sql.test_sql_watermarks import drain, open_table
from support.sql_plant import TABLE

ROWS, PAIRS = 2_000_000, 3
FILL = (
    f"INSERT INTO readings SELECT n, timestamptz '2026-01-01' + n * interval '1 s', random() FROM generate_series(1, {ROWS}) AS n"
)


def read_bare(database):
    import adbc_driver_postgresql.dbapi as adbc

    with adbc.connect(f"{database.url}?sslmode=disable") as session, session.cursor() as cursor:
        cursor.execute("SELECT id, ts, value FROM readings")
        return sum(batch.num_rows for batch in cursor.fetch_record_batch())


def seconds(call):
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_landing_reaches_half_the_speed_of_the_reader(tmp_path, database, record_property):
    database.execute(TABLE, FILL, "CREATE INDEX ON readings (xid)", "ANALYZE readings")
    ratios = []
    for pair in range(PAIRS):
        bare = seconds(lambda: read_bare(database))
        landing = seconds(partial(drain, open_table(tmp_path / str(pair), database)))
        ratios.append(bare / landing)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    record_property("reader alone / landing, and peak in MB", (ratios, peak))
    assert statistics.median(ratios) >= 0.5
    assert peak < 1500

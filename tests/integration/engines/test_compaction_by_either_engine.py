"""What one engine compacts the other reads, corrects and compacts again; and Delta's own OPTIMIZE and VACUUM beside ours do no harm."""

from datetime import timedelta

import pytest
from py4j.protocol import Py4JJavaError

from support.both_engines import open_engine_named
from support.external_writers import run_delta_sql
from support.small_tables import APP, BY_DAY, NAME, SPEC, by_day, data_files, ids, live_files, make_older, rows, total, txn

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive]
EVERYTHING = "SELECT * FROM silver.press_line ORDER BY id"
MONTH = timedelta(days=30)


@pytest.fixture
def both(lake):
    """The embedded engine and Spark's over one lake."""
    engines = open_engine_named("embedded", lake), open_engine_named("spark", lake)
    yield engines
    for engine in engines:
        engine.close()


def append_six_batches(engine, spec, shape):
    """Six batches of four rows: one day."""
    for batch in range(6):
        engine.append(spec, shape(rows(batch * 4, batch * 4 + 4, batch)), txn(batch + 1))


@pytest.mark.parametrize(("spec", "shape"), [(SPEC, lambda query: query), (BY_DAY, by_day)], ids=["whole", "by day"])
@pytest.mark.parametrize("first", [0, 1], ids=["embedded compacts", "spark compacts"])
def test_a_table_that_one_engine_compacts_is_the_same_to_the_other(both, lake, first, spec, shape):
    one, other = both[first], both[1 - first]
    append_six_batches(other, spec, shape)
    before, many = other.fetch(EVERYTHING), len(live_files(lake))
    while one.compact(NAME, ["id"]):
        pass
    assert len(live_files(lake)) < many
    assert one.fetch(EVERYTHING) == other.fetch(EVERYTHING) == before
    other.replace(spec, shape(rows(5, 15, 9)), ["id"], txn(7))
    for batch in range(8, 12):
        one.append(spec, shape(rows(100 + batch, 101 + batch)), txn(batch))
    while other.compact(NAME, ["id"]):
        pass
    make_older(lake, 31)
    one.vacuum(NAME, MONTH)
    assert data_files(lake) == live_files(lake)
    assert one.fetch(EVERYTHING) == other.fetch(EVERYTHING)
    assert (len(ids(one)), one.txn(NAME, APP), other.txn(NAME, APP)) == (28, 11, 11)


@pytest.mark.parametrize("statement", ["OPTIMIZE {table}", "OPTIMIZE {table} ZORDER BY (id, ts)"])
def test_a_strangers_optimize_between_ours_changes_no_row(both, lake, statement):
    embedded, spark = both
    append_six_batches(embedded, SPEC, lambda query: query)
    before = total(embedded)
    run_delta_sql(spark._spark, lake, statement)
    assert embedded.compact(NAME, ["id"]) is None
    for batch in range(6, 10):
        embedded.append(SPEC, rows(batch * 4, batch * 4 + 4), txn(batch + 1))
    spark.compact(NAME, ["id"])
    run_delta_sql(spark._spark, lake, statement)
    assert (total(embedded), ids(spark)) == ((40, before[1]), list(range(40)))


def test_a_strangers_vacuum_heeds_the_retention_that_ours_wrote_down(both, lake):
    from pyspark.errors import PySparkException

    embedded, spark = both
    append_six_batches(embedded, SPEC, lambda query: query)
    embedded.compact(NAME, ["id"])
    embedded.vacuum(NAME, MONTH)
    make_older(lake, 20)
    for statement in ("VACUUM {table}", "VACUUM {table} RETAIN 24 HOURS"):
        run_delta_sql(spark._spark, lake, statement)
    assert embedded.fetch("SELECT sum(id) AS n FROM silver.press_line", at={NAME: 2}) == [{"n": 66}]
    with pytest.raises((Py4JJavaError, PySparkException), match="RETENTION_PERIOD_TOO_SHORT"):
        run_delta_sql(spark._spark, lake, "VACUUM {table} RETAIN 0 HOURS")
    assert spark.fetch(EVERYTHING) == embedded.fetch(EVERYTHING)

"""Spark over a lake in an object store: the rows of the embedded engine, which commits for both."""

from dataclasses import replace

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.engines import open_engine
from lakeward.engines.spark.jars import check_store_jars
from support.both_engines import CONF
from support.object_stores import lake_at
from support.small_tables import BY_DAY, NAME, SPEC, by_day, ids, rows, total, txn

pytestmark = pytest.mark.spark


@pytest.fixture(autouse=True)
def _with_jars():
    """Skip without the jars for object stores, as `lakeward spark setup --s3` brings them."""
    try:
        check_store_jars(Settings.load().spark.jars)
    except LakewardError as error:
        pytest.skip(str(error))


@pytest.fixture
def lake(endpoint, tmp_path):
    return lake_at(endpoint, tmp_path / "files", f"spark {tmp_path.name} 湖")


@pytest.fixture
def both(lake):
    """The embedded engine and Spark's over one lake."""
    found = Settings.load().spark
    settings = replace(found, master="local[2]", conf=CONF | dict(found.conf))
    engines = open_engine("embedded", lake), open_engine("spark", lake, spark=settings)
    yield engines
    for engine in engines:
        engine.close()


def from_rows(embedded, query, version):
    """The same rows as a table, since Spark is to read them, not to make them."""
    embedded.overwrite(replace(SPEC, name=SOURCE), query, "TRUE", txn(version, "test"))
    return f"SELECT * FROM {SOURCE}"


SOURCE = replace(NAME, layer=type(NAME.layer)("bronze"))


def state(engines):
    """What each engine says of the table."""
    return [(ids(engine), float(total(engine)[1]), engine.txn(NAME, "lakeward/press_line")) for engine in engines]


def test_batches_by_either_engine_make_the_table_of_one(both):
    embedded, spark = both
    embedded.append(SPEC, rows(0, 100), txn(1))
    corrections = from_rows(embedded, f"{rows(20, 30, 5)} UNION ALL {rows(100, 110, 1)}", 1)
    assert spark.replace(SPEC, corrections, ["id"], txn(2)).rows == 110
    embedded.replace(SPEC, rows(25, 28, 7), ["id"], txn(3))
    for engine in both:
        assert engine.replace(SPEC, corrections, ["id"], txn(2)) is None
        assert engine.append(SPEC, corrections, txn(3)) is None
    query = from_rows(embedded, rows(200, 203, 2), 2)
    spark.overwrite(SPEC, query, "id IN (SELECT id FROM silver.press_line WHERE id < 20)", txn(4))
    assert state(both) == [([*range(20, 110), 200, 201, 202], 7 * 5 + 3 * 7 + 10 + 6, 4)] * 2
    at = {NAME: 0}
    assert [engine.fetch("SELECT count(*) AS n FROM silver.press_line", at=at) for engine in both] == [[{"n": 100}]] * 2


@pytest.mark.exhaustive
@pytest.mark.parametrize("first", [0, 1], ids=["embedded first", "spark first"])
def test_partitions_of_either_engine_are_corrected_by_the_other(both, first):
    one, other = both[first], both[1 - first]
    one.append(BY_DAY, by_day(from_rows(both[0], rows(0, 72), 1)), txn(1))
    moved = rows(3, 4, 1).replace("to_hours(i)", "to_hours(i + 240)")
    done = other.replace(BY_DAY, by_day(from_rows(both[0], f"{moved} UNION ALL {rows(30, 31, 1)}", 2)), ["id"], txn(2))
    assert (done.rows - done.copied_rows, done.copied_rows) == (2, 46)
    for engine in both:
        assert (ids(engine), ids(engine, "_day = DATE '2026-03-11'")) == (list(range(72)), [3])

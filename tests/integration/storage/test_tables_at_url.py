"""Leases, drops and lost replies of tables in an object store."""

import pytest

from lakeward.core.errors import MachineError, StoreConflictError
from lakeward.core.storage.lake import store_of
from lakeward.engines.delta.lease import take_lease
from lakeward.engines.embedded.engine import EmbeddedEngine
from lakeward.engines.tables import TableColumn, TableSpec
from support.fault_proxy import proxy
from support.lease_holders import DATASET, PausedLease, hold_in_turns
from support.object_stores import lake_at
from support.small_tables import BY_DAY, INTEGER, NAME, SPEC, STRING, by_day, ids, rows, txn


@pytest.fixture
def lake(endpoint, tmp_path):
    return lake_at(endpoint, tmp_path / "files", f"tables-{tmp_path.name}")


@pytest.fixture
def engine(lake):
    made = EmbeddedEngine(lake)
    yield made
    made.close()


@pytest.fixture
def late(lake):
    made = EmbeddedEngine(lake)
    yield made
    made.close()


def take(lake, machine, term=0.3):
    return take_lease(store_of(lake.root()), DATASET, machine, machine, term)


def test_of_many_machines_one_holds_the_lease_at_a_time(lake):
    most, numbers = hold_in_turns(store_of(lake.root()), 3)
    assert set(most) == {1}
    assert len(set(numbers)) == 12


@pytest.mark.parametrize("step", ["append", "drop"])
def test_a_late_holder_changes_nothing(engine, late, lake, step):
    engine.append(SPEC, rows(100, 110), txn(1, "other"))

    def take_over():
        with engine.under(take(lake, "here")):
            engine.append(SPEC, rows(0, 10), txn(1))

    with late.under(PausedLease.of(take(lake, "there"), take_over)), pytest.raises(StoreConflictError) as caught:
        late.append(SPEC, rows(0, 10), txn(2)) if step == "append" else late.drop(NAME)
    assert caught.value.code == "lease_lost"
    assert ids(engine) == [*range(10), *range(100, 110)]


def test_a_dropped_table_is_gone_until_it_is_created_again(engine, late):
    engine.append(SPEC, rows(0, 10), txn(1))
    late.info(NAME)
    engine.drop(NAME)
    engine.drop(NAME)
    assert (engine.info(NAME), late.info(NAME), engine.tables(), engine.txn(NAME, "other")) == (None, None, [], 0)
    late.append(SPEC, rows(10, 20), txn(1, "second"))
    assert ids(engine) == list(range(10, 20))


def test_a_commit_that_a_program_without_conditions_overwrote_is_said_once(engine, late, lake):
    """As Spark's default log store does, which looks for a version and then writes it whatever came between."""
    engine.append(SPEC, rows(0, 10), txn(1))
    late.append(SPEC, rows(10, 20), txn(1, "second"))
    engine.append(SPEC, rows(20, 30), txn(2))
    log, name = lake.root().store, f"silver/press_line/_delta_log/{2:020}.json"
    log.replace(name, log.read(name).replace(b"lakeward/press_line", b"stranger"))
    with pytest.raises(MachineError) as caught:
        late.info(NAME)
    assert caught.value.code == "table_commit_overwritten"
    assert (ids(engine), engine.txn(NAME, "lakeward/press_line")) == (list(range(30)), 1)


@pytest.mark.parametrize(
    ("spec", "query"),
    [
        (
            TableSpec(NAME, (TableColumn("id", INTEGER), TableColumn("other", STRING))),
            "SELECT i AS id, 'x' AS other FROM range(3) t(i)",
        ),
        (BY_DAY, by_day(rows(0, 3))),
    ],
    ids=["other columns", "other partitions"],
)
def test_a_dropped_table_may_come_back_otherwise(engine, spec, query):
    engine.append(SPEC, rows(50, 60), txn(1))
    engine.drop(NAME)
    engine.append(spec, query, txn(1, "second"))
    assert ids(engine) == [0, 1, 2]
    assert [column.name for column in engine.info(NAME).columns] == [column.name for column in spec.columns]
    engine.append(spec, query, txn(2, "second"))
    assert ids(engine) == [0, 0, 1, 1, 2, 2]


def test_a_partitioned_table_is_written_and_rewritten(engine):
    engine.append(BY_DAY, by_day(rows(0, 100)), txn(1))
    engine.replace(BY_DAY, by_day(rows(40, 60, 7)), ["id"], txn(2))
    assert ids(engine) == list(range(100))
    assert ids(engine, '"温度" = 7') == list(range(40, 60))


@pytest.mark.exhaustive
def test_a_commit_whose_reply_is_lost_is_in_the_table_once(endpoint, tmp_path):
    """Every request in turn loses its reply; what the caller is told and what the table holds agree, and a repetition adds nothing."""
    with proxy(endpoint) as (address, faults):
        number, done = 0, False
        while not done:
            number += 1
            made = EmbeddedEngine(lake_at(address, tmp_path / "files", f"reply-{tmp_path.name}-{number}"))
            made.append(SPEC, rows(0, 10), txn(1))
            faults.reset(number, "lost reply", 1)
            try:
                made.append(SPEC, rows(10, 20), txn(2))
                done = len(faults.seen) < number
                faults.reset()
            except (MachineError, StoreConflictError):
                faults.reset()
                made.append(SPEC, rows(10, 20), txn(2))
            assert ids(made) == list(range(20))
            made.close()
    assert number > 4

"""Corrections: replaced by key, overwritten by condition; only touched files are written anew."""

import pytest

from support.small_tables import BY_DAY, NAME, SPEC, by_day, data_files, ids, live_files, rows, total, txn


def query_for_spec(spec, query):
    return by_day(query) if spec is BY_DAY else query


@pytest.mark.parametrize("spec", [SPEC, BY_DAY])
def test_rows_with_the_same_keys_are_replaced(engine, spec):
    engine.append(spec, query_for_spec(spec, rows(0, 100)), txn(1))
    done = engine.replace(spec, query_for_spec(spec, rows(20, 30, 5)), ["id"], txn(2))
    assert done.rows - done.copied_rows == 10
    assert ids(engine) == list(range(100))
    assert total(engine) == (100, 50.0)


@pytest.mark.parametrize("spec", [SPEC, BY_DAY])
def test_rows_under_a_condition_are_overwritten(engine, spec):
    engine.append(spec, query_for_spec(spec, rows(0, 100)), txn(1))
    engine.overwrite(spec, query_for_spec(spec, rows(200, 203, 1)), "id >= 50", txn(2))
    assert ids(engine) == [*range(50), 200, 201, 202]
    assert total(engine) == (53, 3.0)


def test_a_key_moved_to_another_day_leaves_its_old_partition(engine):
    engine.append(BY_DAY, by_day(rows(0, 48)), txn(1))
    moved = rows(3, 4, 1).replace("to_hours(i)", "to_hours(i + 240)")
    engine.replace(BY_DAY, by_day(moved), ["id"], txn(2))
    assert ids(engine) == list(range(48))
    assert ids(engine, "_day = DATE '2026-03-11'") == [3]


def test_only_touched_files_are_written_anew(engine, lake):
    for batch in range(5):
        engine.append(SPEC, rows(batch * 10, batch * 10 + 10), txn(batch + 1))
    before = live_files(lake)
    done = engine.replace(SPEC, rows(21, 23, 1), ["id"], txn(6))
    assert done.rows - done.copied_rows == 2
    assert done.copied_rows < 10
    assert len(before - live_files(lake)) == 1


def test_keys_that_nobody_had_are_a_plain_append(engine, lake):
    engine.append(SPEC, rows(0, 10), txn(1))
    before = live_files(lake)
    assert engine.replace(SPEC, rows(10, 12), ["id", "ts"], txn(2)).copied_rows == 0
    assert before < live_files(lake)
    assert engine.txn(NAME, "lakeward/rewrite") == 0


def test_every_commit_that_removes_a_file_carries_the_fence(engine):
    engine.append(SPEC, rows(0, 10), txn(1))
    engine.replace(SPEC, rows(0, 1), ["id"], txn(2))
    engine.overwrite(SPEC, rows(0, 1), "id = 1", txn(3))
    assert engine.txn(NAME, "lakeward/rewrite") == 2


def test_a_correction_lands_once(engine):
    engine.append(SPEC, rows(0, 10), txn(1))
    assert engine.replace(SPEC, rows(0, 5, 1), ["id"], txn(2))
    assert engine.replace(SPEC, rows(0, 5, 1), ["id"], txn(2)) is None
    assert engine.overwrite(SPEC, rows(0, 0), "TRUE", txn(2)) is None
    assert total(engine) == (10, 5.0)


def test_the_first_rows_may_come_by_any_door(engine):
    engine.replace(SPEC, rows(0, 3), ["id"], txn(1))
    engine.drop(NAME)
    engine.overwrite(SPEC, rows(3, 5), "TRUE", txn(1))
    assert ids(engine) == [3, 4]


def test_no_rows_over_all_rows_leave_an_empty_table(engine, lake):
    engine.append(SPEC, rows(0, 10), txn(1))
    engine.overwrite(SPEC, rows(0, 0), "TRUE", txn(2))
    assert (ids(engine), live_files(lake), engine.info(NAME).rows) == ([], set(), 0)


def test_a_condition_that_is_null_keeps_the_row(engine):
    engine.append(SPEC, rows(0, 10), txn(1))
    engine.overwrite(SPEC, rows(20, 21), "note = 'x' OR id = 9", txn(2))
    assert ids(engine) == [*range(9), 20]


def test_a_condition_may_name_relations_of_the_session_and_tables(engine):
    engine.append(SPEC, rows(0, 10), txn(1))
    engine.materialise("touched", "SELECT ts FROM silver.press_line WHERE id IN (2, 3)")
    condition = "ts IN (SELECT ts FROM touched) AND id > (SELECT min(id) FROM silver.press_line)"
    engine.overwrite(SPEC, rows(3, 4, 7), condition, txn(2))
    assert ids(engine) == [0, 1, *range(3, 10)]


def test_the_new_rows_may_be_made_of_the_old_ones(engine):
    engine.append(SPEC, rows(0, 10), txn(1))
    engine.overwrite(SPEC, 'SELECT * REPLACE ("温度" + 1 AS "温度") FROM silver.press_line', "TRUE", txn(2))
    assert total(engine) == (10, 10.0)


def test_columns_that_the_batch_does_not_know_are_carried(engine):
    wider = type(SPEC)(NAME, (*SPEC.columns, SPEC.columns[-1].__class__("shift", SPEC.columns[-1].type)))
    engine.append(wider, f"SELECT *, 'A' AS shift FROM ({rows(0, 4)})", txn(1))
    engine.replace(SPEC, rows(0, 1), ["id"], txn(2))
    assert [row["shift"] for row in engine.fetch("SELECT shift FROM silver.press_line ORDER BY id")] == [None, "A", "A", "A"]


def test_a_version_before_the_correction_can_still_be_read(engine, lake):
    engine.append(SPEC, rows(0, 10), txn(1))
    before = data_files(lake)
    engine.replace(SPEC, rows(0, 5, 1), ["id"], txn(2))
    query = 'SELECT sum("温度") AS s FROM silver.press_line'
    assert (engine.fetch(query, at={NAME: 0}), engine.fetch(query)) == ([{"s": 0.0}], [{"s": 5.0}])
    assert before < data_files(lake)

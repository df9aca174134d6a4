"""Texts in the metadata of columns: kept by commits of rows, committed once, and never in the way of a writer."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from deltalake import DeltaTable

from lakeward.core.errors import UsageError
from support.small_tables import NAME, SPEC, append_in_process, folder, ids, rows, txn


def metadata(lake, column):
    return next(f.metadata for f in DeltaTable(str(folder(lake))).schema().fields if f.name == column)


def test_texts_join_the_comment_and_stay_through_commits_of_rows(engine, lake):
    engine.append(SPEC, rows(0, 10), txn(1))
    assert engine.annotate(NAME, {"id": {"lakeward.grade": "general"}}) == 1
    engine.append(SPEC, rows(10, 20), txn(2))
    engine.replace(SPEC, rows(0, 3, 7), ["id"], txn(3))
    assert metadata(lake, "id") == {"comment": "Number of the reading", "lakeward.grade": "general"}
    assert ids(engine) == list(range(20))


def test_the_same_texts_again_commit_nothing(engine):
    engine.append(SPEC, rows(0, 10), txn(1))
    engine.annotate(NAME, {"温度": {"lakeward.grade": "general"}})
    version = engine.info(NAME).version
    assert engine.annotate(NAME, {"温度": {"lakeward.grade": "general"}, "absent": {"k": "v"}}) == 0
    assert engine.info(NAME).version == version


def test_a_table_that_is_not_there_is_told(engine):
    with pytest.raises(UsageError) as error:
        engine.annotate(NAME, {"id": {"k": "v"}})
    assert error.value.code == "table_not_found"


def test_annotating_beside_a_writer_loses_no_row_and_no_text(engine, lake):
    engine.append(SPEC, rows(0, 10), txn(1))
    with ThreadPoolExecutor(1) as pool:
        written = [pool.submit(append_in_process, lake, 10 * n, 1, f"other/{n}") for n in range(1, 6)]
        for turn in range(15):
            engine.annotate(NAME, {"id": {"turn": str(turn)}, "ts": {"turn": str(turn)}})
        assert {future.result() for future in written} == {"landed"}
    assert ids(engine) == list(range(60))
    assert (metadata(lake, "id")["turn"], metadata(lake, "ts")["turn"]) == ("14", "14")


def test_the_texts_of_all_columns_are_one_commit_that_every_reader_knows(engine, lake):
    engine.append(SPEC, rows(0, 10), txn(1))
    before = DeltaTable(str(folder(lake)))
    engine.annotate(NAME, {column.name: {"k": "2"} for column in SPEC.columns})
    assert engine.info(NAME).version == before.version() + 1
    after = DeltaTable(str(folder(lake)))
    assert after.history(1)[0]["operation"] == "SET COLUMN METADATA"
    assert after.metadata().id == before.metadata().id
    assert after.metadata().configuration == before.metadata().configuration
    assert [(f.name, f.type, f.nullable) for f in after.schema().fields] == [
        (f.name, f.type, f.nullable) for f in before.schema().fields
    ]
    engine.append(SPEC, rows(10, 20), txn(2))
    DeltaTable(str(folder(lake))).create_checkpoint()
    assert {metadata(lake, column.name)["k"] for column in SPEC.columns} == {"2"}
    assert (ids(engine), engine.txn(NAME, txn(2).app)) == (list(range(20)), 2)

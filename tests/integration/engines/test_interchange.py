"""One table, two engines, and strangers beside them: the rows are those of one engine alone."""

import json

import pytest
from deltalake import DeltaTable
from py4j.protocol import Py4JJavaError

from lakeward.core.errors import ContractError
from lakeward.engines.delta.commits import commit_actions, commit_with_retries
from lakeward.engines.delta.rewrite import FENCE, Rewrite
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.embedded.delete_predicate import delete_same_keys
from lakeward.engines.embedded.rewrite import DuckDbRowRewriter
from lakeward.engines.spark.data_files import write_files as write_files_on_spark
from lakeward.engines.spark.delete_predicate import delete_same_keys as same_keys_on_spark
from lakeward.engines.spark.rewrite import SparkRowRewriter
from support.both_engines import open_engine_named
from support.external_writers import OlderTransaction, create_external_table, first_add, require_newer_protocol, run_delta_sql
from support.small_tables import (
    APP,
    BY_DAY,
    NAME,
    SPEC,
    batches_by_turns,
    by_day,
    folder,
    from_rows,
    ids,
    rows,
    state,
    txn,
)

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive]


@pytest.fixture
def both(lake):
    """The embedded engine and Spark's over one lake."""
    engines = open_engine_named("embedded", lake), open_engine_named("spark", lake)
    yield engines
    for engine in engines:
        engine.close()


@pytest.fixture
def two_files(both):
    embedded, _ = both
    embedded.append(SPEC, rows(0, 10), txn(1))
    embedded.append(SPEC, rows(10, 20), txn(2))


def correct(engine, lake, handle):
    """Correct ids 5 to 14 with the engine's own hands, first as it was when the handle was opened."""
    embedded, spark = engine
    if spark is None:
        added = write_files(embedded._con, folder(lake), SPEC, rows(5, 15, 1))
        correction = DuckDbRowRewriter(
            embedded._con, folder(lake), delete_same_keys(embedded._con, folder(lake), SPEC, ["id"], added)
        )
    else:
        added = write_files_on_spark(folder(lake), SPEC, spark._frame(from_rows(embedded, rows(5, 15, 1), 1)))
        doomed = same_keys_on_spark(spark._spark, folder(lake), SPEC, ["id"], added)
        correction = SparkRowRewriter(spark._spark, folder(lake), lambda version: spark._scan(NAME, version), doomed)
    rewrite, handles = Rewrite(folder=folder(lake), spec=SPEC, added=added, rewriter=correction, txn=txn(3)), iter([handle])
    return commit_with_retries(folder(lake), SPEC, txn(3), lambda table: rewrite.attempt(next(handles, table)))


def hands(both, name):
    return (both[0], both[1] if name == "spark" else None)


def test_batches_by_either_engine_make_the_table_of_one(both, lake):
    batches_by_turns(both)
    assert both[0].txn(NAME, FENCE) == 3


@pytest.mark.parametrize("first", [0, 1], ids=["embedded first", "spark first"])
def test_partitions_of_either_engine_are_corrected_by_the_other(both, lake, first):
    one, other = both[first], both[1 - first]
    one.append(BY_DAY, by_day(from_rows(both[0], rows(0, 72), 1)), txn(1))
    moved = rows(3, 4, 1).replace("to_hours(i)", "to_hours(i + 240)")
    done = other.replace(BY_DAY, by_day(from_rows(both[0], f"{moved} UNION ALL {rows(30, 31, 1)}", 2)), ["id"], txn(2))
    assert (done.rows - done.copied_rows, done.copied_rows) == (2, 46)
    for engine in both:
        assert (ids(engine), ids(engine, "_day = DATE '2026-03-11'")) == (list(range(72)), [3])


def test_statistics_of_either_engine_say_the_same(both, lake):
    embedded, spark = both
    odd = f"""SELECT id, ts, CASE WHEN id = 3 THEN 'NaN'::DOUBLE ELSE "温度" END AS "温度", -cost AS cost,
        CASE id % 3 WHEN 0 THEN '北' || id WHEN 1 THEN NULL ELSE 'é"\\' END AS note FROM ({rows(0, 9)})"""
    query = from_rows(embedded, f"{odd} UNION ALL SELECT * REPLACE (repeat('x', 65) AS note) FROM ({rows(9, 10)})", 1)
    embedded.append(SPEC, f"{query} WHERE id < 9", txn(1))
    spark.append(SPEC, f"{query} WHERE id < 9", txn(2))
    embedded.append(SPEC, f"{query} WHERE id = 9", txn(3))
    spark.append(SPEC, f"{query} WHERE id = 9", txn(4))
    told = [json.loads(first_add(lake, version)["stats"], parse_float=str) for version in range(4)]
    assert told[0] == told[1]
    assert told[2] == told[3]
    assert "温度" not in told[0]["maxValues"]
    assert (told[0]["maxValues"]["ts"], told[0]["minValues"]["cost"]) == ("2026-03-01T08:00:00.001Z", "-2.6667")


def test_required_columns_and_texts_of_any_length_hold_no_null(both):
    embedded, spark = both
    long = type(SPEC)(NAME, (*SPEC.columns[:-1], type(SPEC.columns[0])("note", SPEC.columns[-1].type, nullable=False)))
    query = from_rows(embedded, f"SELECT * REPLACE (CASE WHEN id < 3 THEN repeat('x', 9000) END AS note) FROM ({rows(0, 4)})", 1)
    with pytest.raises(Exception, match="note"):
        spark.append(long, query, txn(1))
    assert spark.append(long, f"{query} WHERE id < 3", txn(1)).rows == 3


def test_a_table_made_anew_is_not_taken_for_the_dropped_one(both):
    embedded, spark = both
    for version in range(1, 4):
        embedded.append(SPEC, rows(0, version), txn(version))
    assert len(ids(spark)) == 6
    spark.drop(NAME)
    embedded.append(BY_DAY, by_day(rows(50, 52)), txn(1))
    assert (ids(spark), spark.txn(NAME, APP)) == ([50, 51], 1)
    embedded.drop(NAME)
    for version in range(1, 4):
        embedded.append(SPEC, rows(version, version + 1), txn(version))
    assert ids(spark) == [1, 2, 3]
    assert spark.fetch("SELECT id FROM silver.press_line", at={NAME: 0}) == [{"id": 1}]


STATEMENTS = {
    "OPTIMIZE": ("OPTIMIZE {table}", range(20)),
    "DELETE": ("DELETE FROM {table} WHERE id = 2", [0, 1, *range(3, 20)]),
    "MERGE": ("MERGE INTO {table} t USING (SELECT 3 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE", [0, 1, 2, *range(4, 20)]),
}


@pytest.mark.parametrize("name", ["embedded", "spark"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_correction_beside_a_stranger_who_was_first_doubles_and_loses_nothing(both, lake, two_files, statement, name):
    older, (text, expected) = DeltaTable(str(folder(lake))), STATEMENTS[statement]
    run_delta_sql(both[1]._spark, lake, text)
    correct(hands(both, name), lake, older)
    assert state(both) == [(list(expected), 10.0, 3)] * 2


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_stranger_after_a_correction_doubles_and_loses_nothing(both, lake, two_files, statement):
    text, expected = STATEMENTS[statement]
    both[1].replace(SPEC, from_rows(both[0], rows(5, 15, 1), 1), ["id"], txn(3))
    run_delta_sql(both[1]._spark, lake, text)
    assert state(both) == [(list(expected), 10.0, 3)] * 2


def test_a_stranger_who_began_before_a_correction_is_refused_by_delta(both, lake, two_files):
    stranger = OlderTransaction(both[1]._spark, lake)
    correct(hands(both, "embedded"), lake, DeltaTable(str(folder(lake))))
    with pytest.raises(Py4JJavaError, match="Concurrent"):
        stranger.commit(first_add(lake, 0))
    assert state(both) == [(list(range(20)), 10.0, 3)] * 2


FEATURES = {
    "deletionVectors": ("id BIGINT, note STRING", "'delta.enableDeletionVectors'='true'", "DELETE FROM {} WHERE id = 2"),
    "columnMapping": ("id BIGINT, old STRING", "'delta.columnMapping.mode'='name'", "ALTER TABLE {} RENAME COLUMN old TO note"),
    "typeWidening": ("id INT, note STRING", "'delta.enableTypeWidening'='true'", "ALTER TABLE {} ALTER COLUMN id TYPE BIGINT"),
    "timestampNtz": ("id BIGINT, note TIMESTAMP_NTZ", "", ""),
    "variantType": ("id BIGINT, note VARIANT", "", ""),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_a_foreign_feature_is_read_whole_and_written_by_neither(both, lake, feature):
    columns, properties, change = FEATURES[feature]
    last = columns.split()[-1]
    note = {"VARIANT": "parse_json('{\"a\": 1}')", "TIMESTAMP_NTZ": "TIMESTAMP_NTZ '2026-03-01 06:00:00'"}.get(last, "'x'")
    off = "" if "enableDeletionVectors" in properties else "'delta.enableDeletionVectors'='false'"
    made = f"SELECT CAST(id AS {columns.split()[1].strip(',')}), {note} FROM range(0, 6, 1, 1)"
    table = create_external_table(both[1]._spark, lake, "press_line", columns, made, ", ".join(filter(None, (properties, off))))
    if change:
        both[1]._spark.sql(change.format(table)).collect()
    read = [engine.fetch("SELECT id, note FROM silver.press_line ORDER BY id") for engine in both]
    assert read[0] == read[1]
    assert [row["id"] for row in read[0]] == [one for one in range(6) if (feature, one) != ("deletionVectors", 2)]
    for engine in both:
        with pytest.raises(ContractError, match=feature):
            engine.append(SPEC, rows(0, 1), txn(1))


def test_a_protocol_that_nobody_knows_yet_is_refused_by_its_name(both, lake, two_files):
    require_newer_protocol(lake, "press_line")
    for engine in both:
        with pytest.raises(ContractError, match="fromTomorrow"):
            ids(engine)
        with pytest.raises(ContractError, match="fromTomorrow"):
            engine.append(SPEC, rows(0, 1), txn(3))
    assert not any("add" in action for action in commit_actions(folder(lake), 2))

"""Small tables for tests of the engine: one spec, rows by number, and other programs that write beside us."""

import json
import os
import signal
import time
import uuid
from dataclasses import replace
from pathlib import Path

from deltalake import DeltaTable
from deltalake.transaction import AddAction, CommitProperties, RemoveAction, Transaction

from lakeward.contracts.model import DataType, Kind
from lakeward.core.errors import StoreConflictError
from lakeward.core.names import Layer, TableName
from lakeward.engines.delta.compaction import Compaction
from lakeward.engines.embedded.compaction import DuckDbBinWriter
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.embedded.engine import EmbeddedEngine
from lakeward.engines.tables import TableColumn, TableSpec, Txn

NAME = TableName(Layer.SILVER, "press_line")
APP = "lakeward/press_line"
INTEGER, STRING, DOUBLE = DataType(Kind.INTEGER), DataType(Kind.STRING), DataType(Kind.DOUBLE)
COLUMNS = (
    TableColumn("id", INTEGER, nullable=False, comment="Number of the reading"),
    TableColumn("ts", DataType(Kind.TIMESTAMP)),
    TableColumn("温度", DOUBLE),
    TableColumn("cost", DataType(Kind.DECIMAL, 18, 4)),
    TableColumn("note", STRING),
)
SPEC = TableSpec(NAME, COLUMNS)
BY_DAY = TableSpec(NAME, (*COLUMNS, TableColumn("_day", DataType(Kind.DATE))), ("_day",))


def rows(start, end, value=0):
    """SELECT of rows with these ids, one per hour, so that 24 ids fill a day."""
    return f"""SELECT i AS id, TIMESTAMPTZ '2026-03-01' + to_hours(i) + to_microseconds(7) AS ts, {value}::DOUBLE AS "温度",
        (i / 3)::DECIMAL(18, 4) AS cost, NULL::VARCHAR AS note FROM range({start}, {end}) t(i)"""


def by_day(query):
    """The same rows with their partition column."""
    return f"SELECT *, CAST(ts AS DATE) AS _day FROM ({query})"


def txn(version, app=APP):
    """A transaction of the dataset."""
    return Txn(app, version)


def ids(engine, where="TRUE"):
    """Ids in the table, sorted: doubled rows show."""
    return [row["id"] for row in engine.fetch(f"SELECT id FROM silver.press_line WHERE {where} ORDER BY id")]


def total(engine):
    """Rows and the sum of their values."""
    row = engine.fetch('SELECT count(*) AS n, sum("温度") AS s FROM silver.press_line')[0]
    return row["n"], row["s"]


def folder(lake):
    """The table's folder."""
    return Path(lake) / "silver" / "press_line"


def data_files(lake):
    """All Parquet files in the table's folder, committed or not."""
    found = {file.relative_to(folder(lake)) for file in folder(lake).rglob("*.parquet")}
    return {str(file) for file in found if file.parts[0] != "_delta_log"}


def live_files(lake):
    """Files of the newest version."""
    return {str(Path(uri).relative_to(folder(lake))) for uri in DeltaTable(str(folder(lake))).file_uris()}


def make_older(lake, days):
    """Let all that was written so far, the log too, be so old."""
    for file in folder(lake).rglob("*"):
        if file.is_file():
            then = file.stat().st_mtime - days * 86_400
            os.utime(file, (then, then))


def compact(engine, lake, handle, files, *, fence):
    """What a compaction by COPY commits through `handle`: these files as one, nothing changed; with the fence or without."""
    name = f"part-{uuid.uuid4()}.parquet"
    sources = ", ".join(f"'{folder(lake) / file}'" for file in files)
    count = engine.export(f"SELECT * FROM read_parquet([{sources}])", folder(lake) / name)
    size = (folder(lake) / name).stat().st_size
    add = AddAction(name, size, {}, time.time_ns() // 1_000_000, False, json.dumps({"numRecords": count}))
    removes = [RemoveAction(file, data_change=False, deletion_timestamp=0) for file in files]
    last = handle.transaction_version("lakeward/rewrite") or 0
    properties = CommitProperties(app_transactions=[Transaction("lakeward/rewrite", last + 1)] if fence else [])
    handle.create_write_transaction([add, *removes], "append", handle.schema(), commit_properties=properties)


def append_in_process(lake, start, version, app):
    """Append ten rows from a process of its own; its outcome as a word."""
    engine = EmbeddedEngine(lake)
    try:
        done = engine.append(SPEC, rows(start, start + 10), Txn(app, version))
    except Exception as error:  # noqa: BLE001
        return type(error).__name__
    finally:
        engine.close()
    return "landed" if done else "there already"


def append_at_url(lake, start, number):
    """Append ten rows to a lake in an object store, as an application of its own; its outcome as a word."""
    engine = EmbeddedEngine(replace(lake, files=lake.files / str(number)))
    try:
        engine.append(SPEC, rows(start, start + 10), Txn(f"other {number}", 1))
    except StoreConflictError as error:
        return error.code
    finally:
        engine.close()
    return "landed"


def die_before_commit(lake):
    """Write the files of a batch and kill the process."""
    engine = EmbeddedEngine(lake)
    write_files(engine._con, folder(lake), SPEC, rows(20, 30))
    os.kill(os.getpid(), signal.SIGKILL)


class DyingPacker(DuckDbBinWriter):
    """Packs, and kills the process before the commit."""

    def write_bins(self, bins, stored, order_by):
        super().write_bins(bins, stored, order_by)
        os.kill(os.getpid(), signal.SIGKILL)


def die_while_compacting(lake):
    """Write the files of a compaction and die."""
    engine = EmbeddedEngine(lake)
    Compaction(folder=folder(lake), name=NAME, order_by=["id"], writer=DyingPacker(engine._con, folder(lake))).run()


def write_corrections(lake):
    """Six more batches, all of them corrections, as fast as they go."""
    engine = EmbeddedEngine(lake)
    for batch in range(9, 15):
        engine.replace(SPEC, rows(batch * 5, batch * 5 + 10, batch), ["id"], txn(batch))
    engine.close()


def from_rows(embedded, query, version):
    """The same rows as a table, since Spark is to read them, not to make them."""
    spec = type(SPEC)(TableName(Layer.BRONZE, "press_line"), SPEC.columns)
    embedded.overwrite(spec, query, "TRUE", Txn("test", version))
    return "SELECT * FROM bronze.press_line"


def state(engines):
    """What each engine says of the table."""
    return [(ids(engine), float(total(engine)[1]), engine.txn(NAME, APP)) for engine in engines]


def batches_by_turns(both):
    """Four batches of one table by the embedded engine and Spark in turns, some tried again: rows and offsets are those of one engine."""
    embedded, spark = both
    embedded.append(SPEC, rows(0, 100), txn(1))
    corrections = from_rows(embedded, f"{rows(20, 30, 5)} UNION ALL {rows(100, 110, 1)}", 1)
    assert spark.replace(SPEC, corrections, ["id"], txn(2)).rows == 110
    embedded.replace(SPEC, rows(25, 28, 7), ["id"], txn(3))
    for engine in both:
        assert engine.replace(SPEC, corrections, ["id"], txn(2)) is None
        assert engine.append(SPEC, corrections, txn(3)) is None
    spark.overwrite(
        SPEC, from_rows(embedded, rows(200, 203, 2), 2), "id IN (SELECT id FROM silver.press_line WHERE id < 20)", txn(4)
    )
    assert state(both) == [([*range(20, 110), 200, 201, 202], 7 * 5 + 3 * 7 + 10 + 6, 4)] * 2

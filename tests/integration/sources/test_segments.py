"""Landed segments: whole, on disk, numbered without gaps, and never of two collectors."""

import multiprocessing
import os
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.segment_bounds import SegmentBounds
from lakeward.core.errors import DefinitionError, InvariantError, MachineError
from lakeward.sources import BatchLimit
from lakeward.sources.segments import SegmentSource, SegmentStore, SegmentWriter, message_schema, write_segment
from lakeward.sources.segments.writer import segment_metadata
from support.segments import land_messages

ALL = BatchLimit(1 << 40)


@pytest.fixture
def store(tmp_path):
    return SegmentStore.of_dataset(tmp_path, "plant")


def source_of(tmp_path, **options):
    return SegmentSource(dataset="plant", landing=tmp_path, format=FileFormat.MESSAGES, **options)


def test_segments_are_numbered_by_twenty_digits_and_readable_without_the_program(store):
    landed = land_messages(store, [("plant/a", b'{"v": 1}'), ("plant/b", b"\xff\x00")])
    assert (landed.number, landed.path.name) == (1, "00000000000000000001.parquet")
    import duckdb

    rows = duckdb.sql(f"SELECT topic, payload, retain FROM '{landed.path}'").fetchall()
    assert rows == [("plant/a", b'{"v": 1}', False), ("plant/b", b"\xff\x00", False)]


def test_numbers_go_on_over_folders(tmp_path):
    store = SegmentStore(tmp_path / "segments", per_folder=3)
    for number in range(1, 8):
        assert land_messages(store, [("a", b"1")]).number == number
    assert [one.number for one in store.segments(0, 7)] == [1, 2, 3, 4, 5, 6, 7]


ROW = ("a", b"1", datetime(2026, 3, 1, tzinfo=UTC), 1, False, False, None, None)


def open_writer(store, bounds=SegmentBounds()):  # noqa: B008 -- frozen
    return SegmentWriter.open(store, bounds, message_schema())


def topics(store):
    import duckdb

    files = [str(one.path) for one in store.segments(0, store.newest())]
    return [
        topic for (topic,) in duckdb.sql(f"SELECT topic FROM read_parquet({files}) ORDER BY filename, file_row_number").fetchall()
    ]


def test_a_second_collector_of_a_machine_is_shut_out(store):
    first = open_writer(store)
    with pytest.raises(MachineError) as refused:
        open_writer(store)
    assert refused.value.code == "collector_running"
    first.close()
    open_writer(store).close()


def test_a_second_collector_of_another_machine_is_fenced_out_by_the_number(store):
    writer = open_writer(store)
    writer.add(ROW, 1, 0.0)
    write_segment(store, 1, message_schema().empty_table())
    with pytest.raises(MachineError) as refused:
        writer.land()
    assert refused.value.code == "segment_taken"


def test_rows_of_a_killed_collector_become_its_next_segment(store):
    writer = open_writer(store)
    for topic in "abc":
        writer.add((topic, *ROW[1:]), 1, 0.0)
        writer.commit()
    writer.add(("lost", *ROW[1:]), 1, 0.0)  # not on disk, so not acknowledged
    writer.close()
    after = open_writer(store)
    assert (after.number, topics(store)) == (1, ["a", "b", "c"])
    after.add(("d", *ROW[1:]), 1, 0.0)
    after.land()
    after.close()
    assert topics(store) == ["a", "b", "c", "d"]


def test_a_kill_between_segment_and_journal_doubles_nothing(store):
    writer = open_writer(store)
    writer.add(ROW, 1, 0.0)
    writer.commit()
    journal = writer.journal.path.read_bytes()
    writer.land()
    writer.close()
    (store.folder / f"{1:020d}.journal").write_bytes(journal)
    open_writer(store).close()
    assert (topics(store), list(store.folder.glob("*.journal"))) == (["a"], [])


@pytest.mark.parametrize("cut", [1, 5, 13, 200])
def test_a_torn_end_of_a_journal_is_left_out(store, cut):
    writer = open_writer(store)
    for topic in "ab":
        writer.add((topic, *ROW[1:]), 1, 0.0)
        writer.commit()
    path, whole = writer.journal.path, writer.journal.path.stat().st_size
    writer.add(("c", *ROW[1:]), 1, 0.0)
    writer.commit()
    writer.close()
    path.write_bytes(path.read_bytes()[: whole + cut])
    open_writer(store).close()
    assert topics(store) == ["a", "b"]


def test_garbage_behind_a_journal_is_left_out(store):
    writer = open_writer(store)
    writer.add(ROW, 1, 0.0)
    writer.commit()
    writer.close()
    with writer.journal.path.open("ab") as file:
        file.write(bytes(4096))
    open_writer(store).close()
    assert topics(store) == ["a"]


def test_a_hole_stops_the_plan_behind_nothing(store, tmp_path):
    for _ in range(3):
        land_messages(store, [("a", b"1")])
    store.path(2).unlink()
    with pytest.raises(InvariantError) as refused:
        source_of(tmp_path).plan(0, ALL)
    assert (refused.value.code, refused.value.facts["number"]) == ("segment_missing", 2)


def test_a_landing_that_is_behind_the_lake_is_no_new_source(store, tmp_path):
    land_messages(store, [("a", b"1")])
    with pytest.raises(InvariantError) as refused:
        source_of(tmp_path).plan(5, ALL)
    assert refused.value.code == "segment_missing"


def test_a_full_disk_loses_nothing_that_was_acknowledged(store):
    """A file may have no more than so many bytes: writes fail in their middle, as on a full disk."""
    import resource

    writer = open_writer(store)
    written = 0
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
        with suppress(MachineError):
            while True:
                writer.add((f"t{written}", b"x" * 1500, *ROW[2:]), 1500, 0.0)
                writer.commit()
                written += 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (written > 3, writer.waiting) == (True, 1)
    writer.add(("last", *ROW[1:]), 1, 0.0)
    writer.commit()
    writer.close()
    open_writer(store).close()
    assert topics(store) == [*(f"t{number}" for number in range(written + 1)), "last"]


def test_bounds_end_a_segment_by_rows_bytes_and_seconds(store):
    writer, row = open_writer(store, SegmentBounds(rows=3, bytes=100, seconds=2)), ROW
    assert not writer.is_due(100.0)
    writer.add(row, 1, 10.0)
    assert (writer.is_due(11.9), writer.is_due(12.0)) == (False, True)
    writer.add(row, 99, 10.0)
    assert writer.is_due(10.0)
    writer.land()
    for _ in range(3):
        writer.add(row, 1, 20.0)
    assert writer.is_due(20.0)


def _land_and_die(store, count):
    for _ in range(count):
        land_messages(store, [("a", b"1" * 1000)] * 50)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_writer_leaves_whole_segments_and_the_next_goes_on(store):
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        child = context.Process(target=_land_and_die, args=(store, 4))
        child.start()
        child.join(30)
        assert child.exitcode == -signal.SIGKILL
    assert store.newest() == 12
    assert land_messages(store, [("a", b"1")]).number == 13


def test_retention_keeps_the_newest_and_what_is_not_read(store, tmp_path):
    for _ in range(4):
        land_messages(store, [("a", b"1")])
    old = (datetime.now(UTC) - timedelta(days=9)).timestamp()
    for number in range(1, 5):
        os.utime(store.path(number), (old, old))
    source = source_of(tmp_path, retention_days=7)
    source.discard(2)
    assert [one.number for one in store.kept(9)] == [3, 4]
    source.discard(4)
    assert [one.number for one in store.kept(9)] == [4]
    assert source.plan(4, ALL) == 4


def test_a_position_is_part_of_its_segment(store):
    import pyarrow as pa

    table = pa.table({"id": [1, 2], "value": [1.5, None]})
    write_segment(store, 1, table, {"position": "2026-01-01"})
    assert segment_metadata(store, 0) == {}
    assert segment_metadata(store, 1) == {"position": "2026-01-01"}


def test_a_mapping_holds_from_the_segments_after_it(store, tmp_path):
    file = tmp_path / "series.csv"
    source = source_of(tmp_path, series_file=file)
    land_messages(store, [("a", b"1")])
    source.receive()
    land_messages(store, [("a", b"1")])
    file.write_text("address,series\na,plant/line1/temp\n")
    source.receive()
    land_messages(store, [("a", b"1")])
    file.write_text("address,series\na,plant/line1/temperature\n")
    source.receive()
    source.receive()
    land_messages(store, [("a", b"1")])
    file.unlink()
    source.receive()
    land_messages(store, [("a", b"1")])
    found = [one.series.read_text().splitlines()[1] if one.series else None for one in source.inputs(0, 5)]
    assert found == [None, None, "a,plant/line1/temp", "a,plant/line1/temperature", None]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("address,serie\na,b\n", "series_file_column"),
        ("address\na\n", "series_file_column"),
        ("address,series\na,b\na,c\n", "series_file_value"),
        ("address,series,unit\na,b,degC\n", "series_file_value"),
        ("address,series,low\na,b,cold\n", "series_file_value"),
        ("address,series\na\n", "series_file_value"),
        ("address,series\na,\n", "series_file_value"),
    ],
)
def test_a_mapping_that_is_not_valid_is_refused_before_anything_is_read(tmp_path, text, code):
    file = tmp_path / "series.csv"
    file.write_text(text)
    with pytest.raises(DefinitionError) as refused:
        source_of(tmp_path, series_file=file).receive()
    assert refused.value.code == code
    assert not (tmp_path / "plant" / "series").exists()

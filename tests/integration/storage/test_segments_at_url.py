"""Segments in an object store: two machines in turns, kills between two writes, and numbers that another machine took."""

import pytest

from lakeward.contracts.segment_bounds import SegmentBounds
from lakeward.core.errors import StoreConflictError
from lakeward.core.storage.bucket import CopiedBucket
from lakeward.sources.segments import SegmentStore, SegmentWriter, message_schema
from lakeward.sources.segments.copies import SegmentCopies
from support.object_stores import BUCKET, options


@pytest.fixture
def machine(endpoint, tmp_path):
    """`machine(name)`: the landing of a machine over one store."""

    def make(name, *, is_reread=False):
        bucket = CopiedBucket(f"s3://{BUCKET}/{tmp_path.name}", options(endpoint), tmp_path / name / "copies")
        return SegmentCopies(bucket, tmp_path / name / "landing", "line", is_reread)

    return make


def land(copies, *contents):
    store = copies.segments
    for content in contents:
        assert store.put(store.newest() + 1, content)


def stored_name(copies, number):
    return copies.name(f"segments/{copies.segments.path(number).relative_to(copies.segments.folder)}")


def held(copies):
    """What a machine reads from its copies of all that counts."""
    newest = copies.sync()
    copies.fetch(0, newest)
    return [copies.segments.path(number).read_bytes() for number in range(1, newest + 1)]


def test_what_one_machine_lands_another_reads_and_goes_on_behind(machine):
    first, second = machine("first"), machine("second")
    land(first, b"one", b"two")
    (first.landing / "line" / "series").mkdir()
    (first.landing / "line" / "series" / f"{1:020d}.csv").write_bytes(b"a,b\n")
    assert first.sync() == 2
    assert [one.size for one in second.unread_segments(0)] == [3, 3]
    assert second.sync() == 2
    assert (second.landing / "line" / "series" / f"{1:020d}.csv").read_bytes() == b"a,b\n"
    assert not second.segments.path(1).exists()
    land(second, b"three")
    second.sync()
    assert held(first) == held(second) == [b"one", b"two", b"three"]
    assert first.settle() == 3


def test_rows_of_a_number_that_another_took_get_another(machine):
    first, second = machine("first"), machine("second")
    land(first, b"one")
    first.sync()
    second.sync()
    land(first, b"of the first", b"and more")
    land(second, b"of the second")
    second.sync()
    assert held(first) == [b"one", b"of the second", b"of the first", b"and more"]
    assert held(second) == held(first)


def test_rows_that_are_read_again_give_way(machine):
    first, second = machine("first", is_reread=True), machine("second", is_reread=True)
    land(first, b"one")
    first.sync()
    second.sync()
    land(first, b"of the first", b"and more")
    land(second, b"of the second")
    second.sync()
    assert held(first) == [b"one", b"of the second"]


def test_a_window_counts_as_a_whole_or_not_at_all(machine):
    """A machine is lost between the writes of a window of two segments; another one reads the window again."""
    first, second = machine("first", is_reread=True), machine("second", is_reread=True)
    land(first, b"one")
    (first.landing / "line" / "windows").mkdir()
    (first.landing / "line" / "windows" / "seen").write_bytes(b"1")
    first.sync()
    first.store.replace(first.name(f"windows/{3:020d}/seen"), b"1 2 3")
    first.store.create(stored_name(first, 3), b"the second half")
    assert second.sync() == 1
    assert (second.landing / "line" / "windows" / "seen").read_bytes() == b"1"
    land(second, b"again")
    second.sync()
    assert held(first) == [b"one", b"again"]
    land(second, b"and on")
    second.sync()
    assert held(first) == [b"one", b"again", b"and on"]
    assert (first.landing / "line" / "windows" / "seen").read_bytes() == b"1"


def test_two_that_store_one_number_at_once_are_told(machine):
    first, second = machine("first"), machine("second")
    land(first, b"one")
    second.store.create(stored_name(second, 1), b"other")
    with pytest.raises(StoreConflictError) as caught:
        first._store([1], set())
    assert caught.value.code == "landing_taken"


def test_a_lake_that_was_restored_to_before_gets_what_is_only_here(machine):
    first = machine("first")
    land(first, b"one", b"two")
    first.sync()
    first.store.delete(stored_name(first, 2))
    assert held(first) == [b"one", b"two"]
    assert held(machine("other")) == [b"one", b"two"]


def test_rows_of_a_journal_whose_number_another_took_are_landed(tmp_path):
    """The broker has forgotten them: they were acknowledged when they were in the journal."""
    store = SegmentStore(tmp_path / "segments")
    schema = message_schema({"topic": "string", "payload": "binary"})
    writer = SegmentWriter.open(store, SegmentBounds(), schema)
    writer.add(("a", b"acknowledged"), 12, 0.0)
    writer.commit()
    writer.close()
    other = SegmentWriter.open(SegmentStore(tmp_path / "other"), SegmentBounds(), schema)
    other.add(("a", b"of another machine"), 12, 0.0)
    store.put(1, other.land().path.read_bytes())
    other.close()
    SegmentWriter.open(store, SegmentBounds(), schema).close()
    import pyarrow.parquet as pq

    assert [pq.read_table(store.path(number))["payload"].to_pylist() for number in (1, 2)] == [
        [b"of another machine"],
        [b"acknowledged"],
    ]
    SegmentWriter.open(store, SegmentBounds(), schema).close()
    assert store.newest() == 2

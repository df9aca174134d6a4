"""Gaps of nodes: each is repaired once, none is forgotten, and a value that came is not landed again."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

pytest.importorskip("asyncua", reason="asyncua is missing: pip install asyncua")
from lakeward.core.errors import MachineError
from lakeward.sources.collectors.opcua.gaps import AHEAD, Gaps
from lakeward.sources.collectors.opcua.history_pages import STEP, steps
from lakeward.sources.collectors.opcua.kept_gaps import FILE, KeptGaps
from lakeward.sources.collectors.opcua.values import SCHEMA
from lakeward.sources.segments import SegmentStore
from support.segments import land_messages

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=1)


def at(second):
    return NOON + timedelta(seconds=second)


def gaps_of(*seconds):
    """Gaps of a collector to which a node's values of these seconds came."""
    gaps = Gaps()
    for second in seconds:
        assert gaps.take("a", at(second))
    return gaps


def repaired(gaps, *seconds):
    return list(gaps.missing("a", [(at(second), second) for second in seconds]))


def test_what_came_before_and_since_a_gap_is_not_landed_again():
    gaps = gaps_of(1, 2)
    gaps.open(["a", "never seen"])
    gaps.take("a", at(6))
    assert gaps.begin_repair(LONG_AGO) == {"a": at(2)}
    assert repaired(gaps, 1, 2, 3, 4, 4, 5, 6) == [3, 4, 5]
    gaps.end_repair(["a"])
    assert not gaps.is_open
    assert (gaps.take("a", at(4)), gaps.take("a", at(7))) == (False, True)


def test_a_gap_that_begins_during_a_repair_is_repaired_too():
    gaps = gaps_of(1)
    gaps.open(["a"])
    gaps.begin_repair(LONG_AGO)
    assert repaired(gaps, 2, 3) == [2, 3]
    gaps.open(["a"])
    gaps.take("a", at(9))
    gaps.end_repair(["a"])
    assert (gaps.is_open, gaps.starts()) == (True, {"a": at(3)})
    assert gaps.begin_repair(LONG_AGO) == {"a": at(3)}
    assert repaired(gaps, 3, 4, 9) == [4]


def test_a_repair_that_was_cut_off_begins_again():
    gaps = gaps_of(1)
    gaps.open(["a"])
    gaps.take("a", at(5))
    gaps.begin_repair(LONG_AGO)
    assert repaired(gaps, 2, 3) == [2, 3]
    gaps.open(["a"])
    gaps.take("a", at(8))
    assert gaps.begin_repair(LONG_AGO) == {"a": at(1)}
    assert repaired(gaps, 2, 3, 4, 5, 6, 8) == [4, 6]


def test_a_repair_that_was_cut_off_does_not_begin_with_what_is_read():
    gaps = gaps_of(1)
    gaps.take("b", at(2))
    gaps.open(["a", "b"])
    gaps.begin_repair(LONG_AGO)
    gaps.end_repair(["a"])
    assert (gaps.is_open, gaps.begin_repair(LONG_AGO)) == (True, {"b": at(2)})


def test_no_gap_reaches_further_back_than_the_history_is_read():
    gaps = gaps_of(1)
    gaps.open(["a"])
    assert gaps.begin_repair(at(4)) == {"a": at(4)}


def test_a_collector_goes_on_with_the_gaps_of_one_that_was_killed(tmp_path):
    store = SegmentStore.of_dataset(tmp_path, "line")
    land_messages(store, [("a", b"1", None, at(second), "Double", False) for second in (20, 30)], columns=SCHEMA)
    kept = KeptGaps(tmp_path / "line")
    kept.keep({"a": at(10), "gone": at(1)})
    gaps = Gaps.after_segments(store, ["a", "b"], KeptGaps(tmp_path / "line").read())
    assert gaps.starts() == {"a": at(10), "b": at(20)}
    gaps.begin_repair(LONG_AGO)
    assert repaired(gaps, 9, 11, 20, 21, 30, 31) == [11, 21, 31]
    kept.keep({})
    assert Gaps.after_segments(store, ["a"], KeptGaps(tmp_path / "line").read()).starts() == {"a": at(30)}
    (tmp_path / "line" / FILE).write_text('["a"]')
    with pytest.raises(MachineError) as damaged:
        KeptGaps(tmp_path / "line").read()
    assert damaged.value.code == "opcua_gaps_damaged"


@pytest.mark.parametrize("seconds", [-600, 0, 5, 299, 300, 301, 86_400])
def test_parts_of_time_meet_without_a_gap(seconds):
    found = list(steps(NOON, at(seconds), AHEAD))
    assert (found[0][0], found[-1][1]) == (NOON, max(NOON, at(seconds)) + AHEAD)
    assert all(one[1] == other[0] and one[1] - one[0] == STEP for one, other in pairwise(found))

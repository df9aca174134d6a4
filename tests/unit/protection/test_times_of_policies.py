"""Dates and times of policies mean one instant each, and hours follow the plant's clock over its changes."""

import itertools
from datetime import UTC, datetime, time, timedelta

import pytest

from lakeward.protection.instants import read_instant
from lakeward.protection.time_window import TimeWindow

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "zone", "start", "end"),
    [
        ("2026-12-31", SHANGHAI, "2026-12-30T16:00", "2026-12-31T16:00"),
        ("2026-12-31T18:00", SHANGHAI, "2026-12-31T10:00", "2026-12-31T10:00"),
        ("2026-12-31 18:00:30", SHANGHAI, "2026-12-31T10:00:30", "2026-12-31T10:00:30"),
        ("2026-12-31T18:00Z", SHANGHAI, "2026-12-31T18:00", "2026-12-31T18:00"),
        ("2026-12-31T18:00:00-05:00", None, "2026-12-31T23:00", "2026-12-31T23:00"),
        # A day of 25 hours, one of 23, one whose midnight is shown twice, and one whose midnight is not.
        ("2026-10-25", BERLIN, "2026-10-24T22:00", "2026-10-25T23:00"),
        ("2026-03-29", BERLIN, "2026-03-28T23:00", "2026-03-29T22:00"),
        ("2026-11-01", "America/Havana", "2026-11-01T04:00", "2026-11-02T05:00"),
        ("2026-04-24", "Africa/Cairo", "2026-04-23T22:00", "2026-04-24T21:00"),
        # With its offset each of two equal times is one.
        ("2026-10-25T02:30+02:00", BERLIN, "2026-10-25T00:30", "2026-10-25T00:30"),
        ("2026-10-25T02:30+01:00", BERLIN, "2026-10-25T01:30", "2026-10-25T01:30"),
    ],
)
def test_a_value_is_one_instant(value, zone, start, end):
    assert read_instant(value, zone) == at(start)
    assert read_instant(value, zone, is_end=True) == at(end)


@pytest.mark.parametrize(
    "value",
    [
        *("20261231", "2026-W53-4", "2026W534", "2026-365", "2026-12-31T18", "20261231T180000", "2026-12-31T180000"),
        *("2026-12-31T18:00:00.5", "2026-12-31T18:00+0800", "2026-12-31T18:00+08", "2026-12-31t18:00", "2026-12-31T18:00z"),
        *("2026-12-31 ", "2026-13-01", "2026-02-29", "2026-12-31T24:00", "9999-12-31", "２０２６-12-31", "2026/12/31", ""),
        # Shown twice, and never.
        *("2026-10-25T02:30", "2026-03-29T02:30"),
        *(20261231, None, True),
    ],
)
def test_another_spelling_and_a_doubtful_time_are_refused(value):
    assert read_instant(value, BERLIN, is_end=True) is None


def test_a_time_that_needs_its_offset():
    assert read_instant("2026-12-31T18:00", None) is None
    assert read_instant("2026-12-31", None) is None


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24", "2026-06-01"])
@pytest.mark.parametrize(
    "hours", [("02:30", "04:00"), ("02:00", "03:00"), ("01:30", "02:30"), ("22:00", "02:30"), ("03:00", "02:15")]
)
def test_the_next_change_is_never_after_the_one_that_comes(day, hours):
    """Minute by minute over the changes of the clock: what a session is told of is what happens."""
    window = TimeWindow(hours=tuple(map(time.fromisoformat, hours)), zone=BERLIN)
    start = at(f"{day}T12:00")
    minutes = [start + timedelta(minutes=number) for number in range(60 * 60)]
    changes = [b for a, b in itertools.pairwise(minutes) if window.contains(a) != window.contains(b)]
    assert len(changes) >= 2
    for change in changes:
        before = max((one for one in changes if one < change), default=start)
        assert before < window.next_change(before) <= change


def test_hours_are_those_that_the_clock_shows():
    window = TimeWindow(hours=(time(2, 30), time(4)), zone=BERLIN)
    back = {
        "00:29": False,
        "00:30": True,
        "00:59": True,
        "01:00": False,
        "01:29": False,
        "01:30": True,
        "02:59": True,
        "03:00": False,
    }
    assert {minute: window.contains(at(f"2026-10-25T{minute}")) for minute in back} == back
    assert window.next_change(at("2026-10-25T00:45")) == at("2026-10-25T01:00")
    forward = {"00:59": False, "01:00": True, "01:59": True, "02:00": False}
    assert {minute: window.contains(at(f"2026-03-29T{minute}")) for minute in forward} == forward
    assert window.next_change(at("2026-03-29T00:45")) == at("2026-03-29T01:00")

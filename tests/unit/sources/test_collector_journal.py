"""What a collector says of itself: a machine's clock that was set is an event, and one that only goes is none."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lakeward.core.messages import Lang, Phrase, text
from lakeward.sources.collectors.state import CONNECTED, STATE_FILE, CollectorJournal, read_events, read_state

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SettableClock:
    """A clock of the machine that can be set."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


@pytest.mark.parametrize(("jump", "seen"), [(3600, "3600"), (-90, "-90"), (1.5, None), (0, None)])
def test_a_clock_that_was_set_is_an_event(tmp_path, jump, seen):
    clock = SettableClock()
    journal = CollectorJournal(folder=tmp_path, address="mqtt://broker", clock=clock)
    for second in range(1, 6):
        clock.time += timedelta(seconds=1 + (jump if second == 3 else 0))
        journal.watch_clock(100.0 + second)
    events = [event for _, event in read_events(tmp_path, 0)]
    assert [(event["kind"], event["facts"]) for event in events] == ([("source_clock_jump", {"seconds": seen})] if seen else [])


def test_the_rate_is_of_a_clock_that_is_never_set(tmp_path):
    clock = SettableClock()
    journal = CollectorJournal(folder=tmp_path, address="mqtt://broker", clock=clock)
    for second in range(10):
        clock.time = NOON - timedelta(hours=second)
        journal.messages += 50
        journal.write(0, 100.0 + second)
    state = read_state(tmp_path)
    assert (state.rate, state.messages) == (50.0, 500)


def test_why_a_source_is_away_is_read_in_either_language(tmp_path):
    journal = CollectorJournal(folder=tmp_path, address="opc.tcp://plc", clock=SettableClock())
    journal.change("source_certificate_refused", address="opc.tcp://plc", reason=Phrase("phrase_not_current"))
    journal.write(0, 100.0)
    state = read_state(tmp_path)
    assert state.facts == {"address": "opc.tcp://plc", "reason": Phrase("phrase_not_current")}
    told = [text(state.state, lang, **state.facts) for lang in Lang]
    assert ("certificate has expired" in told[0], "证书已过期或尚未生效" in told[1]) == (True, True)
    [(_, event)] = read_events(tmp_path, 0)
    assert event["facts"]["reason"] == "certificate has expired, or is not valid yet"


@pytest.mark.parametrize("facts", [{"reason": []}, {"reason": ["a", 1]}, [], None])
def test_a_state_whose_facts_are_none_is_none(tmp_path, facts):
    CollectorJournal(folder=tmp_path, address="a", clock=SettableClock()).write(0, 100.0)
    found = json.loads((tmp_path / STATE_FILE).read_text())
    (tmp_path / STATE_FILE).write_text(json.dumps({**found, "facts": facts}))
    assert read_state(tmp_path) is None


def test_each_time_away_has_its_event_however_short(tmp_path):
    clock = SettableClock()
    journal = CollectorJournal(folder=tmp_path, address="mqtt://broker", clock=clock)
    for second, state in ((0, CONNECTED), (5, "source_lost"), (6, CONNECTED), (7, "source_lost"), (8, CONNECTED)):
        clock.time = NOON + timedelta(seconds=second)
        journal.change(state)
    told = [(event["kind"], event["facts"].get("away_since", "")[-11:-6]) for _, event in read_events(tmp_path, 0)]
    assert told == [(CONNECTED, ""), ("source_lost", ""), (CONNECTED, "00:05"), (CONNECTED, "00:07")]


@pytest.mark.parametrize("name", ["heartbeat", "since", "away_since", "last_message"])
@pytest.mark.parametrize("time", ["yesterday", "2026-03-01T12:00:00", "", 7])
def test_a_state_whose_times_are_none_is_as_none(tmp_path, name, time):
    CollectorJournal(folder=tmp_path, address="mqtt://broker").write(0, 0.0)
    file = tmp_path / STATE_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: time}))
    assert read_state(tmp_path) is None
    journal = CollectorJournal(folder=tmp_path, address="mqtt://broker")
    assert journal.change(CONNECTED)
    assert [event["facts"] for _, event in read_events(tmp_path, 0)] == [{}]

"""The schedule of a contract: durations, and what is refused."""

import pytest

from lakeward.contracts.document import Fault
from lakeward.contracts.sla import read_schedule
from lakeward.contracts.view import View


def read(value, *, has_source=True):
    faults: list[Fault] = []
    found = read_schedule(View({"schedule": value}, (), faults), has_source=has_source)
    return found, [(fault.code, fault.facts["key"]) for fault in faults]


@pytest.mark.parametrize(("text", "seconds"), [("1min", 60), ("5min", 300), ("90s", 90), ("2 h", 7200), ("1day", 86_400)])
def test_durations_are_seconds(text, seconds):
    assert read(text) == (seconds, [])


def test_a_contract_without_one_has_none():
    assert read(None) == read(None, has_source=False) == (None, [])


@pytest.mark.parametrize("value", ["30s", "0min", "-5min", "5", 5, "5 apples", "*/5 * * * *", "32d", "5min5min", [1]])
def test_what_is_no_duration_of_a_minute_or_more_is_refused(value):
    assert read(value) == (None, [("contract_value", "schedule")])


def test_a_model_has_no_schedule():
    assert read("5min", has_source=False) == (None, [("contract_value", "schedule")])

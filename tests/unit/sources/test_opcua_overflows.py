"""Nodes whose queue was full: one event of a step, and each node once a minute."""

import json
from datetime import UTC, datetime, timedelta

from lakeward.sources.collectors.opcua.overflows import Overflows
from lakeward.sources.collectors.state import CollectorJournal, read_events

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_nodes_of_a_step_are_one_event_and_each_is_told_once_a_minute(tmp_path):
    overflows, journal = Overflows(), CollectorJournal(folder=tmp_path, address="opc.tcp://plc")
    for seconds, nodes in ((0, "ab"), (1, "ac"), (2, ""), (30, "bbc"), (61, "abcd")):
        for node in nodes:
            overflows.add(node)
        overflows.write(journal, NOON + timedelta(seconds=seconds))
    events = [event["facts"] for _, event in read_events(tmp_path, 0)]
    assert [json.loads(facts["addresses"]) for facts in events] == [["a", "b"], ["c"], ["a", "b", "c", "d"]]
    assert [facts["node"] for facts in events] == ["a, b", "c", "a, b, c …"]

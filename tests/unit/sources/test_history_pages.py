"""A server's history in several answers: none of its values is left out, however the server parts them."""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

ua = pytest.importorskip("asyncua", reason="asyncua is missing: pip install asyncua").ua
from lakeward.sources.collectors.opcua.history_pages import MAX_IDLE, read_span  # noqa: E402 -- needs the extra

START = datetime(2026, 3, 1, tzinfo=UTC)
GOOD, NO_POINTS, INVALID = 0, 0x804B_0000, 0x804A_0000


def page(first, count, point=None, status=GOOD):
    values = [
        ua.DataValue(ua.Variant(float(number)), SourceTimestamp=START + timedelta(seconds=number))
        for number in range(first, first + count)
    ]
    return ua.HistoryReadResult(ua.StatusCode(status), point, ua.HistoryData(values))


class PagingServer:
    """Gives its answers of each node one after the other, and keeps what it was asked."""

    def __init__(self, **answers):
        self.answers = {name: deque(found) for name, found in answers.items()}
        self.asked: list[dict[str, bytes | None]] = []
        self.uaclient = SimpleNamespace(session=self)

    async def history_read(self, parameters):
        asked = {node.NodeId.Identifier: node.ContinuationPoint for node in parameters.NodesToRead}
        self.asked.append(asked)
        return [self.answers[name].popleft() if len(self.answers[name]) > 1 else self.answers[name][0] for name in asked]


def read(server):
    nodes = {name: ua.NodeId(name, 2) for name in server.answers}
    found = asyncio.run(read_span(server, nodes, START, START + timedelta(days=1)))
    return {name: [value.Value.Value for value in values] for name, values in found.values.items()}, found.refused


def test_one_point_that_stays_the_same_is_followed_to_the_last_value():
    server = PagingServer(a=[page(0, 2, b"1"), page(2, 2, b"1"), page(4, 1)], b=[page(0, 1)])
    assert read(server) == ({"a": [0.0, 1.0, 2.0, 3.0, 4.0], "b": [0.0]}, {})
    assert server.asked == [{"a": None, "b": None}, {"a": b"1"}, {"a": b"1"}]


def test_answers_without_a_value_are_asked_for_again():
    server = PagingServer(a=[page(0, 0, b"1"), page(0, 0, b"2"), page(0, 3)])
    assert read(server) == ({"a": [0.0, 1.0, 2.0]}, {})


def test_nodes_for_which_the_server_has_no_point_are_asked_later():
    server = PagingServer(
        a=[page(0, 1, b"1"), page(1, 1)], b=[page(0, 0, None, NO_POINTS), page(0, 0, None, NO_POINTS), page(7, 1)]
    )
    assert read(server) == ({"a": [0.0, 1.0], "b": [7.0]}, {})
    assert server.asked[1:] == [{"a": b"1", "b": None}, {"b": None}]


def test_a_point_that_is_gone_is_a_refusal_and_no_end():
    server = PagingServer(a=[page(0, 1, b"1"), page(0, 0, None, INVALID)], b=[page(0, 1)])
    assert read(server)[1] == {"a": "BadContinuationPointInvalid"}


def test_a_point_without_end_is_a_refusal_and_no_endless_loop():
    server = PagingServer(a=[page(0, 0, b"1")])
    assert read(server) == ({"a": []}, {"a": "BadTimeout"})
    assert len(server.asked) == MAX_IDLE

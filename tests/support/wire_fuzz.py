"""Broken calls of every kind to a server: messages, tickets, handles, values, headers and bare bytes, each by a seed."""

import random
import socket
from contextlib import suppress

import pyarrow as pa
from pyarrow import flight

from lakeward.flows.server.gateway import ACTIONS
from lakeward.serving.flight_sql import messages
from lakeward.serving.flight_sql.messages import Statement
from support.canary_lake import canaries_in
from support.flight_server import ERRORS, Client

PHONES = b"select phone from silver.visits order by visit"
_HANDLE = Statement("select ?", messages.write_values(pa.table({"1": [1]}))).handle
SEEDS = [
    messages.pack(messages.TICKET, (1, PHONES)),
    messages.pack(messages.QUERY, (1, b"select formula, phone from silver.visits where 1 = 1")),
    messages.pack(messages.PREPARED, (1, _HANDLE)),
    messages.pack(messages.CREATE, (1, PHONES)),
    messages.pack("CommandGetTables", (2, b"sil%"), (5, 1)),
    messages.pack("CommandGetSqlInfo", (1, b"\x00\xb3\x04")),
    messages.pack("CommandGetXdbcTypeInfo", (1, 4)),
    b'{"column": "silver.visits.phone"}',
]
_HEADERS = ("authorization", "lakeward-role", "lakeward-purpose", "x-other", "authorization-bin")
_ODD = [None, [1], {"x": 1}, b"\xff", "\0", 2**63 - 1, -1.5, float("nan")]
# The beginning of every connection of HTTP/2.
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def mutated(content: bytes, choice: random.Random) -> bytes:
    """The content with some bytes changed, left out, doubled or added."""
    found = bytearray(content)
    for _ in range(choice.randint(1, 8)):
        at = choice.randrange(len(found) + 1)
        way = choice.randrange(4)
        if way == 0 and at < len(found):
            found[at] ^= 1 << choice.randrange(8)
        elif way == 1:
            del found[at : at + choice.randint(1, 20)]
        elif way == 2:
            found[at:at] = found[at : at + choice.randint(1, 30)]
        else:
            found[at:at] = choice.randbytes(choice.randint(1, 12))
    return bytes(found)


def fuzz_messages(client: Client, choice: random.Random) -> None:
    """One broken message, as a ticket, as a command and as the body of an action.

    Raises:
        AssertionError: The server failed by it, or showed a value or a place in its code.
    """
    content = mutated(choice.choice(SEEDS), choice)
    action = flight.Action(choice.choice(ACTIONS)[0], content)
    for call in (
        lambda: client.flight.do_get(flight.Ticket(content), client.options).read_all(),
        lambda: client.flight.get_flight_info(flight.FlightDescriptor.for_command(content), client.options).schema,
        lambda: [result.body.to_pybytes() for result in client.flight.do_action(action, client.options)],
    ):
        _check(call, content)


def fuzz_values(client: Client, choice: random.Random) -> None:
    """A handle with broken values, and a stream of values that are odd."""
    text, _, values = _HANDLE.partition(b"\0")
    content = messages.pack(messages.PREPARED, (1, text + b"\0" + mutated(values, choice)))
    _check(lambda: client.flight.do_get(flight.Ticket(content), client.options).read_all(), content)
    odd = choice.sample(_ODD, choice.randint(0, 3))
    table = pa.table({str(at): [value] * len(odd) for at, value in enumerate(odd, start=1)})
    descriptor = flight.FlightDescriptor.for_command(mutated(SEEDS[2], choice) if choice.random() < 0.5 else SEEDS[2])

    def put() -> object:
        writer, reader = client.flight.do_put(descriptor, table.schema, client.options)
        with writer:
            writer.write_table(table)
            writer.done_writing()
            return reader.read()

    _check(put, repr(odd).encode())


def fuzz_headers(client: Client, choice: random.Random, token: str) -> None:
    """A call with odd headers: never an answer without the account's own token."""
    good = f"Bearer {token}".encode()
    names = choice.sample(_HEADERS, choice.randint(1, 3))
    headers = [(name.encode(), mutated(good, choice).replace(b"\n", b"")) for name in names]
    options = flight.FlightCallOptions(headers=headers, timeout=20)
    shown = _check(lambda: client.flight.do_get(flight.Ticket(SEEDS[0]), options).read_all(), repr(names).encode())
    assert shown is None or (b"authorization", good) in headers, names


def fuzz_bytes(port: int, choice: random.Random) -> None:
    """Bytes that are no call."""
    content = choice.randbytes(choice.randint(1, 400))
    frame = len(content).to_bytes(3, "big") + bytes([choice.randrange(12), choice.randrange(256)]) + choice.randbytes(4) + content
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as raw:
        raw.sendall(choice.choice([content, _PREFACE + frame, _PREFACE + content, b"\x16\x03\x01" + content]))
        raw.settimeout(0.05)
        raw.recv(1000)


def _check(call, content: bytes) -> object:
    """What a call answers; None if it failed, which it may do with a code alone."""
    try:
        answer = call()
    except ERRORS as error:
        said, answer = str(error), None
    else:
        said = str(answer)
    assert "server_internal" not in said, content
    assert "Traceback" not in said, content
    assert ".py" not in said, content
    assert canaries_in(said) == [], content
    return answer

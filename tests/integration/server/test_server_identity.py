"""No call goes without an account, whatever it calls and however it names one; the words are the same for every kind of wrong token."""

import json
import socket
from base64 import b64encode

import pyarrow as pa
import pytest
from pyarrow import flight

from lakeward.flows import NewAccount, add_account, revoke_account, rotate_token
from support.flight_server import (
    Client,
    basic_header,
    code_of,
    command,
    failure,
    is_unauthenticated,
    outcome,
    statement_ticket,
    to_rows,
    token_header,
)

WRONG = "lw_0123456789ab_" + "x" * 43


def calls(client, headers):
    """Every call of Flight, with these headers."""
    options = flight.FlightCallOptions(headers=headers)
    descriptor = command("CommandGetCatalogs")

    def put():
        writer, _ = client.do_put(descriptor, pa.schema([("x", pa.int64())]), options)
        writer.write_batch(pa.record_batch({"x": [1]}))
        writer.close()

    def exchange():
        writer, reader = client.do_exchange(descriptor, options)
        writer.done_writing()
        reader.read_chunk()

    return {
        "GetFlightInfo": lambda: client.get_flight_info(descriptor, options),
        "GetSchema": lambda: client.get_schema(descriptor, options),
        "DoGet": lambda: client.do_get(statement_ticket("select 1"), options).read_all(),
        "DoPut": put,
        "DoExchange": exchange,
        "DoAction": lambda: list(client.do_action(flight.Action("CloseSession", b""), options)),
        "ListActions": lambda: client.list_actions(options),
        "ListFlights": lambda: list(client.list_flights(b"", options)),
    }


def wrong_headers(served):
    good = served.accounts["analyst"].token
    bearer = token_header(good)
    return {
        "none": [],
        "empty": [(b"authorization", b"")],
        "no token": [(b"authorization", b"Bearer ")],
        "no scheme": [(b"authorization", good.encode())],
        "other scheme": [(b"authorization", f"Digest {good}".encode())],
        "unknown": [token_header(WRONG)],
        "cut": [token_header(good[:-1])],
        "longer": [token_header(good + "x")],
        "other secret": [token_header(good[:16] + "y" * 43)],
        "two headers": [bearer, bearer],
        "one of two": [bearer, token_header(WRONG)],
        "basic of another name": [basic_header("wang.fang", good)],
        "basic with a colon": [basic_header("li.wei", f"{good}:x")],
        "basic that is no base64": [(b"authorization", b"Basic !!!!")],
        "basic of no text": [(b"authorization", b"Basic " + b64encode(b"\xff\xfe:" + good.encode()))],
        "two roles": [bearer, (b"lakeward-role", b"analyst"), (b"lakeward-role", b"steward")],
    }


@pytest.fixture(scope="module")
def client(served_canaries):
    with flight.FlightClient(served_canaries.server.address) as client:
        yield client


def test_no_call_is_answered_without_a_valid_account(served_canaries, client):
    words = set()
    for kind, headers in wrong_headers(served_canaries).items():
        for name, call in calls(client, headers).items():
            if kind not in {"none", "unknown", "two headers", "basic that is no base64"} and name not in {"DoGet", "ListFlights"}:
                continue
            error = failure(call)
            assert is_unauthenticated(error), (kind, name, error)
            words.add(str(error).partition(". Detail:")[0])
    assert len(words) == 1, words
    assert words.pop().startswith("server_unauthenticated: The call names no valid account.")


def test_every_call_but_those_without_a_meaning_is_answered_with_one(served_canaries, client):
    answered = {}
    for name, call in calls(client, [token_header(served_canaries.accounts["analyst"].token)]).items():
        _, error = outcome(call)
        assert "Traceback" not in str(error)
        answered[name] = code_of(error) if error else True
    assert answered.pop("DoPut").startswith("flight_")
    for name in ("DoExchange", "GetSchema"):
        assert "flight_command_unknown" in answered.pop(name)
    assert set(answered.values()) == {True}


@pytest.mark.parametrize("padded", [True, False])
def test_name_and_token_are_taken_in_a_handshake(served_canaries, client, padded):
    token = served_canaries.accounts["analyst"].token
    options = flight.FlightCallOptions(headers=[basic_header("li.wei", token, padded=padded)])
    assert to_rows(client.do_get(statement_ticket("select 1"), options).read_all()) == [(1,)]
    header = client.authenticate_basic_token("li.wei", token)
    assert header == token_header(token)
    error = failure(client.authenticate_basic_token, "li.wei", WRONG)
    assert isinstance(error, flight.FlightUnauthenticatedError)


def test_an_account_reads_in_its_own_roles_only(served_canaries):
    both = served_canaries.accounts["both"]
    for role in ("analyst", "steward"):
        assert Client(served_canaries.server, both, role).rows("select 1") == [(1,)]
    for role, code in (("engineer", "account_role"), ("none-such", "role_unknown"), (None, "role_missing")):
        error = failure(Client(served_canaries.server, both, role).rows, "select 1")
        assert code_of(error) == code
    assert code_of(failure(served_canaries.client("analyst", "steward").rows, "select 1")) == "account_role"


def test_a_token_that_ends_ends_at_the_next_statement(served_canaries):
    admin = served_canaries.accounts["admin"]
    new = add_account(admin, NewAccount(name="he.yu", person="He Yu", roles=("analyst",)))
    first = type(admin)(start=admin.start, token=new.token)
    client = Client(served_canaries.server, first)
    assert client.rows("select count(*) from silver.visits")
    second = type(admin)(start=admin.start, token=rotate_token(admin, "he.yu").token)
    assert isinstance(failure(client.rows, "select 1"), flight.FlightUnauthenticatedError)
    other = Client(served_canaries.server, second)
    assert other.rows("select 1") == [(1,)]
    revoke_account(admin, "he.yu")
    assert isinstance(failure(other.rows, "select 1"), flight.FlightUnauthenticatedError)


def test_a_revoked_token_ends_the_answer_that_is_on_its_way(served_canaries):
    admin = served_canaries.accounts["admin"]
    new = add_account(admin, NewAccount(name="lu.bo", person="Lu Bo", roles=("analyst",)))
    client = Client(served_canaries.server, type(admin)(start=admin.start, token=new.token))
    reader = client.flight.do_get(statement_ticket("select repeat('x', 100) from range(4000000)"), client.options)
    rows = reader.read_chunk().data.num_rows
    revoke_account(admin, "lu.bo")

    def read_on():
        nonlocal rows
        for chunk in reader:
            rows += chunk.data.num_rows

    error = failure(read_on)
    assert is_unauthenticated(error)
    assert "server_unauthenticated" in str(error)
    assert rows < 1_000_000
    lines = [line for file in (admin.start / "lake/.access").glob("*.jsonl") for line in file.read_text().splitlines()]
    own = [entry for entry in map(json.loads, lines) if entry["principal"] == "lu.bo"]
    assert [(entry["verdict"], entry["code"]) for entry in own] == [("started", None), ("failed", "server_unauthenticated")]
    assert rows <= own[-1]["rows_out"] < 1_000_000


def test_a_header_that_is_no_text_shows_nothing(served_canaries):
    """Through a socket: no client sends such a header."""
    client = flight.FlightClient(served_canaries.server.address)
    options = flight.FlightCallOptions(headers=[(b"authorization", "Bearer ü".encode("latin-1"))])
    error = failure(lambda: client.do_get(statement_ticket("select 1"), options).read_all())
    assert ".py" not in str(error)
    with socket.create_connection(("127.0.0.1", served_canaries.server.port)) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" + bytes(1000))
        raw.recv(100)
    assert served_canaries.client("analyst").rows("select 1") == [(1,)]

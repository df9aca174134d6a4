"""Tickets and handles hold no right: whoever sends one is asked who they are, and what is in it is checked again."""

import random

import pyarrow as pa
import pytest
from pyarrow import flight

from lakeward.serving.flight_sql import messages
from lakeward.serving.flight_sql.messages import Statement
from lakeward.serving.flight_sql.protobuf import read_fields, write_fields
from support.canary_lake import CANARIES, canaries_in
from support.flight_server import Client, code_of, command, failure, to_rows
from support.wire_fuzz import fuzz_messages

PHONES = "select phone from silver.visits order by visit"


@pytest.fixture(scope="module")
def analyst(served_canaries):
    return served_canaries.client("analyst")


@pytest.fixture(scope="module")
def steward(served_canaries):
    return served_canaries.client("steward")


def test_the_ticket_of_another_shows_what_its_bearer_may_see(analyst, steward):
    info = steward.flight.get_flight_info(command(messages.QUERY, (1, PHONES.encode())), steward.options)
    ticket = info.endpoints[0].ticket
    own = to_rows(steward.flight.do_get(ticket, steward.options).read_all())
    other = to_rows(analyst.flight.do_get(ticket, analyst.options).read_all())
    assert canaries_in(str(own), ("phone",))
    assert len(other) == len(own)
    assert canaries_in(str(other)) == []


def test_the_prepared_statement_of_another_is_checked_again(analyst, steward):
    text = "select formula from silver.visits"
    prepared = messages.unpack(Client.prepare(steward, "select id_number from silver.visits")).bytes_of(1)
    descriptor = command(messages.PREPARED, (1, prepared))
    error = failure(analyst.flight.get_flight_info, descriptor, analyst.options)
    assert code_of(error) == "query_column_hidden"
    assert code_of(failure(analyst.rows, text)) == "query_column_hidden"


@pytest.mark.exhaustive
def test_a_server_that_starts_again_knows_every_handle(own_server):
    served = own_server()
    served.server.start()
    client = served.client("analyst")
    prepared = command(messages.PREPARED, (1, messages.unpack(client.prepare("select 7 as n")).bytes_of(1)))
    info = client.flight.get_flight_info(prepared, client.options)
    port = served.server.port
    served.server.stop(9)
    served.server.start(port)
    again = Client(served.server, served.accounts["analyst"])
    assert to_rows(again.flight.do_get(info.endpoints[0].ticket, again.options).read_all()) == [(7,)]


def bad_tickets():
    any_ = messages.pack
    own = any_(messages.TICKET, (1, b"select 1"))
    huge = write_fields([(1, (messages.TYPE_URL + messages.TICKET).encode()), (2, write_fields([(1, bytes(20_000_000))]))])
    return {
        "empty": (b"", "flight_message_not_valid"),
        "zeros": (bytes(40), "flight_message_not_valid"),
        "text": (b"select 1", "flight_message_not_valid"),
        "cut": (own[:-3], "flight_message_not_valid"),
        "long number": (b"\x0a" + b"\xff" * 11, "flight_message_not_valid"),
        "other package": (own.replace(b"arrow.flight", b"arrow.flying"), "flight_message_not_valid"),
        "no text": (any_(messages.TICKET, (1, b"select '\xff'")), "flight_message_not_valid"),
        "nul": (any_(messages.TICKET, (1, b"select 1\0 from x")), "flight_message_not_valid"),
        "number for bytes": (any_(messages.TICKET, (1, 5)), "flight_message_not_valid"),
        "20 MB": (huge, "flight_message_too_large"),
        "unknown": (any_("CommandOfAnother", (1, b"x")), "flight_command_unknown"),
        "substrait": (any_("CommandStatementSubstraitPlan", (1, b"x")), "flight_command_unknown"),
        "update": (any_("CommandStatementUpdate", (1, b"delete from silver.visits")), "query_not_select"),
        "ingest": (any_("CommandStatementIngest", (1, b"x")), "query_not_select"),
        "transaction": (any_(messages.QUERY, (1, b"select 1"), (2, b"t")), "query_not_select"),
        "long text": (any_(messages.TICKET, (1, b"select '" + b"x" * 1_100_000 + b"'")), "query_too_large"),
        "no statement": (any_(messages.TICKET), "query_not_one"),
    }


@pytest.mark.parametrize("kind", sorted(bad_tickets()))
def test_what_is_no_ticket_is_refused_by_a_code(analyst, kind):
    content, code = bad_tickets()[kind]
    error = failure(lambda: analyst.flight.do_get(flight.Ticket(content), analyst.options).read_all())
    assert code_of(error) == code
    descriptor = flight.FlightDescriptor.for_command(content)
    assert code_of(failure(analyst.flight.get_flight_info, descriptor, analyst.options)) == code
    assert "Traceback" not in str(error)


def test_what_is_no_command_is_refused_by_a_code(analyst):
    path = flight.FlightDescriptor.for_path("silver", "visits")
    assert code_of(failure(analyst.flight.get_flight_info, path, analyst.options)) == "flight_command_unknown"
    for name, body, code in [
        ("BeginTransaction", b"", "query_not_select"),
        ("CreatePreparedSubstraitPlan", b"x", "flight_command_unknown"),
        ("CreatePreparedStatement", b"x", "flight_message_not_valid"),
        ("CreatePreparedStatement", messages.pack(messages.QUERY, (1, b"select 1")), "flight_message_not_valid"),
        ("LakewardExplainMask", b"[]", "flight_message_not_valid"),
        ("LakewardExplainMask", b'{"column": "silver.visits.none"}', "column_not_found"),
        ("x" * 5000, b"", "flight_command_unknown"),
    ]:
        error = failure(lambda name=name, body=body: list(analyst.flight.do_action(flight.Action(name, body), analyst.options)))
        assert code_of(error) == code, name


def bind(client, text, table):
    descriptor = command(messages.PREPARED, (1, Statement(text).handle))
    writer, reader = client.flight.do_put(descriptor, table.schema, client.options)
    writer.write_table(table)
    writer.done_writing()
    found = reader.read()
    writer.close()
    handle = read_fields(found.to_pybytes())[1][-1]
    return command(messages.PREPARED, (1, handle))


def test_values_are_bound_and_never_read_as_sql(analyst):
    text = "select visit, ? as said from silver.visits where machine = ? order by visit limit 2"
    prepared = bind(analyst, text, pa.table({"1": ["x' or 1=1 --"], "2": ["M1"]}))
    info = analyst.flight.get_flight_info(prepared, analyst.options)
    table = analyst.flight.do_get(info.endpoints[0].ticket, analyst.options).read_all()
    assert table.schema == info.schema
    assert to_rows(table) == [("V1", "x' or 1=1 --"), ("V10", "x' or 1=1 --")]
    named = bind(analyst, "select count(*) from silver.visits where machine = $machine;", pa.table({"machine": ["M1' or 1=1"]}))
    info = analyst.flight.get_flight_info(named, analyst.options)
    assert to_rows(analyst.flight.do_get(info.endpoints[0].ticket, analyst.options).read_all()) == [(0,)]


def test_values_of_a_hidden_column_are_not_asked_for_by_parameter(analyst):
    for value in CANARIES["phone"][:3]:
        prepared = bind(analyst, "select count(*) from silver.visits where phone = ?", pa.table({"1": [value]}))
        info = analyst.flight.get_flight_info(prepared, analyst.options)
        assert to_rows(analyst.flight.do_get(info.endpoints[0].ticket, analyst.options).read_all()) == [(0,)]


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"1": [1, 2]}),
        pa.table({"1": [[1]]}),
        pa.table({"1": pa.array([], pa.int64())}),
        pa.table({"1": ["x" * 2_100_000]}),
    ],
)
def test_values_other_than_one_plain_row_are_refused(analyst, table):
    error = failure(lambda: analyst.flight.get_flight_info(bind(analyst, "select ?", table), analyst.options))
    assert code_of(error) in {"flight_parameters", "flight_parameter_nested", "flight_message_too_large"}


def test_a_list_as_a_value_is_named_with_its_place(analyst):
    table = pa.table({"1": ["x"], "2": [[1, 2]]})
    error = failure(lambda: analyst.flight.get_flight_info(bind(analyst, "select ?, ?", table), analyst.options))
    assert code_of(error) == "flight_parameter_nested"
    assert "Value 2 is a list" in str(error)
    assert "IN (?, ?)" in str(error)


def test_a_statement_with_parameters_tells_their_names(analyst):
    found = messages.unpack(analyst.prepare("select $day, $machine"))
    assert set(pa.ipc.read_schema(pa.py_buffer(found.bytes_of(3))).names) == {"day", "machine"}
    assert code_of(failure(analyst.rows, "select $1")) == "query_parameters"


def test_fuzzed_messages_end_in_a_code_and_show_nothing(analyst):
    choice = random.Random(14)
    for _ in range(60):
        fuzz_messages(analyst, choice)
    assert analyst.rows("select 1") == [(1,)]

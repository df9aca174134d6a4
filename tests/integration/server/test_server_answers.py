"""Through the wire everyone gets what `lakeward.connect` gives them: the same rows, the same refusals, and no planted value.

Generated attacks by every door: `test_attacks_by_every_door.py`.
"""

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from lakeward.core.errors import LakewardError
from lakeward.flows import open_connection
from support.canary_lake import CANARIES, canaries_in
from support.flight_server import code_of, outcome, to_rows
from support.read_attacks import DETOURS, HIDDEN, leaked

WRITES = [
    "delete from silver.visits", "insert into silver.visits values (1)", "update silver.visits set phone = '1'", "begin", "commit",
    "create table t (x int)", "drop view silver.visits", "call pragma_version()", "load json", "select 1; select 2",
]  # fmt: skip
# By one call, by two, and as drivers do.
WAYS = ("rows", "by_statement", "by_prepared")
# Questions about names and types are answered from a database that holds nothing.
QUESTIONS = ["FROM information_schema.columns", "FROM information_schema.tables"]


@pytest.fixture(scope="module")
def doors(served_canaries):
    """By role: the connection in process, and the client of the server."""
    found = {}
    for role in ("analyst", "steward", "engineer"):
        found[role] = (open_connection(served_canaries.accounts[role], None), served_canaries.client(role))
    yield found
    for con, client in found.values():
        con.close()
        client.close()


def in_process(con, text):
    try:
        return to_rows(con.sql(text).arrow())
    except LakewardError as error:
        return error.code


def by_wire(ask, text):
    """Rows or a code, and all that was said."""
    found, error = outcome(ask, text)
    if error is None:
        return found, str(found)
    assert "Traceback" not in str(error)
    assert ".py" not in str(error)
    return code_of(error), str(error)


def compare(doors, role, text, hidden, ways=WAYS):
    con, client = doors[role]
    wanted = in_process(con, text)
    for ask in (getattr(client, way) for way in ways):
        found, said = by_wire(ask, text)
        assert leaked(said, hidden, text) == [], text
        assert repr(found) == repr(wanted), text
    schema, said = by_wire(client.by_schema, text)
    assert leaked(said, hidden, text) == []
    return isinstance(schema, pa.Schema)


def test_ways_around_the_views_are_refused(doors, served_canaries):
    lake = served_canaries.settings.start / "lake"
    texts = [text.format(lake=lake) if "{lake}" in text else text for text in DETOURS] + WRITES
    for number, text in enumerate(texts):
        role = ("analyst", "engineer")[number % 2]
        if text not in QUESTIONS:
            compare(doors, role, text, HIDDEN[role], [WAYS[number % 3]])
            assert isinstance(by_wire(doors[role][1].rows, text)[0], str), text


def test_questions_about_names_show_what_is_served_and_no_more(doors):
    for role, hidden in (("analyst", "formula"), ("steward", "formula")):
        client = doors[role][1]
        names = {row[0] for row in client.by_prepared("select column_name from information_schema.columns")}
        assert names == {name for name, *_ in doors[role][0].sql("describe silver.visits").fetchall()}
        assert hidden not in names
        assert client.rows("select table_schema, table_name from information_schema.tables") == [("silver", "visits")]
        assert client.rows("select current_database(), current_schema()")[0][0] == "lake"
        assert client.rows("select nspname from pg_catalog.pg_namespace where nspname = 'silver'") == [("silver",)]
    for text in (
        "from information_schema.tables, silver.visits",
        "select * from silver.visits where machine in (select table_name from information_schema.tables)",
        "from pg_catalog.pg_settings",
        "from pg_settings",
        "from duckdb_views()",
        "from information_schema.views",
        "select view_definition from information_schema.tables, (from duckdb_views())",
        "select current_setting('threads')",
        "select current_database(), count(*) from silver.visits",
    ):
        assert isinstance(by_wire(doors["analyst"][1].rows, text)[0], str), text


def test_two_readers_at_the_same_time_get_each_their_own(served_canaries, doors):
    text = "select visit, phone, visitor, cost from silver.visits order by visit"
    wanted = {role: repr(in_process(doors[role][0], text)) for role in ("analyst", "steward")}
    assert wanted["analyst"] != wanted["steward"]
    clients = {role: doors[role][1] for role in wanted}

    def ask(number):
        role = ("analyst", "steward")[number % 2]
        found, said = by_wire(clients[role].rows, text)
        assert repr(found) == wanted[role] or found == "server_busy", said
        return found != "server_busy"

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(ask, range(60))) > 30


@pytest.mark.exhaustive
def test_two_hundred_statements_at_once_are_right_or_refused(served_canaries, doors):
    text = "select visit, phone, visitor, cost from silver.visits order by visit"
    wanted = {role: repr(in_process(doors[role][0], text)) for role in ("analyst", "steward")}

    def ask(number):
        role = ("analyst", "steward")[number % 2]
        client = served_canaries.client(role)
        try:
            found, said = by_wire(client.rows, text)
        finally:
            client.close()
        assert repr(found) == wanted[role] or (found in ("server_busy", "limit_calls") and "Next: " in said), said
        return isinstance(found, list)

    for _ in range(3):
        with ThreadPoolExecutor(200) as pool:
            assert sum(pool.map(ask, range(200))) >= 8  # as many places as two accounts have


def test_masked_columns_are_seen_masked_by_every_part_of_a_statement(doors):
    client = doors["analyst"][1]
    assert client.rows(f"select count(*) from silver.visits where phone = '{CANARIES['phone'][0]}'") == [(0,)]
    assert canaries_in(str(client.rows("select phone, max(visitor) from silver.visits group by phone order by phone"))) == []
    assert client.rows("select count(*) from silver.visits a join silver.visits b on a.phone = b.phone")[0][0] >= 22

"""Each statement has its entry, with who asked, what left and how it ended; the entries of many clients keep their chains."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lakeward.flows import list_access, verify_logs
from lakeward.flows.audit.access_entries import AccessFilter
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.connection import open_connection
from support.flight_server import Client, code_of, failure, outcome, running_server, statement_ticket
from support.shared_servers import copy_with_accounts

LARGE = "select visit, phone, range as n from silver.visits, range(20000)"
# Fails when rows have left already.
LATE = "select case when n < 200000 then n else cast('x' || n as integer) end as n from range(300000) r(n)"


def entries(settings):
    with open_workspace(settings).engine() as engine:
        return governance.read_rows(engine, "access_log", order="asked_at, session_id, seq")


@pytest.fixture(scope="module")
def found(canary_lake, tmp_path_factory):
    """Entries of statements that ended in every way."""
    limits = {"rows": 400_000, "seconds": 3}
    settings, accounts = copy_with_accounts(canary_lake, tmp_path_factory.mktemp("log") / "plant", limits)
    before = len(entries(settings))
    with running_server(settings.start) as server:
        client = Client(server, accounts["analyst"])
        steward = Client(server, accounts["both"], "steward")
        client.rows("select visit, phone from silver.visits")
        steward.rows("select visit, phone from silver.visits")
        client.by_prepared("select count(*) from silver.visits")
        failure(client.rows, "select formula from silver.visits")
        failure(client.by_schema, "select * from bronze.visits")
        failure(client.rows, "select cast(phone as integer) from silver.visits")
        late = failure(client.rows, LATE)
        assert code_of(late) == "query_failed"
        assert "x2" not in str(late)
        assert len(client.rows(LARGE.replace("20000", "15000"))) > 300_000
        failure(client.rows, LARGE)
        failure(client.rows, "select count(*) from silver.visits, range(100000000000) a, range(9)")
        abandoned = client.flight.do_get(statement_ticket(LARGE.replace("20000", "15000")), client.options)
        abandoned.read_chunk()
        abandoned.cancel()
        client.flight.do_get(statement_ticket("select 1"), client.options).read_all()
        code, _, err = server.stop()
        assert (code, err) == (0, "")
    return settings, entries(settings)[before:]


def test_every_statement_has_its_entry(found):
    rows = found[1]
    ends = [(row["verdict"], row["code"]) for row in rows if row["principal"] == "li.wei"]
    assert ("started", None) in ends
    assert [end for end in ends if end[0] != "started"][:7] == [
        ("allowed", None),
        ("allowed", None),
        ("refused", "query_column_hidden"),
        ("refused", "query_table_refused"),
        ("failed", "query_failed"),
        ("failed", "query_failed"),
        ("allowed", None),
    ]
    for wanted in (("failed", "limit_rows"), ("failed", "limit_seconds"), ("failed", "query_abandoned")):
        assert wanted in ends or (wanted[1] == "query_abandoned" and ("failed", "query_cancelled") in ends)


def test_an_entry_says_who_asked_and_what_left(found):
    rows = found[1]
    first, second = rows[0], rows[1]
    assert (first["principal"], first["role"], first["verified"], first["rows_out"]) == ("li.wei", "analyst", True, 22)
    assert (second["principal"], second["role"], second["rows_out"]) == ("sun.li", "steward", 22)
    assert '"silver.visits.phone": "mask' in first["columns"]
    assert first["versions"].startswith('{"silver.visits": ')
    assert first["bytes_out"] > 0
    large = [row for row in rows if row["rows_out"] == 330_000]
    assert [row["verdict"] for row in large] == ["allowed"]
    started = [row for row in rows if row["verdict"] == "started"]
    assert {row["rows_out"] for row in started} == {0}
    assert all(row["query_hmac"] in {end["query_hmac"] for end in rows if end["verdict"] != "started"} for row in started)


def test_entries_in_process_and_of_the_server_are_alike(found):
    settings, rows = found
    with open_connection(settings, "analyst") as con:
        con.sql("select visit, phone from silver.visits").arrow()
    own = entries(settings)[-1]
    for column in ("objects", "columns", "versions", "verdict", "rows_out", "policy_sha256", "policy_version", "query_hmac"):
        assert own[column] == rows[0][column], column


def test_the_chain_holds(found):
    verified = verify_logs(found[0])
    assert verified.faults == ()
    reads = list_access(found[0], AccessFilter())
    assert {"started", "allowed", "refused", "failed"} <= {row.verdict for row in reads}


@pytest.mark.exhaustive
def test_thirty_two_clients_at_once_keep_their_chains(own_server):
    served = own_server(statements=40, all_statements=40)
    served.server.start()
    served.client("analyst").rows("select 1")
    barrier = threading.Barrier(32)

    def ask(number):
        client = served.client(("analyst", "steward")[number % 2])
        barrier.wait()
        asked = 0
        for _ in range(8):
            _, error = outcome(client.rows, "select count(*) from silver.visits")
            assert error is None or code_of(error) == "server_busy"
            asked += error is None
        client.close()
        return asked

    before = len(entries(served.settings))
    with ThreadPoolExecutor(32) as pool:
        asked = sum(pool.map(ask, range(32)))
    served.server.stop()
    assert asked > 200
    assert len(entries(served.settings)) - before == asked + 1
    assert verify_logs(served.settings).faults == ()


@pytest.mark.exhaustive
def test_a_quota_holds_over_all_doors(own_server):
    served = own_server()
    file = served.settings.start / "expectations/project.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "quotas: {rows_per_day: 50}\n", encoding="utf-8")
    served.server.start()
    client = served.client("analyst")
    assert len(client.rows("select visit from silver.visits")) == 22
    with open_connection(served.accounts["analyst"], None) as con:
        assert len(con.sql("select visit from silver.visits").fetchall()) == 22
    error = failure(client.rows, "select visit from silver.visits")
    assert code_of(error) == "quota_exceeded"
    assert client.rows("select count(*) from silver.visits")
    large = "select list(visit) from silver.visits"
    assert code_of(failure(client.rows, large)) == "quota_exceeded"
    assert code_of(failure(client.rows, "select v.visit from silver.visits v, range(100000)")) == "quota_exceeded"
    served.server.stop()
    assert sum(row["rows_out"] for row in entries(served.settings) if row["principal"] == "li.wei") <= 50

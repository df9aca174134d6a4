"""What one account may ask is limited; past a limit a statement ends in an error that says what to do, never in a short answer."""

import threading
import time

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyarrow import flight

from support.flight_server import Client, code_of, failure, statement_ticket

ROWS = "select range as n, hash(range) as h from range({n})"
ENDLESS = "select count(*) from range(100000000000) a, range(9) b"
# Functions of texts that DuckDB's own limit of memory does not bind.
BOMBS = [
    "select sum(length(repeat('x', 1000000000 + range::int))) from range(8)",
    "select length(printf('%2000000000d', 1))",
    "select length(format('{{:>{}}}', 1, 2000000000))",
    "select length(lpad('x', 2000000000, 'y')) + length(rpad('x', 2000000000, 'z'))",
    "select length(replace(repeat('x', 100000000), 'x', 'yyyyyyyyyyyyyyyyyyyy'))",
    "select length(list(range)) from range(1000000000)",
    "select count(*) from (select range as a from range(1000000)) a, range(1000000) b where hash(a.a) = hash(b.range)",
    "select sum(a.range * b.range) from range(100000000000) a, range(3) b",
    "select list_sum(list_transform(range(0, 2000000000), lambda x: x))",
]


def test_an_answer_past_the_limits_is_no_answer_and_a_statement_past_its_time_is_ended_and_others_go_on(own_server):
    served = own_server(rows=1000, megabytes=1, seconds=3)
    served.server.start()
    client = served.client("analyst")
    assert len(client.rows(ROWS.format(n=1000))) == 1000
    for text, code in [(ROWS.format(n=1001), "limit_rows"), (ROWS.format(n=500_000), "limit_rows")]:
        assert code_of(failure(client.rows, text)) == code
    assert code_of(failure(client.rows, "select repeat('x', 2000) from range(900)")) == "limit_megabytes"
    start = time.monotonic()
    error = failure(client.rows, ENDLESS)
    assert code_of(error) == "limit_seconds"
    assert isinstance(error, flight.FlightTimedOutError)
    assert time.monotonic() - start < 60
    assert client.rows("select 1") == [(1,)]


@pytest.mark.exhaustive
def test_a_large_answer_past_the_limit_ends_in_an_error_after_rows_have_left(own_server):
    served = own_server(rows=300_000)
    served.server.start()
    client = served.client("analyst")
    reader = client.flight.do_get(statement_ticket(ROWS.format(n=1_000_000)), client.options)
    rows = 0

    def read():
        nonlocal rows
        for chunk in reader:
            rows += chunk.data.num_rows

    assert code_of(failure(read)) == "limit_rows"
    assert 0 < rows <= 300_000


@pytest.mark.exhaustive
def test_a_cancelled_statement_frees_its_place(own_server):
    served = own_server(statements=1)
    served.server.start()
    client = served.client("analyst")
    client.rows("select 1")
    short = Client(served.server, served.accounts["analyst"], timeout=1.5)
    assert isinstance(failure(short.rows, ENDLESS), flight.FlightTimedOutError)
    start = time.monotonic()
    assert client.rows("select 2") == [(2,)]
    assert time.monotonic() - start < 5


@pytest.mark.exhaustive
def test_one_account_at_its_limit_keeps_no_other_waiting(own_server):
    served = own_server(statements=1, all_statements=3)
    served.server.start()
    client, other = served.client("analyst"), served.client("steward")
    assert other.rows("select 1") == client.rows("select 1") == [(1,)]
    stalled = client.flight.do_get(statement_ticket(ROWS.format(n=4_000_000)), client.options)
    stalled.read_chunk()
    error = failure(client.rows, "select 1")
    assert code_of(error) == "server_busy"
    assert isinstance(error, flight.FlightUnavailableError)
    assert "try again" in str(error)
    assert other.rows("select 1") == [(1,)]
    stalled.cancel()


@pytest.mark.exhaustive
def test_a_reader_that_stalls_loses_its_place_at_its_time(own_server):
    served = own_server(statements=1, seconds=6)
    served.server.start()
    client = served.client("analyst")
    stalled = client.flight.do_get(statement_ticket(ROWS.format(n=4_900_000)), client.options)
    stalled.read_chunk()
    time.sleep(7.5)
    assert Client(served.server, served.accounts["analyst"]).rows("select 1") == [(1,)]
    with pytest.raises((flight.FlightError, pa.ArrowException)):
        stalled.read_all()


@pytest.mark.exhaustive
def test_calls_are_limited_by_the_minute(own_server):
    served = own_server(calls_per_minute=5)
    served.server.start()
    client = served.client("analyst")
    codes = [code_of(failure(client.rows, "select 1 from none")) for _ in range(7)]
    assert codes == ["query_table_refused"] * 5 + ["limit_calls"] * 2
    assert served.client("steward").rows("select 1") == [(1,)]


@pytest.mark.exhaustive
def test_workers_are_capped_and_the_one_that_is_idle_makes_room(own_server):
    served = own_server(workers=1)
    served.server.start()
    for role in ("analyst", "steward", "analyst"):
        assert served.client(role).rows("select count(*) > 0 from silver.visits") == [(True,)]
    assert len(served.server.workers()) == 1


@pytest.mark.exhaustive
def test_a_worker_that_is_not_used_ends(own_server):
    served = own_server(idle_seconds=1)
    served.server.start()
    served.client("analyst").rows("select 1")
    assert len(served.server.workers()) == 1
    wait_for(lambda: not served.server.workers())
    assert served.client("analyst").rows("select 1") == [(1,)]


def wait_for(condition, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def survive(served, texts):
    """The server and another reader go on, whatever becomes of the statement."""
    other = served.client("steward")
    other.rows("select 1")
    for text in texts:
        client = Client(served.server, served.accounts["analyst"])
        said = []

        def bomb(client=client, text=text, said=said):
            try:
                said.append(str(client.rows(text)))
            except (flight.FlightError, pa.ArrowException) as error:
                said.append(str(error))

        thread = threading.Thread(target=bomb)
        thread.start()
        start = time.monotonic()
        assert other.rows("select 1") == [(1,)]
        assert time.monotonic() - start < 5
        thread.join(30)
        assert said, text
        assert "Traceback" not in said[0]
        assert resident_megabytes(served.server.process.pid) < 700


def resident_megabytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * 4096 / 1e6


@pytest.mark.exhaustive
def test_memory_bombs_end_a_statement_and_not_the_server(own_server):
    served = own_server(seconds=3, worker_megabytes=300)
    served.server.start()
    survive(served, [BOMBS[0], BOMBS[5]])


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
def test_every_bomb_ends_a_statement_and_not_the_server(own_server):
    served = own_server(seconds=3, worker_megabytes=300)
    served.server.start()
    survive(served, BOMBS)
    assert served.client("steward").rows("select 1") == [(1,)]


def test_a_worker_that_kept_memory_of_many_queries_is_replaced_and_no_statement_is_lost(own_server):
    """DuckDB's Delta extension keeps some kB of each file that a query chose from: without an end every worker fails in time."""
    served = own_server(worker_megabytes=100)
    split_into_files(served.settings, 150)
    served.server.start()
    client = served.client("analyst")
    workers, counts = set(), set()
    for number in range(90):
        counts |= set(client.rows(f"select count(*) from silver.visits where visit <> 'none{number}'"))
        workers |= set(served.server.workers())
    assert len(counts) == 1
    assert len(workers) > 1
    assert len(served.server.workers()) == 1
    assert resident_megabytes(served.server.workers()[0]) < 600


def split_into_files(settings, count):
    """Append the table's own rows again and again, a file each time."""
    table = DeltaTable(str(settings.start / "lake" / "silver" / "visits"))
    rows = table.to_pyarrow_dataset().to_table()
    for _ in range(count):
        write_deltalake(table, rows, mode="append")

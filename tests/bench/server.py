"""The server against the same reads in process, masks included.

Usage: PYTHONPATH=tests python tests/bench/server.py [ROWS]. Reads alternate; figures are medians of wall seconds, with processor seconds of all processes.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import adbc_driver_flightsql.dbapi as flight_sql

from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.engines import open_engine
from lakeward.engines.tables import TableSpec, Txn
from lakeward.flows import open_connection
from support.canary_lake import NAME, make_canary_lake
from support.flight_server import Client, accounts_of, running_server, statement_ticket

ROUNDS, SMALL_ROUNDS, WARM = 3, 200, 20
SMALL = f"SELECT visit, phone FROM silver.{NAME} WHERE machine = 'M1' LIMIT 5"
LARGE = f"SELECT visit, machine, visitor, phone, cost, minutes FROM silver.{NAME}"


def fill(settings: Settings, rows: int) -> None:
    """Append rows to the served table, as many as asked."""
    table = TableName(Layer.SILVER, NAME)
    engine = open_engine("embedded", str(settings.start / "lake"))
    try:
        info = engine.info(table)
        assert info
        query = f"""SELECT * REPLACE ('W' || n AS visit, CAST(19900000000 + n AS VARCHAR) AS phone, n % 97 AS minutes)
            FROM (SELECT * FROM {table} LIMIT 1), range({rows}) AS r(n)"""
        names = ", ".join(column.name for column in info.columns)
        engine.append(TableSpec(table, info.columns), f"SELECT {names} FROM ({query})", Txn("bench", 1))
    finally:
        engine.close()


def processor_seconds(pids: list[int]) -> float:
    """User and system seconds of these processes so far."""
    ticks = 0
    for pid in pids:
        cells = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(cells[11]) + int(cells[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main(rows: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        settings = make_canary_lake(Path(folder) / "plant")
        file = settings.start / "expectations/project.yaml"
        limits = f"server: {{rows: {2 * rows + 100}, calls_per_minute: 100000}}\n"
        file.write_text(file.read_text(encoding="utf-8") + limits, encoding="utf-8")
        accounts = accounts_of(settings)
        with running_server(settings.start) as server, open_connection(accounts["analyst"], None) as con:
            client = Client(server, accounts["analyst"])
            own = {"adbc.flight.sql.authorization_header": f"Bearer {accounts['analyst'].token}"}
            address = server.address.replace("grpc://", "grpc+tcp://")
            with flight_sql.connect(address, db_kwargs=own, autocommit=True) as adbc, adbc.cursor() as cursor:
                small(con, client, cursor)
                fill(settings, rows)
                large(con, client, cursor, server)


def small(con, client: Client, cursor) -> None:
    """A small query by each way, interleaved."""

    def by_adbc() -> None:
        cursor.execute(SMALL)
        cursor.fetch_arrow_table()

    ways = {
        "in process": lambda: con.sql(SMALL).arrow(),
        "one call": lambda: client.flight.do_get(statement_ticket(SMALL), client.options).read_all(),
        "ADBC": by_adbc,
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(SMALL_ROUNDS + WARM):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            took[name].append(1000 * (time.perf_counter() - start))
    for name, found in took.items():
        ordered = sorted(found[WARM:])
        print(f"small, {name}: p50 {statistics.median(ordered):.1f} ms, p95 {ordered[int(0.95 * len(ordered))]:.1f} ms")


def large(con, client: Client, cursor, server) -> None:
    """All rows by each way, interleaved."""

    def by_adbc() -> int:
        cursor.execute(LARGE)
        return cursor.fetch_arrow_table().num_rows

    ways = {
        "in process": lambda: con.sql(LARGE).arrow().num_rows,
        "one call": lambda: client.flight.do_get(statement_ticket(LARGE), client.options).read_all().num_rows,
        "ADBC": by_adbc,
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    used: dict[str, list[float]] = {name: [] for name in ways}
    pids = [os.getpid(), server.process.pid, *server.workers()]
    for _ in range(ROUNDS):
        for name, way in ways.items():
            before, start = processor_seconds(pids), time.perf_counter()
            rows = way()
            took[name].append(time.perf_counter() - start)
            used[name].append(processor_seconds(pids) - before)
    for name, found in took.items():
        print(f"{rows} rows, {name}: {statistics.median(found):.2f} s wall, {statistics.median(used[name]):.2f} s of processor")
    peak = [line for pid in pids[1:] for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    print("peak memory of gateway and worker:", *peak)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000)

"""Protection: tokens and encrypted values, a governed query against plain DuckDB, entries of the access log, seals and their verification.

Usage: python tests/bench/protection.py [PART …] [--rows ROWS] [--entries ENTRIES] [--rounds N]. Parts: `values`, `query`, `entries`, `seals`; all
without one. Figures are seconds of wall and of processor: on a busy machine only the latter can be compared.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lakeward.core.settings import Settings
from lakeward.engines.embedded.spills import module_file
from lakeward.flows import seal_logs, verify_logs
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.connection import open_connection
from lakeward.flows.serving.entry_copies import session_txn
from lakeward.grading.grade import Grade
from lakeward.protection.block_cipher import BlockAlgorithm
from lakeward.protection.ciphertexts import ColumnCipher, ColumnKey
from lakeward.protection.keys import Scheme, TokenKey, key_text
from lakeward.protection.log_entries import FIRST_PREV, HASH, PREV, entry_hash
from lakeward.protection.tokens import BatchTokeniser
from support.sealed_lake import START, make_project, write_session
from support.served_lake import column_grade, key_file, make_lake

SECRET = bytes.fromhex("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
SESSIONS = 1000
WRITERS, EACH = 32, 20


def measured(call: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of wall and of processor, of all threads."""
    wall, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - processor


def show(label: str, times: tuple[float, float], amount: int = 1, unit: str = "") -> None:
    """One line of figures."""
    wall, processor = times
    rate = f"  {amount / processor / 1e6:8.2f} M {unit}/s of processor" if unit else ""
    print(f"{label:58} {wall:9.3f} s wall {processor:9.3f} s processor{rate}", flush=True)


def bench_values(_: argparse.Namespace) -> None:
    """Tokens and encrypted values of 1 M texts of 11 digits."""
    values = pa.array([f"199{number * 7919 % 10**8:08d}" for number in range(1_000_000)])
    texts, hmac = values.to_pylist(), TokenKey(SECRET).tokeniser()
    show("tokens, HMAC-SHA-256", measured(lambda: [hmac(text) for text in texts]), len(values), "values")
    tokens = BatchTokeniser.of(TokenKey(SECRET, Scheme.CMAC), "personal.phone", "own")
    show("tokens, SM4-CMAC", measured(lambda: tokens(values)), len(values), "values")
    for algorithm in BlockAlgorithm:
        cipher = ColumnCipher.of(ColumnKey("0a1b2c3d", "silver.orders.phone", algorithm, SECRET))
        show(f"encrypted values, {algorithm}-SIV", measured(lambda cipher=cipher: cipher(values)), len(values), "values")


def grades(_: object, contract: Any) -> dict[str, Any]:
    """`phone` is a phone number, everything else is open."""
    phone, plain = column_grade(Grade.GENERAL, "personal.phone"), column_grade(Grade.GENERAL)
    return {column.name: phone if column.name == "phone" else plain for column in contract.columns}


def bench_query(options: argparse.Namespace) -> None:
    """A governed query and the same on plain DuckDB, interleaved; and a query that makes a token of every row."""
    with tempfile.TemporaryDirectory() as folder:
        settings = make_lake(Path(folder) / "plant")
        table = settings.start / "lake" / "silver" / "orders"
        shutil.rmtree(table)
        rows = duckdb.sql(f"""SELECT CAST(i AS VARCHAR) AS order_id, '199' || lpad(CAST(i * 7919 % 100000000 AS VARCHAR), 8, '0') AS phone,
            CAST(i % 977 AS DOUBLE) AS cost, 'M' || i % 50 AS machine FROM range({options.rows}) AS r(i)""")
        write_deltalake(table, rows.to_arrow_reader())
        query = "SELECT machine, count(*) AS n, avg(cost) AS mean, max(order_id) AS last FROM {} WHERE cost > 3 GROUP BY machine ORDER BY machine"
        with (
            open_connection(settings, "steward", grades) as con,
            duckdb.connect(config={"allow_unsigned_extensions": "true"}) as plain,
        ):
            plain.execute(f"LOAD '{module_file('delta')}'")
            governed, bare = [], []
            for _ in range(options.rounds + 1):
                bare.append(measured(lambda: plain.sql(query.format(f"delta_scan('{table}')")).fetchall()))
                governed.append(measured(lambda: con.sql(query.format("silver.orders")).fetchall()))
            for label, times in (("plain DuckDB", bare), ("governed query", governed)):
                show(f"{label}, {options.rows:,} rows", _median(times[1:]))
            ratios = [statistics.median(g[at] / b[at] for g, b in zip(governed[1:], bare[1:], strict=True)) for at in (0, 1)]
            print(f"ratio of pairs: {ratios[0]:.3f} of wall, {ratios[1]:.3f} of processor; target 1.1")
        keyed = replace(settings, token_key_file=key_file(Path(folder)))
        keyed.token_key_file.write_text(key_text(SECRET, Scheme.CMAC))
        with open_connection(keyed, "engineer", grades) as con:
            show(
                f"tokens of {options.rows:,} rows by a query",
                measured(lambda: con.sql("SELECT max(phone) FROM silver.orders").fetchall()),
            )
            show("the same without the column", measured(lambda: con.sql("SELECT max(order_id) FROM silver.orders").fetchall()))


def _median(times: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(wall for wall, _ in times), statistics.median(processor for _, processor in times)


def bench_entries(_: argparse.Namespace) -> None:
    """An entry alone, and with 32 writers at once; commits included."""
    with tempfile.TemporaryDirectory() as folder:
        settings = make_project(Path(folder))
        write_session(settings, "warm", 10)
        wall, processor = measured(lambda: write_session(settings, "alone", 1000))
        show("an entry alone (of 1,000 in one session)", (wall / 1000, processor / 1000))
        with ThreadPoolExecutor(WRITERS) as pool:
            calls = [f"s{number}" for number in range(WRITERS)]
            wall, processor = measured(lambda: list(pool.map(lambda name: write_session(settings, name, EACH), calls)))
        show(
            f"an entry of {WRITERS} writers ({EACH} each, sessions opened too)",
            (wall / WRITERS / EACH, processor / WRITERS / EACH),
        )


def bench_seals(options: argparse.Namespace) -> None:
    """Seal this many entries at once, and verify them."""
    with tempfile.TemporaryDirectory() as folder:
        settings = make_project(Path(folder))
        write_session(settings, "first", 1)
        fill_log(settings, options.entries)
        show(f"seal {options.entries:,} entries", measured(lambda: seal_logs(settings)))
        faults: list[object] = []
        show(f"verify {options.entries:,} entries", measured(lambda: faults.extend(verify_logs(settings).faults)))
        print(f"faults: {len(faults)}; target 10 s")


def fill_log(settings: Settings, entries: int) -> None:
    """Append sessions to the access log in one commit, chained as their writers would."""
    table = DeltaTable(settings.start / "lake" / "governance" / "access_log")
    schema = pa.schema(table.schema().to_arrow())
    (first,) = table.to_pyarrow_table().to_pylist()
    each = entries // SESSIONS
    transactions = [
        Transaction(txn.app, txn.version) for txn in (session_txn(f"bench{number}", each) for number in range(SESSIONS))
    ]
    reader = pa.RecordBatchReader.from_batches(schema, _sessions(schema, first, each))
    write_deltalake(table, reader, mode="append", commit_properties=CommitProperties(app_transactions=transactions))
    with open_workspace(settings).engine() as engine:
        assert engine.fetch("SELECT count(*) AS n FROM governance.access_log")[0]["n"] == each * SESSIONS + 1


def _sessions(schema: pa.Schema, first: dict[str, Any], each: int) -> Iterator[pa.RecordBatch]:
    for number in range(SESSIONS):
        prev, rows = FIRST_PREV, []
        for seq in range(1, each + 1):
            at = START + timedelta(seconds=number * each + seq)
            row = {**first, "session_id": f"bench{number}", "seq": seq, PREV: prev, "asked_at": at, "logged_at": at}
            row[HASH] = prev = entry_hash({key: value for key, value in row.items() if key != HASH})
            rows.append(row)
        yield pa.RecordBatch.from_pylist(rows, schema)


PARTS = {"values": bench_values, "query": bench_query, "entries": bench_entries, "seals": bench_seals}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for part in options.parts or PARTS:
        PARTS[part](options)


if __name__ == "__main__":
    main()

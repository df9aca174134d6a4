"""Judging a file by a suite, whole processes: ours against Great Expectations on pandas and on Spark, pandera on polars, and a bare scan.

Usage: python tests/bench/quality.py [PART …] [--rows ROWS] [--rounds N] [--python PYTHON]. Parts: `telemetry` (14 rules over 10 M × 6), `wide` (226 rules
over 2 M × 80), `long` (14 rules over 10 M and 100 M rows, ours alone, held to 4 GiB); all without one. Every contender runs as a process of
its own, interleaved; the figures are medians of wall seconds and the highest resident memory of all its processes. Runs are kept in
`.cache/bench`, so that a bench that was stopped goes on: remove the folder to begin anew.

A contender that this Python can't import is run by the one of `--python`, of a scratch environment, or skipped.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from quality_contenders import NEEDS

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "bench"
LIMIT = 4096  # MiB of one process, for `long`
MEMORY = "2500MiB"  # what DuckDB may use of it: its allocator keeps more than it counts
SECONDS_BETWEEN_LOOKS = 0.1


@dataclass(frozen=True)
class FigureTable:
    """One table of figures; `rows` by label."""

    kind: str
    rows: dict[str, int]
    contenders: tuple[str, ...]


ALL = ("scan", "lakeward", "gx_pandas", "gx_spark", "pandera_polars")
PARTS = {
    "telemetry": FigureTable("telemetry", {"10 M": 10_000_000}, ALL),
    "wide": FigureTable("wide", {"2 M": 2_000_000}, ALL),
    "long": FigureTable("telemetry", {"10 M": 10_000_000, "100 M": 100_000_000}, ("lakeward",)),
}


def rule(kind: str, number: int, **kwargs: object) -> dict[str, object]:
    return {"type": kind, "kwargs": kwargs, "meta": {"lakeward": {"id": f"{kind}:{number}"}}}


def telemetry_suite() -> list[dict[str, object]]:
    """Fourteen rules, as readings of a plant have them."""
    kinds: list[tuple[str, dict[str, object]]] = [
        *(("expect_column_values_to_not_be_null", {"column": column}) for column in ("series", "ts", "quality", "unit")),
        ("expect_column_values_to_not_be_null", {"column": "value", "mostly": 0.9}),
        ("expect_column_values_to_be_between", {"column": "value", "min_value": -1000, "max_value": 1000}),
        ("expect_column_values_to_be_between", {"column": "status", "min_value": 0, "max_value": 512}),
        ("expect_column_values_to_be_in_set", {"column": "quality", "value_set": ["Good", "Bad", "Uncertain"]}),
        ("expect_column_values_to_be_in_set", {"column": "unit", "value_set": ["Cel", "kPa", "mm/s"]}),
        ("expect_column_values_to_match_regex", {"column": "series", "regex": "^line[0-9]+/m[0-9]+$"}),
        ("expect_column_mean_to_be_between", {"column": "value", "min_value": -100, "max_value": 100}),
        ("expect_column_stdev_to_be_between", {"column": "value", "min_value": 0, "max_value": 1000}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["series", "ts"]}),
        ("expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 10**10}),
    ]
    return [rule(kind, number, **kwargs) for number, (kind, kwargs) in enumerate(kinds)]


def wide_suite() -> list[dict[str, object]]:
    """226 rules over 80 columns of numbers: filled, in range, and means."""
    columns = [f"c{number}" for number in range(80)]
    filled = [rule("expect_column_values_to_not_be_null", n, column=c, mostly=0.9) for n, c in enumerate(columns)]
    ranged = [rule("expect_column_values_to_be_between", n, column=c, min_value=-1, max_value=101) for n, c in enumerate(columns)]
    means = [
        rule("expect_column_mean_to_be_between", n, column=c, min_value=0, max_value=100) for n, c in enumerate(columns[:66])
    ]
    return [*filled, *ranged, *means]


SUITES = {"telemetry": telemetry_suite, "wide": wide_suite}


def make_data(kind: str, rows: int) -> tuple[Path, Path]:
    """The data and the suite; made once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    data, suite = CACHE / f"{kind}-{rows}.parquet", CACHE / f"{kind}.json"
    content = {"name": kind, "expectations": SUITES[kind](), "meta": {"great_expectations_version": "1.24.1"}}
    suite.write_text(json.dumps(content))
    if not data.exists():
        import duckdb

        half = data.with_suffix(".half")
        duckdb.sql(f"COPY ({QUERIES[kind]} FROM range({rows}) AS r(i)) TO '{half}' (FORMAT parquet)")
        half.rename(data)
    return data, suite


QUERIES = {
    "telemetry": """
        SELECT 'line' || (i % 4) || '/m' || (i % 200) AS series,
               TIMESTAMPTZ '2026-03-01 00:00:00+00' + to_microseconds(i // 200 * 1000000) AS ts,
               CASE WHEN hash(i) % 100 = 0 THEN NULL ELSE (hash(i * 7) % 100000) / 1000.0 END AS value,
               CAST(192 AS BIGINT) AS status, 'Good' AS quality, ['Cel', 'kPa', 'mm/s'][i % 3 + 1] AS unit""",
    "wide": "SELECT "
    + ", ".join(f"CASE WHEN hash(i + {n}) % 50 > 0 THEN (hash(i * 80 + {n}) % 100000) / 1000.0 END AS c{n}" for n in range(80)),
}


def python_for(contender: str, other: str | None) -> str | None:
    """The Python that can run it; None: neither this one nor the other can."""
    imports = "import " + ", ".join(NEEDS[contender])
    for python in (sys.executable, other):
        if python and subprocess.run([python, "-c", imports], capture_output=True, check=False).returncode == 0:
            return python
    return None


def resident(group: int) -> float:
    """MiB that the processes of a group hold now."""
    page, total = os.sysconf("SC_PAGE_SIZE"), 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[21]) * page if int(fields[2]) == group else 0
    return total / 2**20


def run(python: str, contender: str, data: Path, suite: Path, memory: str | None) -> dict[str, float]:
    """One process from its start to its end."""
    words = [python, str(HERE / "quality_contenders.py"), contender, str(data), str(suite)]
    if contender == "lakeward":
        words = [str(Path(python).with_name("lakeward")), "check", str(data), "--suite", str(suite), "--json"]
    if memory:
        words = ["env", f"LAKEWARD_MEMORY={memory}", *words]
    start, peak = time.perf_counter(), 0.0
    with (CACHE / "contender.log").open("w") as told:
        process = subprocess.Popen(words, stdout=told, stderr=told, start_new_session=True)
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(SECONDS_BETWEEN_LOOKS)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(
            f"{contender} on {data.name}: expected exit code 0, found {process.returncode}; see {CACHE}/contender.log"
        )
    return {"seconds": seconds, "mib": peak}


def read_log(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def measure(name: str, rounds: int, only: int | None, other: str | None) -> None:
    """Run what is not in the log yet, then print the part's figures."""
    part, log = PARTS[name], CACHE / "quality.jsonl"
    pythons = {contender: python_for(contender, other) for contender in part.contenders}
    sizes = {f"{only:,}": only} if only else part.rows
    for size in sizes.values():
        data, suite = make_data(part.kind, size)
        for number in range(rounds):
            for contender, python in pythons.items():
                key = {"part": name, "rows": size, "contender": contender, "round": number}
                if python and not any(key.items() <= entry.items() for entry in read_log(log)):
                    found = key | run(python, contender, data, suite, MEMORY if name == "long" else None)
                    with log.open("a") as file:
                        file.write(json.dumps(found) + "\n")
    print_figures(name, sizes, pythons, read_log(log))


def print_figures(name: str, sizes: dict[str, int], pythons: dict[str, str | None], runs: list[dict[str, object]]) -> None:
    medians: dict[tuple[int, str], float] = {}
    for label, size in sizes.items():
        for contender, python in pythons.items():
            own = [r for r in runs if (r["part"], r["rows"], r["contender"]) == (name, size, contender)]
            if not python:
                print(f"{name:<10} {label:>6}  {contender:<15} skipped: no {', '.join(NEEDS[contender])} (see --python)")
                continue
            medians[size, contender] = statistics.median(r["seconds"] for r in own)
            ratio = medians[size, contender] / medians[size, "lakeward"] if (size, "lakeward") in medians else None
            beside = "" if ratio is None else f"  {ratio:6.2f} × ours"
            print(
                f"{name:<10} {label:>6}  {contender:<15} {medians[size, contender]:7.2f} s  {max(r['mib'] for r in own):7.0f} MiB{beside}"
            )
        if (size, "scan") in medians:
            print(f"{name:<10} {label:>6}  lakeward / scan: {medians[size, 'lakeward'] / medians[size, 'scan']:.2f}")
    if name == "long":
        first, last = (medians[size, "lakeward"] / size for size in (min(sizes.values()), max(sizes.values())))
        peak = max(r["mib"] for r in runs if r["part"] == name)
        print(f"{name:<10} time per row, {max(sizes)} to {min(sizes)}: {last / first:.2f}; peak {peak:.0f} of {LIMIT} MiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rows", type=int, help="rows, instead of the part's own")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", help="Python of an environment with what this one lacks")
    given = parser.parse_args()
    for one in given.parts:
        measure(one, given.rounds, given.rows, given.python)

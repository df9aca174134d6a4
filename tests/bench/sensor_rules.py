"""What sensor rules cost: the extra query of a batch against reading the same columns, in one run.

`python tests/bench/sensor_rules.py [rows]`: seconds, ratios and peak memory of this process, for rules that need one sort, all of them
with a second pass, and readings that arrive shuffled.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from lakeward.quality.plan import compile_plan
from lakeward.quality.series.query import SeriesInput

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.judging import expect, rules_of
from support.sensor_batches import telemetry_contract
from support.sensor_truth import NO_CONTEXT

SERIES = 1000
NAMES = ("series", "ts", "value", "quality", "unit")
TIMES = (expect("series_no_gap"), expect("series_timestamps_in_order"), expect("series_no_duplicate_timestamps"))
VALUES = (
    expect("series_not_flat", max_flat_seconds=120),
    expect("series_rate_of_change_between", min_value=-100, max_value=100),
    expect("series_unit_unchanged"),
    expect("series_quality_code_share"),
)


def feed(con: duckdb.DuckDBPyConnection, file: Path, rows: int, *, shuffled: bool) -> None:
    """Readings of a thousand series every ten seconds, as they would arrive; or in no order at all."""
    order = "ORDER BY hash(i)" if shuffled else ""
    con.execute(f"""COPY (SELECT 'acme/suzhou/line' || (i % 4) || '/m' || (i % 50) || '/tag' || (i % {SERIES}) AS series,
        TIMESTAMPTZ '2020-03-01' + INTERVAL 10 SECOND * (i // {SERIES}) AS ts, 20 + 5 * random() AS value, 0::BIGINT AS quality,
        'Cel' AS unit, 1::BIGINT AS _file_seq, i AS _row FROM range({rows}) AS r(i) {order}) TO '{file}' (FORMAT parquet)""")


def seconds(con: duckdb.DuckDBPyConnection, query: str) -> tuple[float, float]:
    """Wall time and processor time of one query; on a busy machine only the second says something."""
    begun, busy = time.perf_counter(), time.process_time()
    con.execute(query).fetchall()
    return time.perf_counter() - begun, time.process_time() - busy


def main(rows: int) -> None:
    """Measure and print."""
    contract = telemetry_contract(NAMES)
    with tempfile.TemporaryDirectory() as folder:
        con = duckdb.connect(config={"temp_directory": folder})
        con.execute("SET TimeZone = 'UTC'")
        con.execute(NO_CONTEXT)
        for shuffled in (False, True):
            file = Path(folder) / f"feed{shuffled}.parquet"
            feed(con, file, rows, shuffled=shuffled)
            con.execute(f"CREATE OR REPLACE VIEW batch AS FROM read_parquet('{file}')")
            types = {name: contract.column(name).type for name in NAMES}
            read = "SELECT count(DISTINCT series), max(ts), sum(value), sum(quality), max(unit), max(_row) FROM batch"
            bare = min(seconds(con, read)[1] for _ in range(3))
            print(f"{rows:,} rows, {'shuffled' if shuffled else 'as they arrive'}: read in {bare:.2f} s of processor")
            for name, rules in (
                ("times", TIMES),
                ("times and values", (*TIMES, *VALUES)),
                ("and spikes", (*TIMES, *VALUES, expect("series_no_spike"))),
            ):
                plan = compile_plan(contract, rules_of(contract, *rules), types)
                sql = plan.series().sql(SeriesInput(plan.converted_relation("batch"), "context", None))
                wall, busy = seconds(con, f"CREATE OR REPLACE TABLE judged AS {sql}")
                print(
                    f"  {len(rules)} rules ({name}): {busy:.1f} s of processor, {wall:.1f} s by the clock, {busy / bare:.1f} x reading"
                )
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)

"""What rules by the mapping and by the source's events cost, in one run: processor seconds of the query of sensor rules over one batch.

`python tests/bench/source_rules.py [rows]`: ranges alone, intervals, both with 256 times in which the collector was away, beside a plain
`expect_series_no_gap`, for 1,000 series that all have a line.
"""

import sys
import tempfile
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.sensor_rules import NAMES, SERIES, feed, seconds
from lakeward.contracts.types import sql_type
from lakeward.flows.batch.series_limits import SeriesLimits
from lakeward.quality.plan import compile_plan
from lakeward.quality.series.query import SeriesInput
from lakeward.quality.series.source_record import LIMIT_COLUMNS, MAX_SPANS, SourceRecord, SourceSpan
from support.judging import expect, rules_of
from support.sensor_batches import telemetry_contract
from support.sensor_truth import NO_CONTEXT

BEGAN, HOUR = 1_583_020_800_000_000, 3_600_000_000
AWAY = tuple(SourceSpan(BEGAN + at * HOUR, BEGAN + at * HOUR + HOUR // 2) for at in range(MAX_SPANS))


def limits(**values: object) -> list[dict]:
    """A line for each series."""
    nothing = dict.fromkeys(LIMIT_COLUMNS) | {
        "unit": "",
        "changes_only": False,
        "is_checked": True,
        "first_place": 0,
        "end_place": 2**62,
    }
    names = (f"acme/suzhou/line{i % 4}/m{i % 50}/tag{i}" for i in range(SERIES))
    return [nothing | {"series": name, "address": name, "version": 1, "line": at} | values for at, name in enumerate(names, 2)]


def main(rows: int) -> None:
    """Measure and print."""
    contract = telemetry_contract(NAMES)
    types = {name: contract.column(name).type for name in NAMES}
    with tempfile.TemporaryDirectory() as folder:
        con = duckdb.connect(config={"temp_directory": folder})
        con.execute("SET TimeZone = 'UTC'")
        con.execute(NO_CONTEXT)
        feed(con, Path(folder) / "feed.parquet", rows, shuffled=False)
        con.execute(f"CREATE VIEW batch AS FROM read_parquet('{folder}/feed.parquet')")
        items = ", ".join(f"{name} {sql_type(type_)}" for name, type_ in LIMIT_COLUMNS.items())
        con.execute(f"CREATE TABLE limits ({items})")
        gap = rules_of(contract, expect("series_no_gap"))
        for name, rules, said, away in (
            ("no_gap alone", gap, [], ()),
            ("ranges alone", (), limits(low=0.0, high=100.0, unit="Cel"), ()),
            ("intervals alone", (), limits(interval_us=10_000_000), ()),
            ("ranges and intervals, 256 absences", (), limits(low=0.0, high=100.0, unit="Cel", interval_us=10_000_000), AWAY),
            ("the same and no_gap", gap, limits(low=0.0, high=100.0, unit="Cel", interval_us=10_000_000), AWAY),
        ):
            found = SeriesLimits(tuple(said), ("series", "value", "unit"))
            con.execute("DELETE FROM limits")
            if said:
                con.executemany(
                    f"INSERT INTO limits VALUES ({', '.join('?' * len(LIMIT_COLUMNS))})",
                    [[row[c] for c in LIMIT_COLUMNS] for row in said],
                )
            record = SourceRecord(away=away, limits="limits" if said else None, units=found.units)
            plan = compile_plan(contract, (*rules, *found.rules()), types)
            sql = plan.series(record).sql(SeriesInput(plan.converted_relation("batch"), "context", None))
            busy = min(seconds(con, f"CREATE OR REPLACE TABLE judged AS {sql}")[1] for _ in range(3))
            print(f"{rows:,} rows, {name}: {busy:.2f} s of processor")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)

"""Judges readings by sensor rules with the real plan on a real DuckDB, batch by batch, with stored context."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal

import duckdb

from lakeward.contracts.model import DataType, Kind, Sla
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.types import sql_type
from lakeward.quality.plan import compile_plan
from lakeward.quality.series.query import SeriesInput
from lakeward.quality.series.source_record import LIMIT_COLUMNS, NO_RECORD, SourceRecord
from support.judging import TEXT, column, contract, fetch, rules_of

START = "2020-03-01 00:00:00+00"
LONG = ("series", "ts", "value", "value_text", "quality", "unit")
WIDE = ("ts", "flow_in", "flow_out", "state")
KINDS = {"ts": Kind.TIMESTAMP, "value": Kind.DOUBLE, "quality": Kind.INTEGER, "flow_in": Kind.DOUBLE, "flow_out": Kind.DOUBLE}


def telemetry_contract(names=LONG, period=10):
    """A contract of Parquet files: readings come in their own types."""
    columns = [column(name, KINDS.get(name, Kind.STRING)) for name in names]
    made = contract(*columns, format_=FileFormat.PARQUET, time="ts")
    return replace(made, series=("series",) if "series" in names else (), sla=Sla(None, Decimal(period) if period else None))


@dataclass
class BatchSequence:
    """A sequence of batches under one suite.

    Args:
        totals: Per rule, readings evaluated and failed in all batches so far.
        failing: Per rule, (batch, row) of failing rows.
        record: What is known of the source; `limits` are its rows, by name.
        mapped: Rules that follow from these.
    """

    expectations: tuple
    names: tuple = LONG
    period: int | None = 10
    con: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)
    batches: int = 0
    totals: dict = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    failing: dict = field(default_factory=lambda: defaultdict(list))
    record: SourceRecord = NO_RECORD
    limits: tuple = ()
    mapped: tuple = ()

    def __post_init__(self):
        self.con.execute("SET TimeZone = 'UTC'")
        self.con.execute(
            "CREATE TABLE state (seq BIGINT, track VARCHAR, series VARCHAR, last_ts TIMESTAMPTZ, readings VARCHAR, held VARCHAR)"
        )

    def judge_next(self, rows, ingested_at="2021-01-01 00:00:00+00"):
        """Judge one more batch, of tuples in the order of `names`, `ts` in seconds since START; its verdicts by rule."""
        self.batches += 1
        types = {name: DataType(KINDS.get(name, Kind.STRING)) for name in self.names}
        self._load(rows, ingested_at)
        made = telemetry_contract(self.names, self.period)
        row_id_types = {"_file_seq": DataType(Kind.INTEGER), "_row": DataType(Kind.INTEGER)}
        rules = (*rules_of(made, *self.expectations), *self.mapped)
        plan = compile_plan(made, rules, types | row_id_types | {"_ingested_at": TEXT})
        return self._judge(plan)

    def _load(self, rows, ingested_at):
        items = ", ".join(f'"{n}" {SQL[KINDS.get(n, Kind.STRING)]}' for n in self.names)
        self.con.execute(f"CREATE OR REPLACE TABLE batch ({items}, _file_seq BIGINT, _row BIGINT, _ingested_at TIMESTAMPTZ)")
        marks = ", ".join(f"TIMESTAMPTZ '{START}' + INTERVAL 1 SECOND * ?" if n == "ts" else "?" for n in self.names)
        for number, row in enumerate(rows, start=1):
            values = [*row, self.batches, number, ingested_at]
            self.con.execute(f"INSERT INTO batch VALUES ({marks}, ?, ?, CAST(? AS TIMESTAMPTZ))", values)

    def _record(self):
        if not self.limits:
            return self.record
        names = ", ".join(f"{name} {sql_type(type_)}" for name, type_ in LIMIT_COLUMNS.items())
        self.con.execute(f"CREATE OR REPLACE TABLE limits ({names})")
        for row in self.limits:
            self.con.execute(
                f"INSERT INTO limits VALUES ({', '.join('?' * len(LIMIT_COLUMNS))})", [row[n] for n in LIMIT_COLUMNS]
            )
        return replace(self.record, limits="limits")

    def _judge(self, plan):
        series = plan.series(self._record(), all_row_ids=True)
        self.con.execute("""CREATE OR REPLACE TABLE context AS SELECT * EXCLUDE (seq, age) FROM (
            SELECT *, row_number() OVER (PARTITION BY track, series ORDER BY seq DESC) AS age FROM state) WHERE age = 1""")
        self.con.execute(
            f"CREATE OR REPLACE TABLE judged AS {series.sql(SeriesInput(plan.converted_relation('batch'), 'context', '_ingested_at'))}"
        )
        self.con.execute(
            f"INSERT INTO state SELECT {self.batches}, track, series, last_ts, readings, held FROM judged WHERE renewed"
        )
        verdicts = {v.rule.id: v for v in series.verdicts(fetch(self.con, series.sums_select("judged"))[0])}
        for id_, verdict in verdicts.items():
            self.totals[id_][0] += verdict.evaluated or 0
            self.totals[id_][1] += verdict.failed or 0
            self.failing[id_] += sorted(self.con.execute(series.row_ids_select(id_, "judged")).fetchall())
        return verdicts


SQL = {Kind.STRING: "VARCHAR", Kind.TIMESTAMP: "TIMESTAMPTZ", Kind.DOUBLE: "DOUBLE", Kind.INTEGER: "BIGINT"}


def reading(at, value=1.0, series="m/t", word=None, quality=0, unit="Cel"):
    """A row of long telemetry, `at` seconds since START."""
    return (series, at, value, word, quality, unit)


def judge_once(rows, *expectations, **kwargs):
    """The verdicts of one batch, and the failing rows by rule."""
    line = BatchSequence(expectations, **kwargs)
    verdicts = line.judge_next(rows)
    return verdicts, {id_: [row for _, row in places] for id_, places in line.failing.items()}

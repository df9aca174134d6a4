"""Compares sensor rules with a known truth: flagged readings, and found defects."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from lakeward.contracts.model import Contract, DataType, Kind
from lakeward.core.sql import literal
from lakeward.quality.plan import compile_plan
from lakeward.quality.rule import Rule
from lakeward.quality.series.query import SeriesInput

SUITE = Path(__file__).parents[1] / "fixtures" / "sensors" / "plant_telemetry.json"
READ = "all_varchar = true, header = true, ignore_errors = true, filename = true"
NO_CONTEXT = """CREATE OR REPLACE TABLE context
    (track VARCHAR, series VARCHAR, last_ts TIMESTAMPTZ, readings VARCHAR, held VARCHAR)"""
# Which defects each rule of the suite looks for.
LOOKS_FOR = {
    "silent": ("gap", "clock_ahead", "clock_reset"),
    "heart_stopped": (),
    "frozen": ("stuck", "saturation", "sentinel"),
    "frozen_reporter": (),
    "too_smooth": ("stuck_smooth",),
    "heat_jumps": ("unit_fahrenheit", "saturation"),
    "pressure_jumps": ("unit_kilopascal",),
    "counts_down": ("counter_reset", "counter_rollover", "clock_ahead"),
    "spike": ("spike",),
    "late": ("late", "gap_replayed", "clock_ahead", "clock_reset"),
    "clock": ("clock_ahead", "clock_reset"),
    "twice": ("duplicate", "contradiction", "clock_ahead"),
    "contradiction": ("contradiction", "clock_ahead"),
    "unit": ("unknown_unit",),
    "vibration": ("drift",),
    "quality": ("bad_status", "uncertain_status"),
}
# A gap is seen when it is over, a jump back one reading after the defect's last one.
AFTER = timedelta(seconds=20)


@dataclass(frozen=True)
class Flag:
    """A reading that a rule flagged."""

    series: str
    at: datetime


@dataclass(frozen=True)
class Defect:
    """A true defect: a series between two times, both included."""

    series: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class DetectionScore:
    """How a rule does on a kind of defect: `hits` of `defects` are found, `right` of `flags` flagged readings lie in one."""

    defects: int
    found_defects: int
    flags: int
    true_flags: int

    @property
    def recall(self) -> float:
        return self.found_defects / self.defects if self.defects else 1.0

    @property
    def precision(self) -> float:
        return self.true_flags / self.flags if self.flags else 1.0


def load_readings(files: Sequence[Path], delimiter: str = ",", items: str = "*") -> duckdb.DuckDBPyConnection:
    """A session with the records of CSV files as text, in order, in the table `batch`; torn ones are left out."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    for number, file in enumerate(files, start=1):
        read = f"read_csv({literal(str(file))}, {READ}, delim = {literal(delimiter)})"
        rows = f"SELECT {items}, {number}::BIGINT AS _file_seq, row_number() OVER () AS _row FROM {read}"
        con.execute(f"CREATE TABLE batch AS {rows}" if number == 1 else f"INSERT INTO batch BY NAME {rows}")
    return con


def flag_readings(
    con: duckdb.DuckDBPyConnection, contract: Contract, rules: Sequence[Rule], key: str, time: str
) -> dict[str, list[Flag]]:
    """Readings of `batch` that each sensor rule flags; `key` and `time` are SQL over the typed rows."""
    types = {
        row[0]: DataType(Kind.INTEGER if row[1] == "BIGINT" else Kind.STRING) for row in con.execute("DESCRIBE batch").fetchall()
    }
    plan = compile_plan(contract, rules, types)
    series = plan.series(all_row_ids=True)
    con.execute(NO_CONTEXT)
    con.execute(f"CREATE OR REPLACE TABLE judged AS {series.sql(SeriesInput(plan.converted_relation('batch'), 'context', None))}")
    con.execute(f"CREATE OR REPLACE TABLE typed AS {plan.typed_select('batch')}")
    found = {}
    for rule in series.rules:
        query = (
            f"SELECT {key}, epoch_us({time}) FROM typed JOIN ({series.row_ids_select(rule.id, 'judged')}) USING (_file_seq, _row)"
        )
        found[rule.id] = [Flag(name, _instant(us)) for name, us in con.execute(query).fetchall()]
    return found


def _instant(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def read_defects(file: Path) -> dict[str, list[Defect]]:
    """The simulator's truth, by kind; a wrong clock also where its readings say they are."""
    found = defaultdict(list)
    with file.open(encoding="utf-8") as opened:
        rows = [row for row in csv.DictReader(opened) if row["dataset"] == "plant_telemetry"]
    for row in rows:
        start, end = (datetime.fromisoformat(row[name]) for name in ("from", "to"))
        if row["kind"] != "extra_column":
            ahead = timedelta(seconds=float(row["magnitude"])) if row["kind"] == "clock_ahead" else timedelta()
            found[row["kind"]].append(Defect(row["key"], start, end + ahead))
    return found


def score_detection(flags: Iterable[Flag], defects: Iterable[Defect], after: timedelta = AFTER) -> DetectionScore:
    """Compare; a reading of 1970 is one of a clock that was reset, so that it lies in every such defect of its series."""
    listed, wanted = list(flags), set(defects)
    by_series = defaultdict(list)
    for defect in wanted:
        by_series[defect.series].append(defect)
    pairs = [[d for d in by_series[f.series] if d.start <= f.at <= d.end + after] for f in listed]
    return DetectionScore(
        len(wanted), len({d for found in pairs for d in found}), len(listed), sum(bool(found) for found in pairs)
    )

"""What tells rows apart, and how often they come: proven by counting on the whole file."""

import re
from collections.abc import Sequence
from decimal import Decimal

from lakeward.contracts.model import Kind
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.profile.findings import ColumnProfile, Key, Times
from lakeward.flows.profile.measuring import STAGED, VALUES

# Columns to pair with the time column, those with the fewest values first: series are few, readings are many.
PAIRS = 8
# Kinds whose values are the same or not, without rounding.
EXACT = frozenset({Kind.STRING, Kind.INTEGER, Kind.DATE})

_IDENTIFIER = re.compile(r"(^|_)(id|no|nr|number|code|key|uid|uuid|udi|serial)($|_)|编号|单号|序号|工单")
_TIME = re.compile(r"(^|_)(ts|time|timestamp|datetime|date)($|_)|时间|日期")
_OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"


def find_time_column(columns: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The fullest timestamp; of several, one that is called so, then the first."""
    found = [column for column in columns if column.type.kind is Kind.TIMESTAMP and column.converted]
    return max(found, key=lambda column: (column.converted, bool(_TIME.search(column.name))), default=None)


def find_key(engine: Engine, columns: Sequence[ColumnProfile], time: ColumnProfile | None, rows: int) -> Key:
    """A column that is unique, an identifier before the time, the time before others; else one that is with the time.

    Never what may be about a person: a key travels everywhere.
    """
    whole = [column for column in columns if column.converted == rows and not column.personal]
    single = [column for column in whole if column.distinct == rows and (column.type.kind in EXACT or column is time)]
    if single:
        best = max(single, key=lambda column: (bool(_IDENTIFIER.search(column.name)), column is time))
        return Key((best.name,), tuple(column.name for column in single if column is not best))
    partners = [column for column in whole if column.type.kind in EXACT and 1 < column.distinct < rows]
    if time is None or time not in whole or not partners:
        return Key()
    return _pair(engine, sorted(partners, key=lambda column: column.distinct)[:PAIRS], time, rows)


def measure_times(engine: Engine, time: ColumnProfile, key: Key) -> Times:
    """Period and offsets of the time column, each series for itself."""
    series = "".join(
        f"PARTITION BY {identifier(column)} " for column in key.columns if column != time.name and len(key.columns) > 1
    )
    own = identifier(time.name)
    steps = f"SELECT epoch({own}) - lag(epoch({own})) OVER ({series}ORDER BY {own}) AS step FROM {VALUES} WHERE {own} IS NOT NULL"
    counted = f"SELECT step, median(step) OVER () AS period FROM ({steps}) WHERE step > 0"
    found = engine.fetch(
        f"SELECT any_value(period) AS period, count(*) AS steps, count_if(step = period) AS regular FROM ({counted})"
    )[0]
    period = Decimal(str(found["period"])).quantize(Decimal("0.001")).normalize() if found["period"] else None
    return Times(time.name, period, found["regular"], found["steps"], _offsets(engine, time))


def _pair(engine: Engine, partners: Sequence[ColumnProfile], time: ColumnProfile, rows: int) -> Key:
    counts = [
        f"count(DISTINCT ({identifier(column.name)}, {identifier(time.name)})) AS n{place}"
        for place, column in enumerate(partners)
    ]
    found = engine.fetch(f"SELECT {', '.join(counts)} FROM {VALUES}")[0]
    return next((Key((column.name, time.name)) for place, column in enumerate(partners) if found[f"n{place}"] == rows), Key())


def _offsets(engine: Engine, time: ColumnProfile) -> int:
    """How many ISO 8601 texts say their offset from UTC; a written format has one for all or for none."""
    stored = engine.types(STAGED)[time.name].kind
    if time.time_format or stored is not Kind.STRING:
        return time.converted if time.time_format and "%z" in time.time_format else 0
    beyond_date = f"substr(trim({identifier(time.name)}), 11)"
    found = engine.fetch(f"SELECT count_if(regexp_matches({beyond_date}, {literal(_OFFSET)})) AS n FROM {STAGED}")
    return int(found[0]["n"])

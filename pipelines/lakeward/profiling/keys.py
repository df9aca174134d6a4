"""Finds keys and periods, proven by counting over the whole file."""

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations
from math import prod

from lakeward.contracts.model import Kind
from lakeward.core.names import Relation
from lakeward.core.sql import OVER_ALL_ROWS, identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.profiling.findings import ColumnProfile, Key, Times
from lakeward.profiling.type_trials import StagedRecords

# Maximum number of columns to pair with the time column, those with the fewest values first.
PAIRS = 8
# Columns to look for a key of two or three among, and groups that are counted on the whole file.
NAMING, GROUPS = 6, 4
# Number of rows for a first test: most groups repeat early, and counting all rows costs a sort per group.
FIRST = 20_000
# Expected repetitions of unrelated columns; with fewer, uniqueness can be chance.
MIN_EXPECTED_REPEATS = 3
# Maximum number of distinct integers that can be identifiers; more are measurements.
MAX_NAMING_INTEGERS = 20
# Types with exact equality.
EXACT = frozenset({Kind.STRING, Kind.INTEGER, Kind.DATE})

_IDENTIFIER = re.compile(r"(^|_)(id|no|nr|number|code|key|uid|uuid|udi|serial)($|_)|编号|单号|序号|工单")
_TIME = re.compile(r"(^|_)(ts|time|timestamp|datetime|date)($|_)|时间|日期")
_OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"


def find_time_column(columns: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The timestamp column with the most values; of several, one with such a name, then the first."""
    found = [column for column in columns if column.type.kind is Kind.TIMESTAMP and column.converted]
    return max(found, key=lambda column: (column.converted, bool(_TIME.search(column.name))), default=None)


def find_key(engine: Engine, values: Relation, columns: Sequence[ColumnProfile], time: ColumnProfile | None, rows: int) -> Key:
    """A column that is unique, an identifier before the time, the time before others; else one that is with the time; else two or three.

    Never personal columns, since a key is copied everywhere.

    Args:
        values: The file's rows, every column in its type; there are so many `rows`.
    """
    whole = [column for column in columns if column.converted == rows and not column.personal]
    single = [column for column in whole if column.distinct == rows and (column.type.kind in EXACT or column is time)]
    if single:
        best = max(single, key=lambda column: (bool(_IDENTIFIER.search(column.name)), column is time))
        return _key((best.name,), tuple(column.name for column in single if column is not best))
    partners = [column for column in whole if column.type.kind in EXACT and 1 < column.distinct < rows]
    timed = time if time in whole else None
    pair = (
        _find_pair_key(engine, values, sorted(partners, key=lambda column: column.distinct)[:PAIRS], timed, rows)
        if timed
        else Key()
    )
    return pair if pair.columns else _find_group_key(engine, values, partners, timed, rows)


def measure_times(staged: StagedRecords, values: Relation, time: ColumnProfile, key: Key) -> Times:
    """Period and offsets of the time column, per series."""
    named = [identifier(column) for column in key.columns if column != time.name and len(key.columns) > 1]
    series = f"PARTITION BY {', '.join(named)} " if named else ""
    own = identifier(time.name)
    steps = f"SELECT epoch({own}) - lag(epoch({own})) OVER ({series}ORDER BY {own}) AS step FROM {values} WHERE {own} IS NOT NULL"
    counted = f"SELECT step, median(step) {OVER_ALL_ROWS} AS period FROM ({steps}) WHERE step > 0"
    found = staged.engine.fetch(
        f"SELECT any_value(period) AS period, count(*) AS steps, count_if(step = period) AS regular FROM ({counted})"
    )[0]
    span = staged.engine.fetch(f"SELECT max(epoch({own})) - min(epoch({own})) AS seconds FROM {values}")[0]["seconds"]
    period = Decimal(str(found["period"])).quantize(Decimal("0.001")).normalize() if found["period"] else None
    return Times(
        column=time.name,
        period_seconds=period,
        regular=found["regular"],
        steps=found["steps"],
        offsets=_count_offsets(staged, time),
        span_seconds=None if span is None else int(span),
    )


def _find_pair_key(engine: Engine, values: Relation, partners: Sequence[ColumnProfile], time: ColumnProfile, rows: int) -> Key:
    if not partners:
        return Key()
    counts = [
        f"count(DISTINCT ({identifier(column.name)}, {identifier(time.name)})) AS n{index}"
        for index, column in enumerate(partners)
    ]
    found = engine.fetch(f"SELECT {', '.join(counts)} FROM {values}")[0]
    return next((_key((column.name, time.name)) for index, column in enumerate(partners) if found[f"n{index}"] == rows), Key())


def _find_group_key(
    engine: Engine, values: Relation, partners: Sequence[ColumnProfile], time: ColumnProfile | None, rows: int
) -> Key:
    """The fewest columns that name things, days or times and tell all rows apart together, and not by accident."""
    naming = [column for column in partners if _is_naming(column)] + ([time] if time and 1 < time.distinct < rows else [])
    # Longer lists say more; the time comes last in a key.
    candidates = sorted(sorted(naming, key=lambda column: -column.distinct)[:NAMING], key=lambda column: column is time)
    groups = [group for size in (2, 3) for group in combinations(candidates, size) if _can_tell_apart(group, rows)]
    likely = _unique_groups(engine, values, sorted(groups, key=_simplicity), min(rows, FIRST))[:GROUPS]
    proven = likely if rows <= FIRST else _unique_groups(engine, values, likely, rows)
    return _key(tuple(column.name for column in proven[0])) if proven else Key()


def _key(columns: tuple[str, ...], others: tuple[str, ...] = ()) -> Key:
    return Key(columns, others, any(_IDENTIFIER.search(name) for name in columns))


def _is_naming(column: ColumnProfile) -> bool:
    """Whether it identifies a thing or a day; an integer does if its name says so, or if it has few values."""
    return column.type.kind is not Kind.INTEGER or column.distinct <= MAX_NAMING_INTEGERS or bool(_IDENTIFIER.search(column.name))


def _can_tell_apart(group: Sequence[ColumnProfile], rows: int) -> bool:
    """Whether there are enough combinations for all rows, and few enough that unrelated columns would repeat some."""
    combinations_ = prod(column.distinct for column in group)
    return rows <= combinations_ <= rows * (rows - 1) / (2 * MIN_EXPECTED_REPEATS)


def _simplicity(group: Sequence[ColumnProfile]) -> tuple[int, bool, int]:
    """Fewer columns first, then those with a day or a time, then those with fewer combinations."""
    timeless = not any(column.type.kind in {Kind.DATE, Kind.TIMESTAMP} for column in group)
    return len(group), timeless, prod(column.distinct for column in group)


def _unique_groups(
    engine: Engine, values: Relation, groups: Sequence[tuple[ColumnProfile, ...]], rows: int
) -> list[tuple[ColumnProfile, ...]]:
    """Those that repeat nothing in the first `rows` rows."""
    if not groups:
        return []
    counts = [
        f"count(DISTINCT ({', '.join(identifier(column.name) for column in group)})) AS n{index}"
        for index, group in enumerate(groups)
    ]
    found = engine.fetch(f"SELECT {', '.join(counts)} FROM (SELECT * FROM {values} ORDER BY _row LIMIT {rows})")[0]
    return [group for index, group in enumerate(groups) if found[f"n{index}"] == rows]


def _count_offsets(staged: StagedRecords, time: ColumnProfile) -> int:
    """Number of ISO 8601 texts with an offset from UTC; with a given format it is all or none."""
    stored = staged.engine.types(staged.rows)[time.name].kind
    if time.time_format or stored is not Kind.STRING:
        return time.converted if time.time_format and "%z" in time.time_format else 0
    beyond_date = f"substr(trim({identifier(time.name)}), 11)"
    found = staged.engine.fetch(f"SELECT count_if(regexp_matches({beyond_date}, {literal(_OFFSET)})) AS n FROM {staged.rows}")
    return int(found[0]["n"])

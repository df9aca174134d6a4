"""What stands in a file where there is no value: tokens of spreadsheets, words of historians, numbers far from all others.

Each is a proposal that a person checks; text columns keep their words.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from lakeward.contracts.model import Kind
from lakeward.core.names import Relation
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.profiling.findings import ColumnProfile
from lakeward.profiling.text_doubts import INFINITE
from lakeward.profiling.type_candidates import TypeCandidate
from lakeward.profiling.type_trials import StagedRecords
from lakeward.quality.sql import select

# What loggers, spreadsheets and people write where there is no value.
NULLS = ("NA", "N/A", "#N/A", "null", "NULL", "NaN", "nan", "-", "--", "空")
# What historians write instead of a reading of bad quality (PI's digital states, OPC's qualities, those of Wonderware and PHD).
WORDS = (
    "bad", "bad input", "bad data", "bad quality", "bad value", "badquality", "no data", "nodata", "no sample", "no result", "no value",
    "i/o timeout", "io timeout", "timeout", "comm fail", "comm failure", "comm error", "communication failure", "not connected",
    "no connection", "pt created", "shutdown", "scan off", "scan timeout", "arc off-line", "arc offline", "offline", "configure",
    "intf shut", "interface shut", "calc failed", "calc off", "calc timeout", "over range", "under range", "out of serv",
    "out of service", "out of range", "sensor fail", "sensor failure", "sensor error", "error", "err", "fault", "failed", "fail",
    "invalid", "invalid data", "invalid float", "unknown", "unavailable", "undefined", "missing", "trace", "equip fail", "set to bad",
    "not available", "1.#qnan", "1.#ind", "-1.#ind", "-nan", "+nan", "questionable", "uncertain", "stale", "overflow", "#bad", "#error", "---", "----", "****", "***", "n.a.", "none",
    "坏值", "无数据", "超时", "通讯中断", "断线", "故障", "无效", "离线",
)  # fmt: skip
# Numbers that devices and systems put where they have none: at the ends of a type or a converter, and what people agreed on.
SENTINELS = frozenset(
    Decimal(number)
    for number in [
        "-99",
        "-99.9",
        "-99.99",
        "-127",
        "-200",
        "-273.15",
        "-327.68",
        "-555",
        "-888",
        "-888.8",
        "-999",
        "-999.9",
        "-999.99",
        "-999.25",
        "-3276.8",
        "-8888",
        "-9999",
        "-9999.9",
        "-9999.99",
        "-32767",
        "-32768",
        "-99999",
        "-99999.9",
        "-999999",
        "-9999999",
        "-2147483648",
        "-1e10",
        "-1e20",
        "-1e30",
        "-1e37",
        "-1e38",
        "-3.4e38",
        "327.67",
        "655.35",
        "850",
        "999",
        "999.9",
        "999.99",
        "999.25",
        "3276.7",
        "6553.5",
        "8888",
        "9999",
        "9999.9",
        "9999.99",
        "32766",
        "32767",
        "65534",
        "65535",
        "99999",
        "99999.9",
        "999999",
        "9999999",
        "99999999",
        "2147483647",
        "4294967295",
        "1e10",
        "1e20",
        "1e30",
        "1e37",
        "1e38",
        "3.4e38",
        "9.96921e36",
        "1.70141e38",
    ]
)
# What is in no wise a reading, however seldom it comes; of any other, one alone may be a peak.
_SURE = frozenset(map(Decimal, (-999, -9999, -99999, 9999, 99999, 999999)))
MIN_COUNT = 2
# Numbers that stand for something else than a measure are far apart by nature.
_NO_MEASURE = re.compile(r"(^|_)(id|no|nr|number|code|key|status|state|serial|mode|flag)($|_)|编号|单号|序号|代码|状态")
# Rows beside it from which on a range is known, rounds of looking at both ends, and spellings of one number.
MIN_OTHERS, ROUNDS, SPELLINGS = 3, 3, 5
NO_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FoundTokens:
    """Tokens that occur in some column, words by the column that they occur in, as they are written, and counts of infinite numbers."""

    nulls: frozenset[str]
    words: Mapping[str, tuple[str, ...]]
    infinite: Mapping[str, int]


def find_tokens(staged: StagedRecords, columns: Sequence[str]) -> FoundTokens:
    """What of both lists stands in columns of text, by one scan of the file."""
    if not columns:
        return FoundTokens(frozenset(), NO_WORDS, {})
    form = literal(f"^({'|'.join(re.escape(token.lower()) for token in (*NULLS, *WORDS))})$")
    texts = {f"c{index}": f"trim({identifier(column)})" for index, column in enumerate(columns)}
    found = staged.engine.fetch(f"""
        WITH long AS (SELECT c, v FROM (SELECT {select(texts)} FROM {staged.rows}) UNPIVOT (v FOR c IN ({", ".join(texts)})))
        SELECT c, v, count(*) AS n FROM long WHERE regexp_matches(lower(v), {form}) OR regexp_matches(lower(v), {literal(INFINITE)})
        GROUP BY c, v ORDER BY 1, 2""")
    infinite: Counter[str] = Counter()
    for row in found:
        infinite[columns[int(row["c"][1:])]] += row["n"] if re.match(INFINITE, row["v"].lower()) else 0
    tokens = {column: tuple(row["v"] for row in found if row["c"] == f"c{index}") for index, column in enumerate(columns)}
    nulls_found = frozenset(token for texts in tokens.values() for token in texts if token in NULLS)
    words = {column: tuple(text for text in texts if text.lower() in WORDS) for column, texts in tokens.items()}
    return FoundTokens(nulls_found, words, infinite)


def find_suspects(staged: StagedRecords, values: Relation, columns: Sequence[ColumnProfile]) -> dict[str, TypeCandidate]:
    """Columns of numbers of which the least or the greatest stands for no value: their types, with these among the nulls.

    Args:
        values: The file's rows, every column in its type.
    """
    found: dict[str, TypeCandidate] = {}
    for column in columns:
        at_end = column.has_range and {column.low, column.high} & SENTINELS and not _NO_MEASURE.search(column.name)
        numbers = _far_numbers(staged.engine, values, column.name) if at_end else ()
        texts = tuple(text for number in numbers for text in _spellings(staged, values, column.name, number))
        if texts:
            found[column.name] = TypeCandidate(column.type, column.time_format, (*column.nulls, *texts))
    return found


def _far_numbers(engine: Engine, values: Relation, column: str) -> tuple[Decimal, ...]:
    """Sentinels at the ends of a column, farther from all other values than these are from each other."""
    own = identifier(column)
    far: list[Decimal] = []
    for _ in range(ROUNDS):
        ends = engine.fetch(f"SELECT min({own}) AS low, max({own}) AS high FROM {_others(values, own, far)}")[0]
        found = [number for end in ends.values() if end is not None and (number := Decimal(str(end))) in SENTINELS]
        rest = engine.fetch(
            f"SELECT min({own}) AS low, max({own}) AS high, count(*) AS n FROM {_others(values, own, [*far, *found])}"
        )[0]
        new = [number for number in dict.fromkeys(found) if rest["n"] >= MIN_OTHERS and _is_far(number, rest)]
        counts = {number: _count(engine, values, own, number) for number in new}
        far += [number for number in new if counts[number] >= MIN_COUNT or number in _SURE]
        if not any(number in far for number in new):
            break
    return tuple(far)


def _is_far(number: Decimal, rest: Mapping[str, Any]) -> bool:
    low, high = Decimal(str(rest["low"])), Decimal(str(rest["high"]))
    return low.is_finite() and high.is_finite() and max(low - number, number - high) > high - low


def _others(values: Relation, own: str, numbers: Sequence[Decimal]) -> str:
    """Relation of the rows with another value."""
    listed = ", ".join(f"{number:f}" for number in numbers)
    return f"(SELECT {own} FROM {values} WHERE {own} IS NOT NULL{f' AND {own} NOT IN ({listed})' if numbers else ''})"


def _count(engine: Engine, values: Relation, own: str, number: Decimal) -> int:
    return int(engine.fetch(f"SELECT count_if({own} = {number:f}) AS n FROM {values}")[0]["n"])


def _spellings(staged: StagedRecords, values: Relation, column: str, number: Decimal) -> tuple[str, ...]:
    """How the number is written in the file."""
    if staged.engine.types(staged.rows)[column].kind is not Kind.STRING:
        return (f"{number:f}",)
    own = identifier(column)
    found = staged.engine.fetch(
        f"SELECT DISTINCT trim(s.{own}) AS text FROM {staged.rows} s JOIN {values} v ON s._row = v._row "
        f"WHERE v.{own} = {number:f} ORDER BY 1 LIMIT {SPELLINGS}"
    )
    return tuple(row["text"] for row in found)

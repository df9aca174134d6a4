"""Times that stand for no time: zero and -1 of a counted time, and the days on which clocks and data bases begin or end.

Each is a proposal that a person checks. Times far from the rest that are no such day, or in many spellings, are a doubt alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lakeward.contracts.model import COUNTED_TIMES, Kind
from lakeward.core.names import Relation
from lakeward.core.sql import identifier, literal
from lakeward.profiling.findings import ColumnProfile
from lakeward.profiling.no_values import MIN_OTHERS, SPELLINGS
from lakeward.profiling.type_candidates import TypeCandidate
from lakeward.profiling.type_trials import StagedRecords

# First and last days of clocks, calendars and types: Unix, Windows, SQL Server, spreadsheets, GPS, controllers after a power failure.
_DAYS = (
    *(
        "1601-01-01",
        "1753-01-01",
        "1899-12-30",
        "1899-12-31",
        "1900-01-01",
        "1969-12-31",
        "1970-01-01",
        "1980-01-01",
        "1980-01-06",
    ),
    *(
        "1984-01-01",
        "1990-01-01",
        "2000-01-01",
        "2036-02-07",
        "2038-01-19",
        "2079-06-06",
        "2099-12-31",
        "2106-02-07",
        "9999-12-31",
    ),
)
# Years that a count of time was taken for one by.
_COUNTED_YEARS = (2000, 2099)
_DAY_SECONDS = 86_400


TIME_DOUBT = f"more than {SPELLINGS} different values lie where clocks and calendars begin or end, far from all others: a clock that was not set?"


def find_time_suspects(
    staged: StagedRecords, values: Relation, columns: Sequence[ColumnProfile]
) -> tuple[dict[str, TypeCandidate], dict[str, str]]:
    """Columns of times with some that stand for none: their types, with these among the nulls; and doubts, where these are too many.

    Args:
        values: The file's rows, every column in its type.
    """
    stored = staged.engine.types(staged.rows)
    timed = [column for column in columns if column.type.kind in {Kind.TIMESTAMP, Kind.DATE}]
    found: dict[str, TypeCandidate] = {}
    doubts: dict[str, str] = {}
    for column in timed:
        texts = _far_texts(staged, values, column) if stored[column.name].kind is Kind.STRING else ()
        if len(texts) > SPELLINGS:
            doubts[column.name] = TIME_DOUBT
        elif texts:
            found[column.name] = TypeCandidate(column.type, column.time_format, (*column.nulls, *texts))
    return found, doubts


def _far_texts(staged: StagedRecords, values: Relation, column: ColumnProfile) -> tuple[str, ...]:
    """Texts of the times that are suspect, and far from all others."""
    own, is_suspect = identifier(column.name), _suspect_condition(column)
    ends = staged.engine.fetch(
        f"SELECT min(CASE WHEN NOT {is_suspect} THEN epoch({own}) END) AS low, max(CASE WHEN NOT {is_suspect} THEN epoch({own}) END) AS high, "
        f"count_if({is_suspect}) AS suspects, count_if(NOT {is_suspect}) AS others FROM {values} WHERE {own} IS NOT NULL"
    )[0]
    if not ends["suspects"] or ends["others"] < MIN_OTHERS:
        return ()
    found = staged.engine.fetch(
        f"SELECT DISTINCT trim(s.{own}) AS text, epoch(v.{own}) AS at FROM {staged.rows} s "
        f"JOIN (SELECT {own}, _row FROM {values} WHERE {is_suspect}) v ON s._row = v._row ORDER BY 1 LIMIT {SPELLINGS + 1}"
    )
    return tuple(row["text"] for row in found if _is_far(row, ends))


def _suspect_condition(column: ColumnProfile) -> str:
    own = identifier(column.name)
    if column.time_format in COUNTED_TIMES:
        first, last = _COUNTED_YEARS
        return f"(year({own}) NOT BETWEEN {first} AND {last})"
    days = ", ".join(f"DATE {literal(day)}" for day in _DAYS)
    return f"(CAST({own} AS DATE) IN ({days}))"


def _is_far(row: Mapping[str, Any], ends: Mapping[str, Any]) -> bool:
    """Whether it is farther from all others than these are from each other, and more than a day."""
    low, high, at = float(ends["low"]), float(ends["high"]), float(row["at"])
    return max(low - at, at - high) > max(high - low, _DAY_SECONDS)

"""What a rule looks at beside a row, as more columns of that row: numbers of the whole batch, and places found in another order."""

from collections.abc import Iterable, Mapping

from lakeward.quality.checks import Check, RowCheck
from lakeward.quality.measured import CommonCheck, QuantileCheck
from lakeward.quality.scope import OfRows
from lakeward.quality.sql import select


def beside(rows: str, checks: Iterable[Check]) -> str:
    """`rows` with all that `checks` look at beside a row: `moments` in each, and true in a column of `hits` where a row is one."""
    moments: dict[str, OfRows] = {}
    hits: dict[str, OfRows] = {}
    for check in checks:
        if isinstance(check, RowCheck | CommonCheck | QuantileCheck):
            moments |= check.moments
        if isinstance(check, RowCheck) and check.hits:
            hits |= dict([check.hits])
    return _with_hits(_with_moments(rows, moments), rows, hits)


def _with_moments(rows: str, moments: Mapping[str, OfRows]) -> str:
    if not moments:
        return rows
    numbers = select({name: moment(rows) for name, moment in moments.items()})
    # HAVING makes it one row, whatever the numbers are made of.
    once = f"SELECT {numbers} FROM {rows} AS batch HAVING TRUE"
    return f"(SELECT rws.*, batch.* FROM {rows} AS rws CROSS JOIN ({once}) AS batch)"


def _with_hits(around: str, rows: str, hits: Mapping[str, OfRows]) -> str:
    for name, relation in hits.items():
        marked = f"(SELECT _file_seq, _row, TRUE AS hit FROM ({relation(rows)}))"
        same = "rws._file_seq = hits._file_seq AND rws._row = hits._row"
        around = f"(SELECT rws.*, hits.hit AS {name} FROM {around} AS rws LEFT JOIN {marked} AS hits ON {same})"
    return around

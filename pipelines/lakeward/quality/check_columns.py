"""Extra columns that rules need on each row: aggregates of the batch, and flags from relations of row ids."""

from collections.abc import Iterable, Mapping

from lakeward.quality.batch_checks import CommonCheck, QuantileCheck
from lakeward.quality.checks import Check, RowCheck
from lakeward.quality.scope import RelationSql
from lakeward.quality.sql import select


def add_check_columns(rows: str, checks: Iterable[Check]) -> str:
    """`rows` with the columns that `checks` need: `moments` on each row, and flag columns that are true on rows in `hits`."""
    aggregates: dict[str, RelationSql] = {}
    matches: dict[str, RelationSql] = {}
    for check in checks:
        if isinstance(check, RowCheck | CommonCheck | QuantileCheck):
            aggregates |= check.batch_aggregates
        if isinstance(check, RowCheck) and check.matches:
            matches |= dict([check.matches])
    return _with_matches(_with_batch_aggregates(rows, aggregates), rows, matches)


def _with_batch_aggregates(rows: str, aggregates: Mapping[str, RelationSql]) -> str:
    if not aggregates:
        return rows
    numbers = select({name: aggregate(rows) for name, aggregate in aggregates.items()})
    # HAVING gives one row for any aggregates.
    once = f"SELECT {numbers} FROM {rows} AS batch HAVING TRUE"
    return f"(SELECT rws.*, batch.* FROM {rows} AS rws CROSS JOIN ({once}) AS batch)"


def _with_matches(joined: str, rows: str, matches: Mapping[str, RelationSql]) -> str:
    for name, relation in matches.items():
        marked = f"(SELECT _file_seq, _row, TRUE AS hit FROM ({relation(rows)}))"
        same = "rws._file_seq = hits._file_seq AND rws._row = hits._row"
        joined = f"(SELECT rws.*, hits.hit AS {name} FROM {joined} AS rws LEFT JOIN {marked} AS hits ON {same})"
    return joined

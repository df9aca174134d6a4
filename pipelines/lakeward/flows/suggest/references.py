"""Finds columns that refer to another dataset: all their values are in its key. Only keys of one column are tested."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lakeward.contracts.model import Contract, Kind
from lakeward.core.names import TableName
from lakeward.core.sql import identifier
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.suggest.column_history import ColumnHistory
from lakeward.flows.suggest.history import History
from lakeward.flows.suggest.sensitive import is_sensitive
from lakeward.profiling.columns import MAX_CHOICES

# Two matching values can be chance; three are a hint for a person to judge.
FEWEST = 3
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A key that holds all values of a column.

    Args:
        distinct: Number of distinct values of the column.
        values: All values of the key if it is short enough for a suite.
    """

    table: TableName
    key: str
    version: int
    distinct: int
    values: tuple[str | int, ...] = ()


def find_reference(history: History, column: ColumnHistory, others: Iterable[Contract]) -> Reference | None:
    """The first dataset that the column refers to; None if there is none.

    A number column must also match by name, because small numbers are in every key.
    """
    kind = column.column.type.kind
    if column.sensitive or column.distinct < FEWEST or history.contract.primary_key == (column.name,):
        return None
    for referenced in others:
        key = referenced.primary_key[0]
        named = kind is Kind.STRING or _share_words(column.name, (key, referenced.name))
        if referenced.column(key).type == column.column.type and named:
            found = _match_key(history, column, referenced)
            if found:
                return found
    return None


def _share_words(name: str, others: Sequence[str]) -> bool:
    words = {word for word in _WORDS.findall(name) if word not in ("id", "no", "code", "key")}
    return any(words & set(_WORDS.findall(other)) for other in others)


def _match_key(history: History, column: ColumnHistory, referenced: Contract) -> Reference | None:
    table, key = referenced.table(referenced.layer), referenced.primary_key[0]
    info = history.engine.info(table)
    if info is None or table == history.table:
        return None
    keys = f"SELECT {identifier(key)} FROM {table}"
    own = identifier(column.name)
    at = {history.table: history.version, table: info.version}
    history.on_read(str(table))
    found = history.engine.fetch(
        f"SELECT count(*) AS different, count_if(value NOT IN ({keys})) AS outside FROM "
        f"(SELECT DISTINCT {own} AS value FROM {history.table} WHERE {history.training_filter} AND {own} IS NOT NULL)",
        at,
    )[0]
    if found["outside"] or found["different"] < FEWEST:
        return None
    hidden = key in history.hidden.get(referenced.name, ())
    if hidden or is_sensitive(referenced.column(key), current_grades(history.engine, referenced).get(key)):
        return Reference(table=table, key=key, version=info.version, distinct=found["different"])
    rows = history.engine.fetch(f"SELECT {identifier(key)} AS value FROM {table} ORDER BY 1 LIMIT {MAX_CHOICES + 1}", at)
    values = tuple(row["value"] for row in rows) if len(rows) <= MAX_CHOICES else ()
    return Reference(table=table, key=key, version=info.version, distinct=found["different"], values=values)

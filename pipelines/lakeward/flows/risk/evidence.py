"""Runs the queries of the report: each with its SQL and the versions that it read, so that anyone can run it again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lakeward.core.names import Layer, TableName, sha256
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.risk.rules import RiskQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryEvidence:
    """The rows of a query, and how to get them again.

    Args:
        sql: The query.
        versions: By table, the Delta version to run it at.
        rows: Its rows.
    """

    sql: str
    versions: Mapping[str, int]
    rows: tuple[Mapping[str, object], ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the rows."""
        return sha256(json.dumps(self.rows, ensure_ascii=False, default=str, sort_keys=True).encode())

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `evidence`."""
        rows = [{key: str(value) if value is not None else None for key, value in row.items()} for row in self.rows]
        return {**fields_of(self), "rows": rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPoint:
    """The time and the versions that queries read.

    Args:
        since, until: Period.
        versions: By table, the Delta version; a table without one did not exist. None for the newest versions.
    """

    since: datetime
    until: datetime
    versions: Mapping[str, int] | None = None


def run_query(engine: Engine, query: RiskQuery, point: ReadPoint) -> QueryEvidence:
    """The rows of a query. A table that does not exist yet has no rows; columns that an older lake lacks are NULL."""
    versions = {name: _version(engine, name, point) for name in query.tables}
    read = {TableName(Layer.GOVERNANCE, name): version for name, version in versions.items() if version is not None}
    relations = {name: _relation(engine, name, exists=version is not None) for name, version in versions.items()}
    sql = query.at(point.since, point.until, relations)
    rows = engine.fetch(sql, at=read)
    return QueryEvidence(sql=sql, versions={str(table): version for table, version in read.items()}, rows=tuple(rows))


def _version(engine: Engine, name: str, point: ReadPoint) -> int | None:
    if point.versions is not None:
        return point.versions.get(str(governance.table_name(name)))
    info = engine.info(governance.table_name(name))
    return info.version if info else None


def _relation(engine: Engine, name: str, *, exists: bool) -> str:
    spec, stored = governance.table_spec(name), engine.info(governance.table_name(name))
    if stored is None or not exists:
        return f"({engine.literal_rows({column.name: column.type for column in spec.columns}, [])})"
    present = {column.name for column in stored.columns}
    missing = "".join(f", NULL AS {column.name}" for column in spec.columns if column.name not in present)
    return f"(SELECT *{missing} FROM governance.{name})" if missing else f"governance.{name}"

"""The current edges of the lineage graph: of our own jobs, and of other programs' jobs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.sql import literal
from lakeward.engines.protocols import TableReader
from lakeward.flows.base import governance
from lakeward_lineage import Direction, Edge, Field, Hop, LineageError, walk

OWN, FOREIGN = "lineage_edges", "foreign_edges"
_COLUMNS = "from_table, coalesce(from_column, '') AS from_column, to_table, coalesce(to_column, '') AS to_column, job, kind"
# Current: of our jobs the edges of the newest batch; of another program's job those of its newest run, for each of its outputs.
_CURRENT = {
    OWN: "QUALIFY batch_seq = max(batch_seq) OVER (PARTITION BY job)",
    FOREIGN: "QUALIFY rank() OVER (PARTITION BY job, to_table ORDER BY completed_at DESC, seq DESC) = 1",
}


def current_edges_query(
    engine: TableReader, tables: Collection[str] = (OWN, FOREIGN), jobs: Collection[str] | None = None
) -> str | None:
    """SELECT of the current edges with `from_table, from_column, to_table, to_column, job, kind`; None if there are none yet.

    Args:
        tables: The governance tables that are read.
        jobs: Jobs to which the edges are limited; None for all.
    """
    where = "" if jobs is None else f"WHERE job IN ({', '.join(map(literal, sorted(jobs)))})"
    parts = (
        f"SELECT {_COLUMNS} FROM (SELECT * FROM governance.{name} {where} {_CURRENT[name]})"
        for name in _stored_tables(engine, tables)
    )
    return " UNION ALL ".join(parts) or None


def reachable_hops(engine: TableReader, start: str, direction: Direction) -> tuple[Hop, ...]:
    """The fields that `start` (TABLE or TABLE.COLUMN) reaches; see `lakeward_lineage.walk`.

    Raises:
        UsageError: No edge has `start`.
    """
    return hops_of(reachable_edges(engine, start, direction), start, direction)


def hops_of(graph: Iterable[Edge], start: str, direction: Direction) -> tuple[Hop, ...]:
    """The fields that `start` reaches by these edges.

    Raises:
        UsageError: No edge has `start`.
    """
    try:
        return walk(graph, start, direction)
    except LineageError as error:
        raise UsageError("lineage_unknown", name=start) from error


def reachable_edges(engine: TableReader, start: str, direction: Direction) -> list[Edge]:
    """The current edges on the ways from `start` (TABLE or TABLE.COLUMN).

    Only edges of jobs between tables that are reachable are fetched, so that the time follows the answer and not the estate.
    """
    parts = (f"SELECT from_table, to_table, job FROM governance.{name}" for name in _stored_tables(engine, (OWN, FOREIGN)))
    ever = " UNION ALL ".join(parts)
    steps = engine.fetch(f"SELECT DISTINCT * FROM ({ever})") if ever else []
    tables = {table for step in steps for table in (step["from_table"], step["to_table"])}
    named = {table for table in tables if start == table or start.startswith(f"{table}.")}
    reached = _reachable_tables(steps, named, direction)
    here = "from_table" if direction is Direction.DOWN else "to_table"
    jobs = {step["job"] for step in steps if step[here] in reached or named & {step["from_table"], step["to_table"]}}
    query = current_edges_query(engine, jobs=jobs) if jobs else None
    return [to_edge(row) for row in engine.fetch(f"SELECT DISTINCT * FROM ({query})")] if query else []


def _stored_tables(engine: TableReader, tables: Collection[str]) -> list[str]:
    return [name for name in tables if engine.info(governance.table_name(name)) is not None]


def to_edge(row: Mapping[str, Any]) -> Edge:
    """The edge of a row of `current_edges_query`."""
    source, target = Field(row["from_table"], row["from_column"]), Field(row["to_table"], row["to_column"])
    return Edge(source, target, row["job"], row["kind"])


def _reachable_tables(steps: Iterable[Mapping[str, str]], start: Collection[str], direction: Direction) -> set[str]:
    following: dict[str, set[str]] = defaultdict(set)
    for step in steps:
        source, target = step["from_table"], step["to_table"]
        following[source if direction is Direction.DOWN else target].add(target if direction is Direction.DOWN else source)
    seen, waiting = set(start), list(start)
    while waiting:
        new = following[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen

"""The lineage graph from events, and walks up and down."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lakeward_lineage.errors import LineageError


class Direction(StrEnum):
    """Direction of a walk: up to sources, or down to derived columns."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, order=True)
class Field:
    """A column of a table; an empty column means the whole table, so each of its columns."""

    table: str
    column: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{self.column}" if self.column else self.table


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """`source` acts on `target` in `job`; `kind` is the value of a `Kind`, or empty if the job records only the tables that it read."""

    source: Field
    target: Field
    job: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Hop:
    """A field reached by a walk, `depth` steps from its start, by `edge`."""

    field: Field
    depth: int
    edge: Edge


def edges(events: Iterable[Mapping[str, Any]]) -> tuple[Edge, ...]:
    """The current edges, sorted: for each job and output, those of the newest COMPLETE event.

    A table in another namespace than its job's is named `<namespace>/<name>`.
    """
    newest: dict[tuple[str, str, str], tuple[str, frozenset[Edge]]] = {}
    for event in events:
        if event.get("eventType") != "COMPLETE":
            continue
        home, job, time = event["job"]["namespace"], event["job"]["name"], event["eventTime"]
        for output in event.get("outputs") or ():
            table = _table(home, output)
            if newest.get((home, job, table), ("",))[0] <= time:
                newest[home, job, table] = (time, frozenset(_edges_into(home, event, output)))
    return tuple(sorted({edge for _, found in newest.values() for edge in found}))


def walk(graph: Iterable[Edge], start: str, direction: Direction) -> tuple[Hop, ...]:
    """All fields that `start` reaches, nearest first, then by name; each once, so a cycle ends.

    Args:
        graph: The edges.
        start: `TABLE`, or `TABLE.COLUMN`.
        direction: Up to sources, or down to derived fields.

    Raises:
        LineageError: No edge has `start`.
    """
    steps = _Adjacency(graph, direction)
    level = steps.fields_of(start)
    seen, hops = set(level), list[Hop]()
    depth = 0
    while level:
        depth += 1
        found: dict[Field, Edge] = {}
        for field in level:
            for target, edge in steps.next_edges(field):
                if target not in seen:
                    found.setdefault(target, edge)
        level = sorted(found)
        seen.update(level)
        hops += [Hop(field, depth, found[field]) for field in level]
    return tuple(hops)


class _Adjacency:
    """One step of a walk. An edge from or to a table as a whole is one from or to each of its columns."""

    def __init__(self, graph: Iterable[Edge], direction: Direction) -> None:
        self._down = direction is Direction.DOWN
        self._edges_by_field: dict[Field, list[Edge]] = defaultdict(list)
        self._fields: dict[str, set[Field]] = defaultdict(set)
        for edge in sorted(graph):
            self._edges_by_field[edge.source if self._down else edge.target].append(edge)
            for field in (edge.source, edge.target):
                self._fields[field.table].add(field)

    def fields_of(self, start: str) -> list[Field]:
        """The fields of `start`: a column, or a table with all its columns."""
        if start in self._fields:
            return sorted(self._fields[start])
        fields = [field for fields in self._fields.values() for field in fields if str(field) == start]
        if not fields:
            raise LineageError("unknown_start", start=start)
        return sorted(fields)

    def next_edges(self, field: Field) -> Iterator[tuple[Field, Edge]]:
        """The next fields, each with the edge that leads to it."""
        for start in sorted({field, Field(field.table)}, reverse=True):
            for edge in self._edges_by_field.get(start, ()):
                end = edge.target if self._down else edge.source
                for target in [end] if end.column else sorted({end, *self._fields[end.table]}):
                    yield target, edge


def _edges_into(namespace: str, event: Mapping[str, Any], output: Mapping[str, Any]) -> Iterator[Edge]:
    job, table = event["job"]["name"], _table(namespace, output)
    lineage = output.get("facets", {}).get("columnLineage")
    if lineage is None:
        for read in event.get("inputs") or ():
            yield Edge(Field(_table(namespace, read)), Field(table), job)
        return
    for column, origins in {**lineage["fields"], "": {"inputFields": lineage.get("dataset") or ()}}.items():
        for origin in origins["inputFields"]:
            for kind in [done.get("subtype", "") for done in origin.get("transformations") or ()] or [""]:
                yield Edge(Field(_table(namespace, origin), origin["field"]), Field(table, column), job, kind)


def _table(namespace: str, dataset: Mapping[str, Any]) -> str:
    return str(dataset["name"]) if dataset["namespace"] == namespace else f"{dataset['namespace']}/{dataset['name']}"

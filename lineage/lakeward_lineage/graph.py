"""The lineage graph from events, and walks up and down."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from lakeward_lineage.errors import LineageError


class Direction(StrEnum):
    """Direction of a walk: up to sources, or down to derived columns."""

    UP = "up"
    DOWN = "down"


class HopEffect(StrEnum):
    """What a field does to a field that it reaches: its values flow into it or choose them, or it decides which rows the table has."""

    VALUE = "value"
    TABLE = "table"


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

    @property
    def effect(self) -> HopEffect:
        """On a column the effect is on its values; on a table as a whole, on its rows."""
        return HopEffect.VALUE if self.field.column else HopEffect.TABLE


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


def foreign_edges(events: Sequence[Mapping[str, Any]], name: Callable[[Mapping[str, Any]], str]) -> tuple[Edge, ...]:
    """The edges of one run of another program, or of one static job, sorted: its events add to each other in their order.

    An input that no column lineage names is an edge between tables, so that none is left out.

    Args:
        events: All events of the run so far, oldest first.
        name: The table of a dataset by its `namespace` and `name`, also of an origin of column lineage.
    """
    job = f"{events[-1]['job']['namespace']}/{events[-1]['job']['name']}"
    inputs, outputs = (_merge_datasets(events, key) for key in ("inputs", "outputs"))
    found: set[Edge] = set()
    for output in outputs:
        columns = set(_column_edges(job, output, name))
        read = {edge.source.table for edge in columns}
        found |= columns
        found |= {Edge(Field(table), Field(name(output)), job) for each in inputs if (table := name(each)) not in read}
    return tuple(sorted(edge for edge in found if edge.source.table != edge.target.table))


def _merge_datasets(events: Sequence[Mapping[str, Any]], key: str) -> list[Mapping[str, Any]]:
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        for dataset in event.get(key) or ():
            identity = (dataset["namespace"], dataset["name"])
            facets = {**merged.get(identity, {}).get("facets", {}), **(dataset.get("facets") or {})}
            merged[identity] = {**dataset, "facets": {k: v for k, v in facets.items() if v.get("_deleted") is not True}}
    return list(merged.values())


def walk(graph: Iterable[Edge], start: str, direction: Direction) -> tuple[Hop, ...]:
    """All fields that `start` reaches, nearest first, then by name; each once, so a cycle ends.

    Down, a column whose values are computed or chosen by those of `start` is a field. A table whose rows `start` decides about is one
    as a whole, without its columns, and so is each table that reads it. Up, everything that decides about a table is part of each of
    its columns.

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
    """One step of a walk."""

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
            return sorted({Field(start), *self._fields[start]})
        fields = [field for fields in self._fields.values() for field in fields if str(field) == start]
        if not fields:
            raise LineageError("unknown_start", start=start)
        return sorted(fields)

    def next_edges(self, field: Field) -> Iterator[tuple[Field, Edge]]:
        """The next fields, each with the edge that leads to it."""
        if not self._down:
            yield from self._origins(field)
        elif field.column:
            for start in (field, Field(field.table)):
                yield from ((edge.target, edge) for edge in self._edges_by_field.get(start, ()))
        else:
            yield from self._readers(field)

    def _readers(self, table: Field) -> Iterator[tuple[Field, Edge]]:
        """The tables that read a table whose rows are others; the edge of each is between the tables."""
        for source in sorted(self._fields[table.table]):
            for edge in self._edges_by_field.get(source, ()):
                target = Field(edge.target.table)
                yield target, Edge(table, target, edge.job)

    def _origins(self, field: Field) -> Iterator[tuple[Field, Edge]]:
        """An edge from or to a table as a whole is one from or to each of its columns."""
        for end in sorted({field, Field(field.table)}, reverse=True):
            for edge in self._edges_by_field.get(end, ()):
                source = edge.source
                for origin in [source] if source.column else sorted({source, *self._fields[source.table]}):
                    yield origin, edge


def _edges_into(namespace: str, event: Mapping[str, Any], output: Mapping[str, Any]) -> Iterator[Edge]:
    job, name = event["job"]["name"], partial(_table, namespace)
    if output.get("facets", {}).get("columnLineage") is None:
        for read in event.get("inputs") or ():
            yield Edge(Field(name(read)), Field(name(output)), job)
        return
    yield from _column_edges(job, output, name)


def _column_edges(job: str, output: Mapping[str, Any], name: Callable[[Mapping[str, Any]], str]) -> Iterator[Edge]:
    lineage = output.get("facets", {}).get("columnLineage")
    if lineage is None:
        return
    for column, origins in {**lineage["fields"], "": {"inputFields": lineage.get("dataset") or ()}}.items():
        for origin in origins["inputFields"]:
            for kind in [done.get("subtype") or "" for done in origin.get("transformations") or ()] or [""]:
                yield Edge(Field(name(origin), origin["field"]), Field(name(output), column), job, kind)


def _table(namespace: str, dataset: Mapping[str, Any]) -> str:
    return str(dataset["name"]) if dataset["namespace"] == namespace else f"{dataset['namespace']}/{dataset['name']}"

"""The lineage edges along which grades are inherited: those that carry values, repairs included."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakeward.core.names import Layer
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.grading.propagation import Edge, Node
from lakeward_lineage import TransformationKind


@dataclass(frozen=True, slots=True)
class RecordedEdges:
    """Lineage between columns.

    Args:
        values: Edges that carry values, by the table that they lead to; those that only an earlier model had are among them.
        earlier: Edges that only an earlier model had: older versions of the table hold their values.
        kinds: Table -> table that it takes values from -> kinds of lineage.
        indirect: Table -> columns that only decide which rows it has, or how these are grouped.
    """

    values: Mapping[str, Sequence[Edge]]
    earlier: Collection[Edge]
    kinds: Mapping[str, Mapping[str, Collection[str]]]
    indirect: Mapping[str, Collection[Node]]


def read_edges(engine: Engine) -> RecordedEdges:
    """The edges of all batches. A grade falls by persons, so an edge counts after a model that has it no more rebuilt the table."""
    direct = {str(kind) for kind in TransformationKind if kind.direct}
    values: dict[str, list[Edge]] = {}
    current: set[Edge] = set()
    kinds: dict[str, dict[str, set[str]]] = {}
    indirect: dict[str, set[Node]] = {}
    for row in _recorded_edges(engine):
        source, target = _nodes(row)
        edge = _published_edge(source, target) if row["kind"] in direct and target[1] is not None else None
        if edge:
            values.setdefault(edge[1][0], []).append(edge)
        if edge and row["is_current"]:
            current.add(edge)
            kinds.setdefault(edge[1][0], {}).setdefault(edge[0][0], set()).add(row["kind"])
        elif row["kind"] not in direct and row["is_current"]:
            indirect.setdefault(target[0], set()).add(source)
    earlier = {edge for edges in values.values() for edge in edges} - current
    return RecordedEdges(values, earlier, kinds, indirect)


def _nodes(row: dict[str, Any]) -> tuple[Node, Node]:
    return (row["from_table"], row["from_column"]), (row["to_table"], row["to_column"])


def _recorded_edges(engine: Engine) -> list[dict[str, Any]]:
    if not all(engine.exists(governance.table_name(name)) for name in ("lineage_edges", "contracts")):
        return []
    return engine.fetch(
        "WITH began AS (SELECT dataset, min(applied_at) AS at FROM governance.contracts GROUP BY dataset, generation "
        "QUALIFY generation = max(generation) OVER (PARTITION BY dataset)) "
        "SELECT from_table, from_column, to_table, to_column, kind, "
        "bool_or(b.at IS NULL OR observed_at >= b.at OR from_table LIKE 'quarantine.%') AS is_current "
        "FROM governance.lineage_edges AS e LEFT JOIN began AS b ON b.dataset = e.dataset "
        "WHERE from_column IS NOT NULL GROUP BY ALL ORDER BY ALL"
    )


def _published_edge(source: Node, target: Node) -> Edge | None:
    """A repaired row goes to silver: a column that a repair computed from another one inherits its grade."""
    (layer, _, name), (aimed, _, _) = source[0].partition("."), target[0].partition(".")
    if layer not in (Layer.QUARANTINE, Layer.REPAIRS):
        return source, target
    if source[1] == target[1] or aimed == Layer.QUARANTINE:
        return None
    return (f"{Layer.REPAIRS}.{name}", source[1]), (f"{Layer.SILVER}.{name}", target[1])

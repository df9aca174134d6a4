"""The stored lineage graph: for each job, the edges of its newest batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward_lineage import Direction, Edge, Field, LineageError, walk


@dataclass(frozen=True, slots=True)
class LineageHop:
    """One step of a walk through the lineage graph.

    Args:
        direction: `up` to the sources, or `down` to derived columns.
        depth: Number of steps from the start, from 1.
        edge: The edge of this step.
    """

    direction: Direction
    depth: int
    edge: Edge

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward lineage show --json`.

        Returns:
            from: Source of the edge, as `layer.table.column`; without a column, the whole table.
            to: Target of the edge, in the same form.
            kind: How the source acts on the target; empty if the job records only the tables that it read.
            job: Name of the job.
        """
        ends = {"from": str(self.edge.source), "to": str(self.edge.target)}
        return {"direction": str(self.direction), "depth": self.depth, **ends, "kind": self.edge.kind, "job": self.edge.job}


def show_lineage(settings: Settings, name: str, *, up: bool, down: bool) -> list[LineageHop]:
    """One hop per field that `name` (TABLE or TABLE.COLUMN) reaches.

    Raises:
        UsageError: No edge has `name`.
    """
    with open_workspace(settings).engine() as engine:
        found = governance.read_rows(engine, "lineage_edges")
    newest = {job: max(row["batch_seq"] for row in found if row["job"] == job) for job in {row["job"] for row in found}}
    graph = [_to_edge(row) for row in found if row["batch_seq"] == newest[row["job"]]]
    directions = [direction for direction, requested in ((Direction.UP, up), (Direction.DOWN, down)) if requested]
    return [hop for direction in directions for hop in _hop_rows(graph, name, direction)]


def _hop_rows(graph: list[Edge], name: str, direction: Direction) -> list[LineageHop]:
    try:
        hops = walk(graph, name, direction)
    except LineageError as error:
        raise UsageError("lineage_unknown", name=name) from error
    return [LineageHop(direction, hop.depth, hop.edge) for hop in hops]


def _to_edge(row: Mapping[str, Any]) -> Edge:
    source = Field(row["from_table"], row["from_column"] or "")
    return Edge(source, Field(row["to_table"], row["to_column"] or ""), row["job"], row["kind"])

"""Walks the stored lineage graph: for each job, the edges of its newest batch."""

from dataclasses import dataclass

from lakeward.core.settings import Settings
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.lineage.graph import reachable_hops
from lakeward_lineage import Direction, Edge


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
    directions = [direction for direction, requested in ((Direction.UP, up), (Direction.DOWN, down)) if requested]
    with open_workspace(settings).engine() as engine:
        return [
            LineageHop(direction, hop.depth, hop.edge)
            for direction in directions
            for hop in reachable_hops(engine, name, direction)
        ]

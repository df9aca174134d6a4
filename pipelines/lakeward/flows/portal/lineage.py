"""Lineage for pages: the neighbourhood of a table or column, and what a change of it touches, both over the read model."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial

from lakeward.core.errors import UsageError
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.policy_file import read_policy_file
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.lineage.graph import hops_of, reachable_edges
from lakeward.flows.lineage.impact import FieldDetails, ImpactHop, impact_hops
from lakeward.flows.portal.portal import Portal
from lakeward.flows.portal.reading import ModelReading
from lakeward_lineage import Direction, Edge, Field, TransformationKind

# Kinds by which a field decides about rows or their order, and is no part of a value.
INDIRECT = frozenset(str(kind) for kind in TransformationKind if not kind.direct)
# Table and column; an empty column is the table as a whole.
FieldKey = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class LineageNode:
    """A field of the neighbourhood.

    Args:
        table: `layer.table`, or another program's dataset as `namespace/name`.
        column: Its column; empty for the table as a whole.
        distance: Steps from the start; negative upstream, 0 for the start itself.
    """

    table: str
    column: str
    distance: int


@dataclass(frozen=True, slots=True, order=True)
class LineageArrow:
    """An edge of the neighbourhood.

    Args:
        source, target: Table and column of its ends.
        direct: Whether values flow along it; otherwise the source decides about rows.
    """

    source: tuple[str, str]
    target: tuple[str, str]
    direct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageView:
    """The neighbourhood of a table or column.

    Args:
        start: The name that was asked for.
        nodes: Its fields, those upstream first.
        arrows: The edges between them.
        left_out: Number of fields that are further away than was asked for.
    """

    start: str
    nodes: tuple[LineageNode, ...]
    arrows: tuple[LineageArrow, ...]
    left_out: int

    def as_dict(self) -> dict[str, object]:
        """`start, nodes, arrows, left_out`."""
        plain = {"nodes": [fields_of(node) for node in self.nodes], "arrows": [fields_of(arrow) for arrow in self.arrows]}
        return {"start": self.start, **plain, "left_out": self.left_out}


def lineage_view(reading: ModelReading, start: str, up: int, down: int) -> LineageView:
    """The fields around TABLE or TABLE.COLUMN: of a table the tables, of a column the columns on its ways.

    Args:
        up, down: Steps upstream and downstream that are shown.

    Raises:
        UsageError: No edge has `start`.
    """
    ways = _Ways()
    for direction, reach in ((Direction.UP, up), (Direction.DOWN, down)):
        ways.follow(reachable_edges(reading.tables, start, direction), start, direction, reach)
    own = ways.own_field(start)
    near = {**ways.near, own: 0}
    arrows = ways.column_arrows(near)
    far = ways.far - near.keys()
    if not own[1]:
        near, arrows, far = (
            _tables_of(near),
            _table_arrows(ways.edges, {table for table, _ in near}),
            set(_tables_of(dict.fromkeys(far, 0))),
        )
        far -= near.keys()
    nodes = (LineageNode(table, column, at) for (table, column), at in near.items())
    return LineageView(
        start=start,
        nodes=tuple(sorted(nodes, key=lambda node: (node.distance, node))),
        arrows=tuple(sorted(arrows)),
        left_out=len(far),
    )


def lineage_of_tables(arrows: Iterable[tuple[str, ...]]) -> LineageView:
    """The view of these arrows from table to table, without a start."""
    found = tuple(LineageArrow((source, ""), (target, ""), direct=True) for source, target in arrows)
    tables = sorted({end for arrow in found for end, _ in (arrow.source, arrow.target)})
    return LineageView(start="", nodes=tuple(LineageNode(table, "", 0) for table in tables), arrows=found, left_out=0)


def read_impact(portal: Portal, reading: ModelReading, start: str) -> list[ImpactHop]:
    """As `lineage_impact`, of the versions that the page shows.

    Roles and grades are computed once for the same versions, contracts and policy, and anew each minute: rules can depend on the time.

    Raises:
        UsageError: No edge has `start`.
        PolicyError: The policy is not valid.
    """
    workspace = open_workspace(portal.settings)
    minute = reading.now.replace(second=0, microsecond=0)
    policy, _ = read_policy_file(workspace.project)
    made_of = (portal.state, tuple(reading.versions().items()), minute, policy)
    details = portal.field_details.get(made_of, partial(FieldDetails, workspace))
    return impact_hops(workspace, reading.tables, start, details)


class _Ways:
    """The ways from a start, in both directions.

    Args:
        near: Field -> its distance, of those that are shown; negative upstream.
        far: Fields beyond.
    """

    def __init__(self) -> None:
        self.edges: set[Edge] = set()
        self.near: dict[FieldKey, int] = {}
        self.far: set[FieldKey] = set()
        self._arrows: dict[tuple[FieldKey, FieldKey], bool] = {}

    def follow(self, graph: Collection[Edge], start: str, direction: Direction, reach: int) -> None:
        """Add the ways in one direction; a field at an end of the graph has none there."""
        self.edges |= set(graph)
        names = {name for edge in graph for end in (edge.source, edge.target) for name in (str(end), end.table)}
        sign = 1 if direction is Direction.DOWN else -1
        for hop in hops_of(graph, start, direction) if start in names else ():
            if hop.depth > reach:
                self.far.add(_key(hop.field))
                continue
            ends = (hop.edge.source, hop.field) if direction is Direction.DOWN else (hop.field, hop.edge.target)
            before = _key(ends[0] if direction is Direction.DOWN else ends[1])
            self.near.setdefault(_key(hop.field), sign * hop.depth)
            self.near.setdefault(before, sign * (hop.depth - 1))
            self._add(_key(ends[0]), _key(ends[1]), hop.edge)

    def own_field(self, start: str) -> FieldKey:
        """The start as a table, or as a column of one."""
        ends = [end for edge in self.edges for end in (edge.source, edge.target)]
        if any(end.table == start for end in ends):
            return start, ""
        found = next((end for end in ends if str(end) == start), None)
        if found is None:
            raise UsageError("lineage_unknown", name=start)
        return _key(found)

    def column_arrows(self, near: Collection[FieldKey]) -> list[LineageArrow]:
        """The steps of the ways, and every other edge between fields that are shown."""
        for edge in self.edges:
            if _key(edge.source) in near and _key(edge.target) in near:
                self._add(_key(edge.source), _key(edge.target), edge)
        return [LineageArrow(source, target, direct) for (source, target), direct in self._arrows.items()]

    def _add(self, source: FieldKey, target: FieldKey, edge: Edge) -> None:
        if source != target:
            self._arrows[source, target] = self._arrows.get((source, target), False) or edge.kind not in INDIRECT


def _key(field: Field) -> FieldKey:
    return field.table, field.column


def _tables_of(near: dict[FieldKey, int]) -> dict[FieldKey, int]:
    """Each table with the least distance of one of its fields."""
    found: dict[FieldKey, int] = {}
    for (table, _), at in sorted(near.items(), key=lambda item: abs(item[1])):
        found.setdefault((table, ""), at)
    return found


def _table_arrows(edges: Iterable[Edge], tables: Collection[str]) -> list[LineageArrow]:
    found: dict[tuple[str, str], bool] = {}
    for edge in edges:
        ends = edge.source.table, edge.target.table
        if ends[0] != ends[1] and ends[0] in tables and ends[1] in tables:
            found[ends] = found.get(ends, False) or edge.kind not in INDIRECT
    return [LineageArrow((source, ""), (target, ""), direct) for (source, target), direct in found.items()]

"""The lineage edges along which grades are inherited: those that carry values, repairs included."""

from lakeward.core.names import Layer
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.grading.propagation import Edge, Node
from lakeward_lineage import TransformationKind


def value_edges(engine: Engine) -> tuple[Edge, ...]:
    """Edges that carry values, from each job's newest batch."""
    if engine.info(governance.table_spec("lineage_edges").name) is None:
        return ()
    found = engine.fetch(
        "SELECT DISTINCT from_table, from_column, to_table, to_column, kind FROM governance.lineage_edges "
        "WHERE from_column IS NOT NULL AND to_column IS NOT NULL "
        "QUALIFY batch_seq = max(batch_seq) OVER (PARTITION BY job) OR from_table LIKE 'quarantine.%' ORDER BY ALL"
    )
    direct = {str(kind) for kind in TransformationKind if kind.direct}
    nodes = [((r["from_table"], r["from_column"]), (r["to_table"], r["to_column"])) for r in found if r["kind"] in direct]
    return tuple(edge for source, target in nodes if (edge := _published_edge(source, target)))


def _published_edge(source: Node, target: Node) -> Edge | None:
    """A repaired row goes to silver: a column that a repair computed from another one inherits its grade."""
    (layer, _, name), (aimed, _, _) = source[0].partition("."), target[0].partition(".")
    if layer not in (Layer.QUARANTINE, Layer.REPAIRS):
        return source, target
    if source[1] == target[1] or aimed == Layer.QUARANTINE:
        return None
    return (f"{Layer.REPAIRS}.{name}", source[1]), (f"{Layer.SILVER}.{name}", target[1])

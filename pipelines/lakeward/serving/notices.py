"""Which protected columns the figures of a query may rest on: an average of bands or a count of masks is no figure of the values."""

from collections.abc import Iterable

from lakeward.protection.policy import Action
from lakeward.serving.functions import allowed_functions
from lakeward.serving.guard import WINDOWS
from lakeward.serving.parse_tree import Tree, all_nodes, fold_case, named_parts
from lakeward.serving.plan import ServedTable


def aggregated_columns(tree: Tree, tables: Iterable[ServedTable]) -> dict[str, Action]:
    """By `layer.table.column`, the action on each column that is not shown in clear, if the statement aggregates and names it.

    A star names every column. It may name too many, never too few.

    Args:
        tree: Of a checked statement.
        tables: Tables that it reads.
    """
    nodes = list(all_nodes(tree))
    if not any(_aggregates(node) for node in nodes):
        return {}
    names = {fold_case(name) for node in nodes for parts in named_parts(node) for name in parts}
    shown = [column for table in tables for column in table.visible if column.decision.action is not Action.CLEAR]
    every = any(node.get("type") == "STAR" for node in nodes)
    return {column.place: column.decision.action for column in shown if every or fold_case(column.name) in names}


def _aggregates(node: Tree) -> bool:
    kind = str(node.get("type"))
    is_aggregate = kind == "FUNCTION" and fold_case(node["function_name"]) in allowed_functions().aggregates
    return is_aggregate or kind.startswith(WINDOWS) or (kind == "SHOW_REF" and bool(node.get("query")))

"""Which protected columns the figures of a query may rest on: an average of bands or a count of masks is no figure of the values."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lakeward.protection.policy import Action
from lakeward.serving.functions import allowed_functions
from lakeward.serving.guard import WINDOWS, Tree, fold_case
from lakeward.serving.plan import ServedTable


def aggregated_columns(tree: Tree, tables: Iterable[ServedTable]) -> dict[str, Action]:
    """By `layer.table.column`, the action on each column that is not shown in clear, if the statement aggregates and names it.

    A star names every column. It may name too many, never too few.

    Args:
        tree: Of a checked statement.
        tables: Tables that it reads.
    """
    nodes = list(_nodes(tree))
    if not any(_aggregates(node) for node in nodes):
        return {}
    names = {fold_case(name) for node in nodes for name in _names(node)}
    shown = [column for table in tables for column in table.visible if column.decision.action is not Action.CLEAR]
    every = any(node.get("type") == "STAR" for node in nodes)
    return {column.place: column.decision.action for column in shown if every or fold_case(column.name) in names}


def _nodes(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(part)


def _aggregates(node: Mapping[str, Any]) -> bool:
    kind = str(node.get("type"))
    is_aggregate = kind == "FUNCTION" and fold_case(node["function_name"]) in allowed_functions().aggregates
    return is_aggregate or kind.startswith(WINDOWS) or (kind == "SHOW_REF" and bool(node.get("query")))


def _names(node: Mapping[str, Any]) -> Iterator[str]:
    """Columns that the node names, also as a part of a struct or as the whole row of a table."""
    if node.get("type") == "COLUMN_REF":
        yield from node["column_names"]
    yield from node.get("using_columns", ())

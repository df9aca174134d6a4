"""How many stored rows one row of an answer can hold, from the parse tree: what a row quota counts.

A row without aggregates holds at most one row of each table that the query names; each figure (`max(x)`, `lag(x)`, `sum(x)`) holds one
more. A count under a condition is a figure, too, and so is a subquery that says yes or no outside of a filter: conditions that name one
row and one bit read values bit by bit. Free are `count(*)`, `count(column)` of a stored column, and ranks by columns. A function
such as `list` gathers any number of rows in one value. The bound is never too low, and can be too high.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lakeward.serving.functions import allowed_functions
from lakeward.serving.guard import WINDOWS
from lakeward.serving.parse_tree import Tree, all_nodes, fold_case

# Numbers of rows: free without a condition.
_COUNTS = frozenset(["count", "count_star"])
# Places of the row itself among others: free by columns.
_RANKS = frozenset(["cume_dist", "dense_rank", "ntile", "percent_rank", "rank", "rank_dense", "row_number"])
# Figures of one value, with as many arguments; with more of them some return a list.
_FIGURES: Mapping[str, int] = {
    **dict.fromkeys(("any_value", "arbitrary", "avg", "entropy", "favg", "first", "fsum", "geomean", "geometric_mean"), 1),
    **dict.fromkeys(("kahan_sum", "kurtosis", "kurtosis_pop", "last", "mad", "max", "mean", "median", "min", "mode"), 1),
    **dict.fromkeys(("product", "sem", "skewness", "stddev", "stddev_pop", "stddev_samp", "sum", "sumkahan"), 1),
    **dict.fromkeys(("var_pop", "var_samp", "variance", "first_value", "last_value"), 1),
    **dict.fromkeys(("arg_max", "arg_max_null", "arg_min", "arg_min_null", "argmax", "argmin", "max_by", "min_by"), 2),
    **dict.fromkeys((*_COUNTS, *_RANKS, "approx_count_distinct", "bool_and", "bool_or", "count_if", "countif"), 1),
    **dict.fromkeys(("corr", "covar_pop", "covar_samp", "nth_value", "wavg", "weighted_avg"), 2),
    **dict.fromkeys((f"regr_{name}" for name in ("avgx", "avgy", "count", "intercept", "r2", "slope", "sxx", "sxy", "syy")), 2),
    **dict.fromkeys(("fill", "lag", "lead"), 3),
}
# Figures of one value where their share is a number, and of a list where it is a list.
_SHARES = frozenset(["approx_quantile", "quantile", "quantile_cont", "quantile_disc"])
# Types that hold the digits of any number of rows in one sum.
_WIDE_TYPES = frozenset(["BIGNUM", "BIT"])
# Figures of SUMMARIZE for each column.
_SUMMARY = 8
# Subqueries that say yes or no.
_TESTS = frozenset(["ANY", "EXISTS", "NOT_EXISTS"])
_RELATIONS = ("BASE_TABLE", "PIVOT", "SHOW_REF")
# Parts of a query that only choose its rows.
_FILTERS = ("where_clause", "having", "qualify")
# What a FROM can have besides tables: its columns can be conditions.
_DERIVED = ("EXPRESSION_LIST", "PIVOT", "SHOW_REF", "TABLE_FUNCTION")
_QUERIES = ("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE")


class _GatheringError(Exception):
    """A value can hold any number of rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """What holds at a place of the query.

    Args:
        computed: Names that can be an expression and no stored column; None if every name can.
        tables: The common tables that can be named here, with their weights.
        in_filter: Whether the place only chooses rows.
    """

    computed: frozenset[str] | None
    tables: Mapping[str, int] = field(default_factory=dict)
    in_filter: bool = False


def rows_charged(tree: Tree, rows: int, stored: int) -> int:
    """Rows that an answer counts as.

    Args:
        tree: Of a checked statement.
        rows: Rows of the answer.
        stored: Rows of the tables that it reads: no answer holds more of them.
    """
    try:
        bound = rows * max(1, _weight(tree["statements"][0]["node"], _Scope(computed=_computed_names(tree))))
    except _GatheringError:
        bound = stored if rows else 0
    return max(rows, min(bound, stored))


def _computed_names(tree: Tree) -> frozenset[str] | None:
    nodes = list(all_nodes(tree))
    if any(_is_derived(node) for node in nodes):
        return None
    return frozenset(fold_case(node["alias"]) for node in nodes if node.get("alias"))


def _is_derived(node: Tree) -> bool:
    is_table_of_query = node.get("type") == "SUBQUERY" and "subquery_type" not in node
    return is_table_of_query or node.get("type") in _DERIVED or bool(node.get("cte_map", {}).get("map"))


def _weight(value: Any, scope: _Scope) -> int:
    """Stored rows of one row of a relation, or those that an expression's subqueries add to it."""
    if not isinstance(value, dict):
        return sum(_weight(item, scope) for item in value) if isinstance(value, list) else 0
    kind = value.get("type")
    if kind in _QUERIES:
        return _query_weight(value, scope)
    if kind in _RELATIONS:
        return _relation_weight(value, scope)
    if scope.in_filter and value.get("subquery_type") in _TESTS:
        return _weight(value.get("child"), scope)
    return _weight(list(value.values()), scope)


def _relation_weight(node: Tree, scope: _Scope) -> int:
    if node["type"] == "BASE_TABLE":
        name = fold_case(node["table_name"])
        return scope.tables.get(name, 1) if not node["schema_name"] else 1
    if node["type"] == "PIVOT":
        return _weight(node["source"], scope) * (1 + _pivoted_values(node, scope))
    # A list of tables and DESCRIBE have no values.
    return _weight(node["query"], scope) * (1 + _SUMMARY) if node["show_type"] == "SUMMARY" else 0


def _query_weight(node: Tree, scope: _Scope) -> int:
    scope = replace(scope, in_filter=False)
    for entry in node["cte_map"]["map"]:
        weight = _weight(entry["value"]["query"]["node"], scope)
        scope = replace(scope, tables={**scope.tables, fold_case(entry["key"]): weight})
    if node["type"] == "RECURSIVE_CTE_NODE":
        raise _GatheringError
    if node["type"] == "SET_OPERATION_NODE":
        return max(_weight(node["left"], scope), _weight(node["right"], scope)) + _weight(node["modifiers"], scope)
    filters = [node[key] for key in _FILTERS]
    own = [part for key, part in node.items() if key not in {"cte_map", "from_table", *_FILTERS}]
    rows = _weight(node["from_table"], scope) + _weight(own, scope) + _weight(filters, replace(scope, in_filter=True))
    return rows * (1 + _figures([*own, *filters], scope))


def _figures(parts: Iterable[Any], scope: _Scope) -> int:
    """Figures with a value of a row among expressions, those of subqueries too.

    Raises:
        _GatheringError: One can hold values of any number of rows.
    """
    nodes = list(all_nodes(list(parts)))
    found = sum(_is_figure(node, scope) for node in nodes)
    if found and any(node.get("id") in _WIDE_TYPES for node in nodes):
        raise _GatheringError
    return found


def _is_figure(node: Tree, scope: _Scope) -> bool:
    kind, name = node.get("type"), fold_case(node.get("function_name") or "")
    is_window = isinstance(kind, str) and kind.startswith(WINDOWS)
    if not is_window and (kind != "FUNCTION" or name not in allowed_functions().aggregates):
        return False
    if name in (_RANKS if is_window else _COUNTS) and _is_plain(node, scope):
        return False
    values = node["children"]
    is_share = name in _SHARES and len(values) == 2 and values[1].get("type") == "VALUE_CONSTANT"
    if (not is_share and len(values) > _FIGURES.get(name, -1)) or any(part.get("columns") for part in all_nodes(node)):
        raise _GatheringError
    return True


def _is_plain(node: Tree, scope: _Scope) -> bool:
    """Whether an aggregate or a window is over stored columns alone, without a condition."""
    if node.get("filter") or node.get("distinct"):
        return False
    parts = [part for part in all_nodes(list(node.values())) if "class" in part]
    return all(_is_stored(part, scope) for part in parts)


def _is_stored(part: Tree, scope: _Scope) -> bool:
    if part["type"] != "COLUMN_REF":
        return bool(part["type"] == "VALUE_CONSTANT")
    return scope.computed is not None and not scope.computed.intersection(map(fold_case, part["column_names"][-1:]))


def _pivoted_values(node: Tree, scope: _Scope) -> int:
    """Columns that a PIVOT makes of values; none of an UNPIVOT."""
    columns = len(node["aggregates"])
    for pivot in node["pivots"] if columns else ():
        columns *= max(1, len(pivot["entries"]))
    _figures(node["aggregates"], scope)
    return columns

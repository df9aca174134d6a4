"""How many stored rows one row of an answer can hold, from the parse tree: what a row quota counts.

A row without aggregates holds at most one row of each table that the query names; each figure (`max(x)`, `lag(x)`, `sum(x)`) holds one
more. A function such as `list` gathers any number of rows in one value. The bound is never too low, and can be too high.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lakeward.serving.functions import allowed_functions
from lakeward.serving.guard import WINDOWS
from lakeward.serving.parse_tree import Tree, all_nodes, fold_case

# Figures that hold no value of a row.
_COUNTS = frozenset(
    [
        *("approx_count_distinct", "bool_and", "bool_or", "count", "count_if", "count_star", "countif", "regr_count"),
        *("cume_dist", "dense_rank", "ntile", "percent_rank", "rank", "rank_dense", "row_number"),
    ]
)
# Figures of one value, with as many arguments; with more of them some return a list.
_FIGURES: Mapping[str, int] = {
    **dict.fromkeys(("any_value", "arbitrary", "avg", "entropy", "favg", "first", "fsum", "geomean", "geometric_mean"), 1),
    **dict.fromkeys(("kahan_sum", "kurtosis", "kurtosis_pop", "last", "mad", "max", "mean", "median", "min", "mode"), 1),
    **dict.fromkeys(("product", "sem", "skewness", "stddev", "stddev_pop", "stddev_samp", "sum", "sumkahan"), 1),
    **dict.fromkeys(("var_pop", "var_samp", "variance", "first_value", "last_value"), 1),
    **dict.fromkeys(("arg_max", "arg_max_null", "arg_min", "arg_min_null", "argmax", "argmin", "max_by", "min_by"), 2),
    **dict.fromkeys(("corr", "covar_pop", "covar_samp", "nth_value", "wavg", "weighted_avg"), 2),
    **dict.fromkeys((f"regr_{name}" for name in ("avgx", "avgy", "intercept", "r2", "slope", "sxx", "sxy", "syy")), 2),
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
_QUERIES = ("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE")


class _GatheringError(Exception):
    """A value can hold any number of rows."""


def rows_charged(tree: Tree, rows: int, stored: int) -> int:
    """Rows that an answer counts as.

    Args:
        tree: Of a checked statement.
        rows: Rows of the answer.
        stored: Rows of the tables that it reads: no answer holds more of them.
    """
    try:
        bound = rows * max(1, _weight(tree["statements"][0]["node"], {}))
    except _GatheringError:
        bound = stored if rows else 0
    return max(rows, min(bound, stored))


def _weight(value: Any, scope: Mapping[str, int]) -> int:
    """Stored rows of one row of a relation, or those that an expression's subqueries add to it.

    Args:
        scope: The common tables that can be named here, with their weights.
    """
    if not isinstance(value, dict):
        return sum(_weight(item, scope) for item in value) if isinstance(value, list) else 0
    kind = value.get("type")
    if kind in _QUERIES:
        return _query_weight(value, scope)
    if kind in _RELATIONS:
        return _relation_weight(value, scope)
    if value.get("subquery_type") in _TESTS:
        return _weight(value.get("child"), scope)
    return _weight(list(value.values()), scope)


def _relation_weight(node: Tree, scope: Mapping[str, int]) -> int:
    if node["type"] == "BASE_TABLE":
        name = fold_case(node["table_name"])
        return scope[name] if name in scope and not node["schema_name"] else 1
    if node["type"] == "PIVOT":
        return _weight(node["source"], scope) * (1 + _pivoted_values(node))
    # A list of tables and DESCRIBE have no values.
    return _weight(node["query"], scope) * (1 + _SUMMARY) if node["show_type"] == "SUMMARY" else 0


def _query_weight(node: Tree, scope: Mapping[str, int]) -> int:
    for entry in node["cte_map"]["map"]:
        scope = {**scope, fold_case(entry["key"]): _weight(entry["value"]["query"]["node"], scope)}
    if node["type"] == "RECURSIVE_CTE_NODE":
        raise _GatheringError
    if node["type"] == "SET_OPERATION_NODE":
        return max(_weight(node["left"], scope), _weight(node["right"], scope)) + _weight(node["modifiers"], scope)
    own = [part for key, part in node.items() if key not in {"cte_map", "from_table"}]
    return (_weight(node["from_table"], scope) + _weight(own, scope)) * (1 + _figures(own))


def _figures(parts: Iterable[Any]) -> int:
    """Figures with a value of a row among expressions, those of subqueries too.

    Raises:
        _GatheringError: One can hold values of any number of rows.
    """
    nodes = list(all_nodes(list(parts)))
    found = sum(_is_figure(node) for node in nodes)
    if found and any(node.get("id") in _WIDE_TYPES for node in nodes):
        raise _GatheringError
    return found


def _is_figure(node: Tree) -> bool:
    kind, name = node.get("type"), fold_case(node.get("function_name") or "")
    is_window = isinstance(kind, str) and kind.startswith(WINDOWS)
    if not is_window and (kind != "FUNCTION" or name not in allowed_functions().aggregates):
        return False
    if name in _COUNTS:
        return False
    values = node["children"]
    is_share = name in _SHARES and len(values) == 2 and values[1].get("type") == "VALUE_CONSTANT"
    if not is_share and len(values) > _FIGURES.get(name, -1):
        raise _GatheringError
    return True


def _pivoted_values(node: Tree) -> int:
    """Columns that a PIVOT makes of values; none of an UNPIVOT."""
    columns = len(node["aggregates"])
    for pivot in node["pivots"] if columns else ():
        columns *= max(1, len(pivot["entries"]))
    _figures(node["aggregates"])
    return columns

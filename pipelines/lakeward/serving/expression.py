"""Checks that an expression computes one value from one row: no other table, no subquery, no aggregate.

It is checked on DuckDB's parse tree, like queries of readers, and bound against an empty table: the checked text is the one that
runs.
"""

from collections.abc import Mapping, Sequence

import duckdb

from lakeward.contracts.model import DataType
from lakeward.contracts.types import sql_type
from lakeward.core.errors import ProtectionError
from lakeward.core.sql import identifier
from lakeward.engines.embedded.databases import plain_database
from lakeward.serving.faults import bind_faults
from lakeward.serving.functions import allowed_functions
from lakeward.serving.guard import Guard, raise_parse_error
from lakeward.serving.parse_tree import Tree, all_nodes, named_parts, parse

# Functions with another value each time, by the catalogue of DuckDB 1.5 (`duckdb_functions().stability`), and macros made of them.
CHANGING = frozenset(
    (
        *("random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "now", "today", "current_date", "get_current_time"),
        *("get_current_timestamp", "transaction_timestamp", "ago", "current_localtime", "current_localtimestamp"),
    )
)
# The same without brackets, where no column has the name.
CHANGING_NAMES = frozenset(("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"))
NESTED = ("SUBQUERY", "SELECT_NODE", "SET_OPERATION_NODE", "STAR")


def checked_expression(text: str, columns: Mapping[str, DataType], *, is_repeatable: bool = False) -> str:
    """`text` in brackets, safe as a value in SQL.

    Args:
        columns: Allowed columns, with their types.
        is_repeatable: Refuse functions with another value each time.

    Raises:
        ProtectionError: It is not an expression over these columns.
    """
    whole = f"({text}\n)"  # the new line ends a comment
    with plain_database() as con:
        nodes = _check(con, whole)
        if is_repeatable:
            _check_repeatable(nodes, columns)
        con.execute("PRAGMA disable_optimizer")  # it would compute what is constant, however long that takes
        listed = ", ".join(f"{identifier(name)} {sql_type(type_)}" for name, type_ in columns.items())
        con.execute(f"CREATE TEMP TABLE received ({listed})")
        with bind_faults([]):
            con.execute(f"SELECT 1 FROM received WHERE ({whole}) IS NULL")  # aggregates and windows are not allowed here
    return f"({whole})"


def expression_columns(text: str) -> frozenset[str]:
    """The names in an expression that may be columns, in lower case; empty if it can't be parsed, which `checked_expression` refuses."""
    with plain_database() as con:
        nodes = all_nodes(parse(con, f"SELECT ({text}\n)"))
        return frozenset(name.lower() for node in nodes for parts in named_parts(node) for name in parts)


def expression_parameters(text: str) -> list[str]:
    """The names of the parameters in an expression, each as often as it stands there, sorted.

    Raises:
        ProtectionError: It can't be parsed.
    """
    with plain_database() as con:
        whole = f"SELECT ({text}\n)"
        tree = parse(con, whole)
        if tree["error"]:
            raise_parse_error(whole, tree)
        return sorted(node["identifier"] for node in all_nodes(tree["statements"]) if node.get("type") == "VALUE_PARAMETER")


def _check(con: duckdb.DuckDBPyConnection, whole: str) -> Sequence[Tree]:
    """Check the parse tree; returns the nodes of the expression."""
    parsed = parse(con, f"SELECT {whole}")
    try:
        Guard(frozenset(), {}, allowed_functions()).check(whole, parsed, ())
    except RecursionError:
        raise ProtectionError("query_too_large") from None
    node = parsed["statements"][0]["node"]
    listed: Sequence[Tree] = node.pop("select_list", ())
    if (
        len(listed) != 1
        or node["type"] != "SELECT_NODE"
        or node["from_table"]["type"] != "EMPTY"
        or _has_clauses(node)
        or _is_row_value(listed[0])
    ):
        raise ProtectionError("expression_not_one")
    if any(part.get("type") in NESTED for part in all_nodes(listed)):
        raise ProtectionError("expression_nested")
    return listed


def _check_repeatable(listed: Sequence[Tree], columns: Mapping[str, DataType]) -> None:
    """A condition is computed again where its action is resumed, and a repair is tried before it is made: both must find the same."""
    known = {name.lower() for name in columns}
    for node in all_nodes(listed):
        function = str(node.get("function_name", "")).lower()
        names = [str(name).lower() for name in node.get("column_names", ())]
        has_one_argument = function == "age" and len(node.get("children", ())) == 1
        if function in CHANGING or has_one_argument:
            raise ProtectionError("expression_changes", function=f"{function}()")
        if len(names) == 1 and names[0] in CHANGING_NAMES - known:
            raise ProtectionError("expression_changes", function=names[0])


def _has_clauses(node: Tree) -> bool:
    return any(node[name] for name in ("where_clause", "group_expressions", "having", "qualify", "sample", "modifiers"))


def _is_row_value(expression: Tree) -> bool:
    """Whether it is several values in brackets, such as a number with a decimal comma."""
    return expression.get("function_name") == "row" and expression.get("class") == "FUNCTION"

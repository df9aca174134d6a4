"""Checks a statement on DuckDB's parse tree: one SELECT, over the session's views, with allowed functions.

Only allow-lists: a kind of node, a table or a function that is not listed here, or in the catalogue, is rejected.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from lakeward.core.errors import ProtectionError
from lakeward.core.messages import Phrase
from lakeward.core.spelling import did_you_mean
from lakeward.serving.functions import AllowedFunctions
from lakeward.serving.parse_tree import Tree, fold_case

Scope = frozenset[str]

# Kinds of nodes that only combine what other nodes name. Left out on purpose: VALUE_DEFAULT. SHOW_REF and PIVOT are looked into.
ALLOWED_NODES = frozenset(
    [
        "SELECT_NODE",
        "SET_OPERATION_NODE",
        "EMPTY",
        "EXPRESSION_LIST",
        "JOIN",
        "SUBQUERY",
        "DISTINCT_MODIFIER",
        "LIMIT_MODIFIER",
        "LIMIT_PERCENT_MODIFIER",
        "ORDER_MODIFIER",
        "ORDER_DEFAULT",
        "ORDER_ASCENDING",
        "ORDER_DESCENDING",
        "ASCENDING",
        "DESCENDING",
        "UNBOUND_TYPE_INFO",
        "DECIMAL_TYPE_INFO",
        "LIST_TYPE_INFO",
        "STRUCT_TYPE_INFO",
        "ARRAY_TYPE_INFO",
        "CASE_EXPR",
        "COLLATE",
        "COLUMN_REF",
        "VALUE_CONSTANT",
        "VALUE_PARAMETER",
        "LAMBDA",
        "POSITIONAL_REFERENCE",
        "STAR",
        "OPERATOR_CAST",
        "COMPARE_BETWEEN",
        "COMPARE_NOT_BETWEEN",
        "COMPARE_EQUAL",
        "COMPARE_NOTEQUAL",
        "COMPARE_GREATERTHAN",
        "COMPARE_LESSTHAN",
        "COMPARE_GREATERTHANOREQUALTO",
        "COMPARE_LESSTHANOREQUALTO",
        "COMPARE_DISTINCT_FROM",
        "COMPARE_NOT_DISTINCT_FROM",
        "COMPARE_IN",
        "COMPARE_NOT_IN",
        "CONJUNCTION_AND",
        "CONJUNCTION_OR",
        "OPERATOR_NOT",
        "OPERATOR_IS_NULL",
        "OPERATOR_IS_NOT_NULL",
        "OPERATOR_COALESCE",
        "OPERATOR_NULLIF",
        "OPERATOR_TRY",
        "ARRAY_EXTRACT",
        "ARRAY_SLICE",
        "ARRAY_CONSTRUCTOR",
        "STRUCT_EXTRACT",
        "GROUPING_FUNCTION",
    ]
)
WINDOWS = "WINDOW_"
# Kinds of nodes that name a table or a function, which is checked.
CHECKED_NODES = ("BASE_TABLE", "TABLE_FUNCTION", "FUNCTION")
# What is written as a function, and parsed as something else.
_LIKE_FUNCTIONS = {"OPERATOR_TRY": "try", "CASE_EXPR": "if"}
# The parser itself qualifies list and struct constructors so; DuckDB's own functions lie there.
OWN_SCHEMAS = ("", "main")
# Lists of tables: of the session's own views, since nothing else lies in it. `SHOW DATABASES` and the like are not allowed.
TABLE_LISTS = ('"tables"', "__show_tables_expanded")
# A PIVOT without a list of values is several statements, which DuckDB does not serialize; DuckDB names it by nothing else.
_PIVOT = re.compile(r"\s*\(?\s*pivot(?:_wider)?\b", re.IGNORECASE)
# A type that the parser leaves to the binder, such as ENUM or JSON; with a schema it would be user-defined.
NAMED_TYPE = "UNBOUND_TYPE_INFO"


@dataclass
class Guard:
    """One check of one statement.

    Args:
        views: What the session serves, as `layer.name`.
        closed: Tables of contracts that have no view for this session, and the message that says why.
        objects: Views that the statement reads; filled by `check`.
    """

    views: frozenset[str]
    closed: Mapping[str, str]
    functions: AllowedFunctions
    objects: set[str] = field(default_factory=set)

    def check(self, text: str, parsed: Tree, parameters: Collection[str]) -> frozenset[str]:
        """The views that the statement reads.

        Args:
            parsed: What DuckDB's `json_serialize_sql` made of `text`.
            parameters: Names of the parameters that have a value; those without a name count from 1.

        Raises:
            ProtectionError: The statement is not allowed; with the reason and its position.
        """
        if parsed["error"]:
            raise_parse_error(text, parsed)
        if len(parsed["statements"]) != 1:
            raise ProtectionError("query_not_one", found=len(parsed["statements"]))
        statement = parsed["statements"][0]
        _check_parameters({entry["key"] for entry in statement["named_param_map"]}, parameters)
        self._node(statement["node"], frozenset())
        return frozenset(self.objects)

    def _walk(self, value: Any, scope: Scope) -> None:
        if isinstance(value, list):
            for item in value:
                self._walk(item, scope)
        elif isinstance(value, dict):
            self._node(value, scope)

    def _node(self, node: Tree, scope: Scope) -> None:
        kind = node.get("type")
        form = _refused_form(node, kind)
        if form:
            _refuse("query_form_refused", node, form=form)
        if kind == "BASE_TABLE":
            return self._table(node, scope)
        if kind == "TABLE_FUNCTION":
            called = node["function"]
            if called["type"] != "FUNCTION":
                _refuse("query_form_refused", node, form=_LIKE_FUNCTIONS.get(called["type"], called["type"].lower()))
            self._check_function(called, self.functions.table)
            return self._walk([part for key, part in node.items() if key != "function"] + [called["children"]], scope)
        if kind == "FUNCTION" or (isinstance(kind, str) and kind.startswith(WINDOWS)):
            self._check_function(node, self.functions.scalar)
        return self._children(node, scope)

    def _children(self, node: Tree, scope: Scope) -> None:
        """Names of common tables are visible from the next one to the end of their node, and inside it."""
        for entry in node.get("cte_map", {}).get("map", ()):
            common = entry["value"]
            query = common["query"]["node"]
            if query["type"] == "RECURSIVE_CTE_NODE":
                self._recursive(fold_case(entry["key"]), query, scope)
            else:
                self._node(query, scope)
            self._walk(common["key_targets"], scope)
            scope |= {fold_case(entry["key"])}
        for key, part in node.items():
            if key != "cte_map":
                self._walk(part, scope)

    def _recursive(self, name: str, node: Tree, scope: Scope) -> None:
        """Only the recursive half sees the name: in the first, it would be a table of the catalogue."""
        self._walk([part for key, part in node.items() if key not in {"type", "right"}], scope)
        self._walk(node["right"], scope | {name})

    def _table(self, node: Tree, scope: Scope) -> None:
        schema, name = fold_case(node["schema_name"]), fold_case(node["table_name"])
        if not schema and not node["catalog_name"] and name in scope and not node["at_clause"]:
            return self._walk(node["sample"], scope)
        table = ".".join(part for part in (node["catalog_name"], schema, name) if part)
        if not node["catalog_name"] and table in self.closed:
            _refuse(self.closed[table], node, table=table, dataset=name)
        if node["catalog_name"] or f"{schema}.{name}" not in self.views:
            _refuse("query_table_refused", node, table=table, close=did_you_mean(table, {*self.views, *self.closed}) or "-")
        if node["at_clause"]:
            _refuse("query_form_refused", node, form="at")
        self.objects.add(table)
        return self._walk(node["sample"], scope)

    def _check_function(self, node: Tree, allowed: frozenset[str]) -> None:
        name, schema = fold_case(node["function_name"]), fold_case(node["schema"])
        if node["catalog"] or schema not in OWN_SCHEMAS or name not in allowed:
            _refuse("query_function_refused", node, function=".".join(p for p in (node["catalog"], schema, name) if p))


def _check_parameters(expected: Collection[str], found: Collection[str]) -> None:
    if set(expected) != set(found):
        names = {"expected": ", ".join(sorted(expected)) or "-", "found": ", ".join(sorted(found)) or "-"}
        raise ProtectionError("query_parameters", **names)


def _refused_form(node: Tree, kind: object) -> str | Phrase | None:
    """What `node` is called in the refusal, when it is of a kind that is not allowed."""
    if not isinstance(kind, str) or kind in ALLOWED_NODES or kind.startswith(WINDOWS) or kind in CHECKED_NODES:
        qualified = kind == NAMED_TYPE and (node["catalog"] or node["schema"])
        return Phrase("phrase_schema_type") if qualified else None
    if kind == "SHOW_REF":
        return None if node["query"] or node["table_name"] in TABLE_LISTS else "show"
    if kind == "PIVOT":
        return Phrase("phrase_enum_pivot") if any(pivot["pivot_enum"] for pivot in node["pivots"]) else None
    return Phrase("phrase_recursive_cte") if kind == "RECURSIVE_CTE_NODE" else kind.lower()


def _refuse(code: str, node: Tree, **facts: object) -> NoReturn:
    raise ProtectionError(code, **facts, at=_position(node))


def _position(node: Tree) -> str:
    """Character of the text, from 1; DuckDB returns the largest number if it is unknown."""
    at = node.get("query_location")
    return str(at + 1) if isinstance(at, int) and at < 2**63 else "-"


def raise_parse_error(text: str, parsed: Tree) -> NoReturn:
    """Report why a text can't be parsed.

    Raises:
        ProtectionError: Always.
    """
    if parsed["error_type"] == "not implemented" and _PIVOT.match(text):
        raise ProtectionError("query_pivot_without_values")
    if parsed["error_type"] == "not implemented":
        raise ProtectionError("query_not_select")
    raise ProtectionError("query_syntax", at=parsed.get("position", "-"))

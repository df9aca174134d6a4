"""Translates the flows' DuckDB SQL into Spark SQL with the same results.

A function that Spark lacks or defines differently has a rule, or is a declared gap (see `gaps`).
"""

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from lakeward.core.names import TableName
from lakeward.engines.spark import casts, expressions, joins, json_texts, lists, numbers, texts, times
from lakeward.engines.spark.expressions import OperandTypes, RewriteRule, RuleKey
from lakeward.engines.spark.queries import lake_table, table_references, to_duckdb
from lakeward.engines.spark.stars import expand_star_replace
from lakeward.engines.spark.try_expressions import rewrite_try
from lakeward.engines.spark.type_resolver import UNKNOWN, TypeResolver


def _without_parentheses(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """Remove outer parentheses: Spark reads `FROM t WHERE (x)` as a table called `where` with a column `x`."""
    node.set("this", node.this.unnest())
    return node


RULES: Mapping[RuleKey, RewriteRule] = {
    exp.Where: _without_parentheses,
    **casts.RULES,
    **joins.RULES,
    **json_texts.RULES,
    **lists.RULES,
    **numbers.RULES,
    **texts.RULES,
    **times.RULES,
}
# Nodes whose translation depends on operand types.
TYPE_DEPENDENT: frozenset[RuleKey] = frozenset(casts.RULES) | numbers.TYPE_DEPENDENT | texts.TYPE_DEPENDENT | times.TYPE_DEPENDENT


def to_spark(tree: exp.Expr, shapes: TypeResolver, scan: Callable[[TableName], str]) -> str:
    """The query in Spark's SQL.

    Args:
        tree: The query; it is modified.
        shapes: Types of the relations in it.
        scan: The relation to read for a table of the lake.
    """
    tree = rewrite_try(tree)
    expand_star_replace(tree, shapes)
    typed = _operand_types(tree, shapes)
    # Inner nodes first: a rule gets operands that are translated already.
    for node in reversed(list(tree.bfs())):
        rule = RULES.get(_rule_key(node))
        if rule is None:
            continue
        rewritten = rule(node, typed.get(id(node), _UNTYPED))
        if node is tree:
            tree = rewritten
        elif rewritten is not node:
            node.replace(rewritten)
    for table in table_references(tree):
        if name := lake_table(table):
            _replace_table(table, scan(name))
    return tree.sql(dialect="spark")


# No rule reads the types of more than two operands.
_UNTYPED: OperandTypes = (UNKNOWN,) * 4


def _rule_key(node: exp.Expr) -> RuleKey:
    return str(node.name).lower() if isinstance(node, exp.Anonymous) else type(node)


def _operand_types(tree: exp.Expr, shapes: TypeResolver) -> dict[int, OperandTypes]:
    """Types of the nodes that need them, by the node's identity.

    Resolved per SELECT, inner ones first: each becomes a relation that the outer one reads.
    """
    found: dict[int, OperandTypes] = {}
    for values in tree.find_all(exp.Values):
        found[id(values)] = list(shapes.column_types(f"FROM {_values_relation(values)}").values())
    typed_nodes = _typed_nodes(tree)
    copy = tree.copy()
    copies = {id(node): node_copy for node, node_copy in zip(tree.bfs(), copy.bfs(), strict=True)}
    for select in reversed(list(tree.find_all(exp.Select))):
        parts = [_typed_expressions(copies[id(node)]) for node in typed_nodes.get(id(select), ())]
        types = iter(shapes.expression_types(copies[id(select)], [expression for part in parts for expression in part]))
        for node, part in zip(typed_nodes.get(id(select), ()), parts, strict=True):
            found[id(node)] = (*(next(types) for _ in part), *_UNTYPED)
        _replace_by_view(copies[id(select)], shapes)
    return found


def _typed_nodes(tree: exp.Expr) -> dict[int, list[exp.Expr]]:
    """The nodes that need types, by the identity of their SELECT."""
    found: dict[int, list[exp.Expr]] = {}
    for node in tree.walk():
        is_asked = _rule_key(node) in TYPE_DEPENDENT and not isinstance(node, exp.Values) and not _is_constant(node)
        if is_asked and (select := node.find_ancestor(exp.Select)):
            found.setdefault(id(select), []).append(node)
    return found


def _replace_by_view(select: exp.Expr, shapes: TypeResolver) -> None:
    """Replace a SELECT in FROM by a named relation."""
    outer = select.parent
    if isinstance(outer, exp.Subquery) and isinstance(outer.parent, exp.From | exp.Join) and (name := shapes.add_view(select)):
        select.replace(exp.select("*").from_(name))


def _values_relation(values: exp.Expr) -> str:
    """`VALUES` as a separate relation."""
    rows = (row if isinstance(row, exp.Tuple) else exp.paren(row.copy()) for row in values.expressions)
    return f"(VALUES {', '.join(to_duckdb(row) for row in rows)})"


def _is_constant(node: exp.Expr) -> bool:
    """Whether the node is a cast literal, whose type is known."""
    return isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal | exp.Null)


def _typed_expressions(node: exp.Expr) -> Sequence[exp.Expr]:
    operands = node.expressions if isinstance(node, exp.Anonymous) else [node.args.get("this"), node.args.get("expression")]
    return [node, *(operand for operand in operands if isinstance(operand, exp.Expr) and not isinstance(operand, exp.DataType))]


def _replace_table(table: exp.Table, relation: str) -> None:
    stored = expressions.relation(f"SELECT * FROM {relation}", table.alias or table.name)
    for clause in ("joins", "pivots", "sample"):
        if table.args.get(clause):
            stored.set(clause, table.args[clause])
    table.replace(stored)

"""The flows' SQL, which is DuckDB's, as Spark must be told it to give the same answers.

Refuses to pass a function through by its name alone where Spark lacks it, or means something else by it (see `gaps`).
"""

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from lakeward.core.names import TableName
from lakeward.engines.spark import building, casts, joins, json_texts, lists, numbers, texts, times
from lakeward.engines.spark.building import Key, Rule, Types
from lakeward.engines.spark.queries import lake_table, sources, written
from lakeward.engines.spark.shapes import UNKNOWN, Shapes
from lakeward.engines.spark.stars import without_replace
from lakeward.engines.spark.tries import without_try


def _bare(node: exp.Expr, _types: Types) -> exp.Expr:
    """Without parentheses around it all: Spark takes `FROM t WHERE (x)` for a table called `where` with a column `x`."""
    node.set("this", node.this.unnest())
    return node


RULES: Mapping[Key, Rule] = {
    exp.Where: _bare,
    **casts.RULES,
    **joins.RULES,
    **json_texts.RULES,
    **lists.RULES,
    **numbers.RULES,
    **texts.RULES,
    **times.RULES,
}
# What is told by the types of what it is made of.
TYPED: frozenset[Key] = frozenset(casts.RULES) | numbers.TYPED | texts.TYPED | times.TYPED


def to_spark(tree: exp.Expr, shapes: Shapes, scan: Callable[[TableName], str]) -> str:
    """The query in Spark's SQL.

    Args:
        tree: The query; it is changed.
        shapes: The relations that it names.
        scan: The relation to read for a table of the lake.
    """
    tree = without_try(tree)
    without_replace(tree, shapes)
    typed = _typed(tree, shapes)
    # What is inside before what is around it: a rule gets operands that Spark understands already.
    for node in reversed(list(tree.bfs())):
        rule = RULES.get(_key(node))
        if rule is None:
            continue
        told = rule(node, typed.get(id(node), _UNTYPED))
        if node is tree:
            tree = told
        elif told is not node:
            node.replace(told)
    for table in sources(tree):
        if name := lake_table(table):
            _read(table, scan(name))
    return tree.sql(dialect="spark")


# No rule looks at more than two operands' types.
_UNTYPED: Types = (UNKNOWN,) * 4


def _key(node: exp.Expr) -> Key:
    return str(node.name).lower() if isinstance(node, exp.Anonymous) else type(node)


def _typed(tree: exp.Expr, shapes: Shapes) -> dict[int, Types]:
    """Types of the nodes that are told by them, by the node's identity.

    Asked for one SELECT at a time, the inner ones first: each becomes a relation that the one around it reads.
    """
    found: dict[int, Types] = {}
    for values in tree.find_all(exp.Values):
        found[id(values)] = list(shapes.columns(f"FROM {_alone(values)}").values())
    asked = _asked(tree)
    copy = tree.copy()
    twins = {id(node): twin for node, twin in zip(tree.bfs(), copy.bfs(), strict=True)}
    for select in reversed(list(tree.find_all(exp.Select))):
        parts = [_parts(twins[id(node)]) for node in asked.get(id(select), ())]
        types = iter(shapes.types(twins[id(select)], [one for part in parts for one in part]))
        for node, part in zip(asked.get(id(select), ()), parts, strict=True):
            found[id(node)] = (*(next(types) for _ in part), *_UNTYPED)
        _stand_in(twins[id(select)], shapes)
    return found


def _asked(tree: exp.Expr) -> dict[int, list[exp.Expr]]:
    """The nodes that are told by types, by the identity of the SELECT that they stand in."""
    found: dict[int, list[exp.Expr]] = {}
    for node in tree.walk():
        is_asked = _key(node) in TYPED and not isinstance(node, exp.Values) and not _is_constant(node)
        if is_asked and (select := node.find_ancestor(exp.Select)):
            found.setdefault(id(select), []).append(node)
    return found


def _stand_in(select: exp.Expr, shapes: Shapes) -> None:
    """Put a name in the place of a SELECT that another one reads from."""
    outer = select.parent
    if isinstance(outer, exp.Subquery) and isinstance(outer.parent, exp.From | exp.Join) and (name := shapes.view(select)):
        select.replace(exp.select("*").from_(name))


def _alone(values: exp.Expr) -> str:
    """Rows that are written out, as a relation by themselves."""
    rows = (row if isinstance(row, exp.Tuple) else exp.paren(row.copy()) for row in values.expressions)
    return f"(VALUES {', '.join(written(row) for row in rows)})"


def _is_constant(node: exp.Expr) -> bool:
    """A literal that is cast says its type itself."""
    return isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal | exp.Null)


def _parts(node: exp.Expr) -> Sequence[exp.Expr]:
    given = node.expressions if isinstance(node, exp.Anonymous) else [node.args.get("this"), node.args.get("expression")]
    return [node, *(one for one in given if isinstance(one, exp.Expr) and not isinstance(one, exp.DataType))]


def _read(table: exp.Table, relation: str) -> None:
    stored = building.relation(f"SELECT * FROM {relation}", table.alias or table.name)
    for clause in ("joins", "pivots", "sample"):
        if table.args.get(clause):
            stored.set(clause, table.args[clause])
    table.replace(stored)

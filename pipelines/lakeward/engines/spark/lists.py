"""Lists, tuples and structs, and what makes rows of them."""

from collections.abc import Mapping

from sqlglot import exp

from lakeward.core.errors import DefinitionError
from lakeward.engines.spark.expressions import OperandTypes, RewriteRule, RuleKey, relation, spark_call, spark_expression

# Names of what only Spark sees.
_PART = "__part"


def _distinct(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """A tuple counts as one value; Spark leaves out those with a NULL in them."""
    if len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Tuple):
        return exp.Distinct(expressions=[spark_call("struct", *node.expressions[0].expressions)])
    return node


def _tuple_in(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`(a, b) IN (SELECT (x, y) …)`: two columns to Spark."""
    query = node.args.get("query")
    inner = query.this if isinstance(query, exp.Subquery) else query
    if isinstance(inner, exp.Select) and len(inner.expressions) == 1:
        only = inner.expressions[0].unalias()
        if isinstance(only, exp.Tuple) and isinstance(node.this, exp.Tuple):
            inner.set("expressions", [part.copy() for part in only.expressions])
    return node


def _arg_aggregate(name: str) -> RewriteRule:
    """The value beside the greatest or least one; a missing value is passed over."""
    return lambda node, _types: spark_call(
        name, node.this, exp.Case().when(spark_expression("{0} IS NOT NULL", node.this), node.expression.copy())
    )


def _list_aggregate(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """All values in order, NULLs among them, which Spark's would leave out; NULL for no rows at all."""
    operand, order = (node.this.this, node.this.expressions) if isinstance(node.this, exp.Order) else (node.this, [])
    unique = isinstance(operand, exp.Distinct)
    value = operand.expressions[0] if unique else operand
    keys = [key for item in order for key in _sort_keys(item)]
    sortable = spark_call("named_struct", *(part for index, key in enumerate(keys) for part in (f"k{index}", key)), "v", value)
    where = node.parent.expression.this if isinstance(node.parent, exp.Filter) else exp.true()
    chosen = exp.Case().when(where.copy(), sortable)
    gathered = spark_call("collect_set" if unique else "collect_list", chosen)
    sorted_ = spark_call("array_sort", gathered) if keys else gathered
    return spark_expression("CASE WHEN count_if({0}) > 0 THEN transform({1}, __one -> __one.v) END", where, sorted_)


def _sort_keys(item: exp.Expr) -> list[exp.Expr]:
    """What sorts as DuckDB does, NULLs last, in an ascending sort of structs."""
    if item.args.get("desc"):
        raise DefinitionError("query_not_understood", reason="list(… ORDER BY … DESC)")
    return [spark_call("isnull", item.this), item.this]


def _filter(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """A filter that the aggregate has taken in already."""
    return node if isinstance(node.this, exp.AggFunc | exp.Anonymous | exp.WithinGroup) else node.this


def _bracket(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """One, counted from 1 or from the end, NULL where there is none; or those from one place to another. A map's value, by its key."""
    position = node.expressions[0]
    if isinstance(position, exp.Slice):
        return _slice(node.this, position.this, position.expression)
    if position.is_string:
        return spark_call("try_element_at", node.this, position)
    return spark_expression("try_element_at({0}, CAST(nullif({1}, 0) AS INT))", node.this, position)


def _slice(items: exp.Expr, first_position: exp.Expr | None, last_position: exp.Expr | None) -> exp.Expr:
    """From one place to the other, both taken; places beyond the ends are the ends."""
    start = _positive_position(items, first_position) if first_position else exp.Literal.number(1)
    end = _positive_position(items, last_position) if last_position else spark_call("size", items)
    return spark_expression(
        "slice({0}, CAST(greatest({1}, 1) AS INT), CAST(greatest(least({2}, size({0})) - greatest({1}, 1) + 1, 0) AS INT))",
        items,
        start,
        end,
    )


def _positive_position(items: exp.Expr, position: exp.Expr) -> exp.Expr:
    """Counted from 1, also where it was counted from the end."""
    return spark_expression("CASE WHEN {1} < 0 THEN size({0}) + {1} + 1 ELSE {1} END", items, position)


def _sort(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    return spark_call("array_sort", node.this)


def _unnest_lists(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """Several lists side by side: Spark makes rows of one list per SELECT, so of the list of their pairs."""
    items = [(index, item) for index, item in enumerate(node.expressions) if isinstance(item.unalias(), exp.Explode)]
    if len(items) < 2:
        return node
    if len(items) > 2:
        raise DefinitionError("query_not_understood", reason="unnest of more than two lists in one SELECT")
    first, second = (item.unalias().this for _, item in items)
    pairs = spark_expression("explode(zip_with({0}, {1}, (__a, __b) -> named_struct('a', __a, 'b', __b)))", first, second)
    outer: list[exp.Expr] = [exp.column(item.alias_or_name, quoted=True) for item in node.expressions]
    for (index, item), part in zip(items, "ab", strict=True):
        outer[index] = exp.alias_(
            exp.Dot(this=exp.to_identifier(_PART), expression=exp.to_identifier(part)), item.alias, quoted=True
        )
    inner = node.copy()
    kept = [item.copy() for item in node.expressions if not isinstance(item.unalias(), exp.Explode)]
    inner.set("expressions", [*kept, exp.alias_(pairs, _PART)])
    return exp.select(*outer).from_(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("__unnested"))))


def _range_relation(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """As a relation: Spark's own, whose column is called `id`."""
    series = node.this
    if not isinstance(series, exp.GenerateSeries):
        return node
    end = series.args["end"] if series.args.get("is_end_exclusive") else spark_expression("{0} + 1", series.args["end"])
    step = series.args.get("step") or exp.Literal.number(1)
    alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier("range"))
    named = alias.columns[0].name if alias.columns else alias.name
    rows = spark_call("range", series.args["start"], end, step).sql("spark")
    return relation(f"SELECT id AS `{named}` FROM {rows}", alias.name)


RULES: Mapping[RuleKey, RewriteRule] = {
    exp.Distinct: _distinct,
    exp.In: _tuple_in,
    exp.ArgMax: _arg_aggregate("max_by"),
    exp.ArgMin: _arg_aggregate("min_by"),
    exp.ArrayAgg: _list_aggregate,
    exp.Filter: _filter,
    exp.Bracket: _bracket,
    exp.ArraySort: _sort,
    exp.Table: _range_relation,
    exp.Select: _unnest_lists,
}

"""Lists, tuples and structs, and unnesting."""

from collections.abc import Mapping

from sqlglot import exp

from lakeward.core.errors import DefinitionError
from lakeward.core.messages import Phrase
from lakeward.engines.spark.expressions import OperandTypes, RewriteRule, RuleKey, relation, spark_call, spark_expression

# Names used only in Spark's query.
_PART = "__part"


def _distinct(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`count(DISTINCT tuple)`: Spark ignores tuples with a NULL."""
    if len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Tuple):
        return exp.Distinct(expressions=[spark_call("struct", *node.expressions[0].expressions)])
    return node


def _tuple_in(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`(a, b) IN (SELECT (x, y) …)`: Spark needs two columns."""
    query = node.args.get("query")
    inner = query.this if isinstance(query, exp.Subquery) else query
    if isinstance(inner, exp.Select) and len(inner.expressions) == 1:
        only = inner.expressions[0].unalias()
        if isinstance(only, exp.Tuple) and isinstance(node.this, exp.Tuple):
            inner.set("expressions", [part.copy() for part in only.expressions])
    return node


def _arg_aggregate(name: str) -> RewriteRule:
    """`arg_max` and `arg_min`, ignoring NULLs."""
    return lambda node, _types: spark_call(
        name, node.this, exp.Case().when(spark_expression("{0} IS NOT NULL", node.this), node.expression.copy())
    )


def _list_aggregate(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`list` with order and NULLs, which Spark omits; NULL without rows."""
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
    """Sort keys as in DuckDB, NULLs last, for an ascending sort of structs."""
    if item.args.get("desc"):
        raise DefinitionError("query_not_understood", reason="list(… ORDER BY … DESC)")
    return [spark_call("isnull", item.this), item.this]


def _filter(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """The filter, unless the aggregate already contains it."""
    return node if isinstance(node.this, exp.AggFunc | exp.Anonymous | exp.WithinGroup) else node.this


def _bracket(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`[]`: an item from 1 or from the end, NULL if there is none; a slice; or a map's value by key."""
    position = node.expressions[0]
    if isinstance(position, exp.Slice):
        return _slice(node.this, position.this, position.expression)
    if position.is_string:
        return spark_call("try_element_at", node.this, position)
    return spark_expression("try_element_at({0}, CAST(nullif({1}, 0) AS INT))", node.this, position)


def _slice(items: exp.Expr, first_position: exp.Expr | None, last_position: exp.Expr | None) -> exp.Expr:
    """A slice, both positions included; positions beyond the ends are clipped."""
    start = _positive_position(items, first_position) if first_position else exp.Literal.number(1)
    end = _positive_position(items, last_position) if last_position else spark_call("size", items)
    return spark_expression(
        "slice({0}, CAST(greatest({1}, 1) AS INT), CAST(greatest(least({2}, size({0})) - greatest({1}, 1) + 1, 0) AS INT))",
        items,
        start,
        end,
    )


def _positive_position(items: exp.Expr, position: exp.Expr) -> exp.Expr:
    """The position from 1, also if given from the end."""
    return spark_expression("CASE WHEN {1} < 0 THEN size({0}) + {1} + 1 ELSE {1} END", items, position)


def _sort(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    return spark_call("array_sort", node.this)


def _unnest_lists(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`unnest` of several lists: Spark unnests one list per SELECT, so the lists are zipped."""
    items = [(index, item) for index, item in enumerate(node.expressions) if isinstance(item.unalias(), exp.Explode)]
    if len(items) < 2:
        return node
    if len(items) > 2:
        raise DefinitionError("query_not_understood", reason=Phrase("phrase_three_lists"))
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
    """`range` as a relation: Spark's column is called `id`."""
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

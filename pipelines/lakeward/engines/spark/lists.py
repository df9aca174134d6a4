"""Lists, tuples and structs, and what makes rows of them."""

from collections.abc import Mapping

from sqlglot import exp

from lakeward.core.errors import DefinitionError
from lakeward.engines.spark.building import Key, Rule, Types, call, relation, spark

# Names of what only Spark sees.
_PART = "__part"


def _distinct(node: exp.Expr, _types: Types) -> exp.Expr:
    """A tuple counts as one value; Spark leaves out those with a NULL in them."""
    if len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Tuple):
        return exp.Distinct(expressions=[call("struct", *node.expressions[0].expressions)])
    return node


def _in(node: exp.Expr, _types: Types) -> exp.Expr:
    """`(a, b) IN (SELECT (x, y) …)`: two columns to Spark."""
    query = node.args.get("query")
    inner = query.this if isinstance(query, exp.Subquery) else query
    if isinstance(inner, exp.Select) and len(inner.expressions) == 1:
        only = inner.expressions[0].unalias()
        if isinstance(only, exp.Tuple) and isinstance(node.this, exp.Tuple):
            inner.set("expressions", [one.copy() for one in only.expressions])
    return node


def _arg(name: str) -> Rule:
    """The value beside the greatest or least one; a missing value is passed over."""
    return lambda node, _types: call(
        name, node.this, exp.Case().when(spark("{0} IS NOT NULL", node.this), node.expression.copy())
    )


def _listed(node: exp.Expr, _types: Types) -> exp.Expr:
    """All values in order, NULLs among them, which Spark's would leave out; NULL for no rows at all."""
    given, order = (node.this.this, node.this.expressions) if isinstance(node.this, exp.Order) else (node.this, [])
    unique = isinstance(given, exp.Distinct)
    value = given.expressions[0] if unique else given
    keys = [key for one in order for key in _sort_keys(one)]
    held = call("named_struct", *(part for place, key in enumerate(keys) for part in (f"k{place}", key)), "v", value)
    where = node.parent.expression.this if isinstance(node.parent, exp.Filter) else exp.true()
    chosen = exp.Case().when(where.copy(), held)
    gathered = call("collect_set" if unique else "collect_list", chosen)
    sorted_ = call("array_sort", gathered) if keys else gathered
    return spark("CASE WHEN count_if({0}) > 0 THEN transform({1}, __one -> __one.v) END", where, sorted_)


def _sort_keys(one: exp.Expr) -> list[exp.Expr]:
    """What sorts as DuckDB does, NULLs last, in an ascending sort of structs."""
    if one.args.get("desc"):
        raise DefinitionError("query_not_understood", reason="list(… ORDER BY … DESC)")
    return [call("isnull", one.this), one.this]


def _filter(node: exp.Expr, _types: Types) -> exp.Expr:
    """A filter that the aggregate has taken in already."""
    return node if isinstance(node.this, exp.AggFunc | exp.Anonymous | exp.WithinGroup) else node.this


def _bracket(node: exp.Expr, _types: Types) -> exp.Expr:
    """One, counted from 1 or from the end, NULL where there is none; or those from one place to another. A map's value, by its key."""
    place = node.expressions[0]
    if isinstance(place, exp.Slice):
        return _slice(node.this, place.this, place.expression)
    if place.is_string:
        return call("try_element_at", node.this, place)
    return spark("try_element_at({0}, CAST(nullif({1}, 0) AS INT))", node.this, place)


def _slice(items: exp.Expr, first: exp.Expr | None, last: exp.Expr | None) -> exp.Expr:
    """From one place to the other, both taken; places beyond the ends are the ends."""
    start = _place(items, first) if first else exp.Literal.number(1)
    end = _place(items, last) if last else call("size", items)
    return spark(
        "slice({0}, CAST(greatest({1}, 1) AS INT), CAST(greatest(least({2}, size({0})) - greatest({1}, 1) + 1, 0) AS INT))",
        items,
        start,
        end,
    )


def _place(items: exp.Expr, place: exp.Expr) -> exp.Expr:
    """Counted from 1, also where it was counted from the end."""
    return spark("CASE WHEN {1} < 0 THEN size({0}) + {1} + 1 ELSE {1} END", items, place)


def _sort(node: exp.Expr, _types: Types) -> exp.Expr:
    return call("array_sort", node.this)


def _unnested(node: exp.Expr, _types: Types) -> exp.Expr:
    """Several lists side by side: Spark makes rows of one list per SELECT, so of the list of their pairs."""
    items = [(place, item) for place, item in enumerate(node.expressions) if isinstance(item.unalias(), exp.Explode)]
    if len(items) < 2:
        return node
    if len(items) > 2:
        raise DefinitionError("query_not_understood", reason="unnest of more than two lists in one SELECT")
    first, second = (item.unalias().this for _, item in items)
    pairs = spark("explode(zip_with({0}, {1}, (__a, __b) -> named_struct('a', __a, 'b', __b)))", first, second)
    outer: list[exp.Expr] = [exp.column(item.alias_or_name, quoted=True) for item in node.expressions]
    for (place, item), part in zip(items, "ab", strict=True):
        outer[place] = exp.alias_(
            exp.Dot(this=exp.to_identifier(_PART), expression=exp.to_identifier(part)), item.alias, quoted=True
        )
    inner = node.copy()
    kept = [item.copy() for item in node.expressions if not isinstance(item.unalias(), exp.Explode)]
    inner.set("expressions", [*kept, exp.alias_(pairs, _PART)])
    return exp.select(*outer).from_(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("__unnested"))))


def _range(node: exp.Expr, _types: Types) -> exp.Expr:
    """As a relation: Spark's own, whose column is called `id`."""
    made = node.this
    if not isinstance(made, exp.GenerateSeries):
        return node
    end = made.args["end"] if made.args.get("is_end_exclusive") else spark("{0} + 1", made.args["end"])
    step = made.args.get("step") or exp.Literal.number(1)
    alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier("range"))
    named = alias.columns[0].name if alias.columns else alias.name
    rows = call("range", made.args["start"], end, step).sql("spark")
    return relation(f"SELECT id AS `{named}` FROM {rows}", alias.name)


RULES: Mapping[Key, Rule] = {
    exp.Distinct: _distinct,
    exp.In: _in,
    exp.ArgMax: _arg("max_by"),
    exp.ArgMin: _arg("min_by"),
    exp.ArrayAgg: _listed,
    exp.Filter: _filter,
    exp.Bracket: _bracket,
    exp.ArraySort: _sort,
    exp.Table: _range,
    exp.Select: _unnested,
}

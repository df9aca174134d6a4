"""The flows' SQL, which is DuckDB's, as Spark must be told it to give the same answers.

Refuses to pass a function through by its name alone where Spark lacks it, or means something else by it.
"""

from collections.abc import Callable, Mapping, Sequence

import sqlglot
from sqlglot import exp

from lakeward.core.names import TableName
from lakeward.engines.spark.formats import java_pattern, java_time
from lakeward.engines.spark.queries import lake_table, sources

Scan = Callable[[TableName], str]
Args = Sequence[exp.Expr]


def to_spark(tree: exp.Expr, scan: Scan) -> str:
    """The query in Spark's SQL; `scan` gives the relation to read for a table of the lake."""
    for table in sources(tree):
        if name := lake_table(table):
            stored = exp.maybe_parse(f"SELECT * FROM {scan(name)}", into=exp.Select, dialect="spark")
            table.replace(stored.subquery(table.alias or table.name))
    return tree.transform(_told).sql(dialect="spark")


def _told(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Anonymous):
        rule = FUNCTIONS.get(node.name.lower())
        return rule(node.expressions) if rule else node
    told = NODES.get(type(node))
    return told(node) if told else node


def _spark(template: str, *args: exp.Expr) -> exp.Expr:
    """An expression of Spark's own, `{0}, {1}, …` being arguments."""
    written = [f"__arg{place}__" for place, _ in enumerate(args)]
    tree = sqlglot.parse_one(template.format(*written), dialect="spark")
    given = dict(zip(written, args, strict=True))
    return tree.transform(lambda n: given[n.name].copy() if isinstance(n, exp.Column) and n.name in given else n)


def _function(name: str, *args: exp.Expr | str) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[exp.Literal.string(a) if isinstance(a, str) else a for a in args])


def _finite(args: Args) -> exp.Expr:
    return _spark("NOT (isnan({0}) OR abs({0}) = CAST('Infinity' AS DOUBLE))", args[0])


def _strptime(args: Args) -> exp.Expr:
    """Java's parser fills in and forgives what this one does not: the form is looked at first."""
    form = java_time(args[1].name)
    parsed = _function("try_to_timestamp", args[0], form.pattern)
    typed = exp.cast(parsed, "TIMESTAMPTZ" if form.has_zone else "TIMESTAMP", dialect="duckdb")
    return exp.Case().when(_function("rlike", args[0].copy(), form.regex), typed)


FUNCTIONS: Mapping[str, Callable[[Args], exp.Expr]] = {
    "isfinite": _finite,
    "try_strptime": _strptime,
    "hash": lambda args: _function("xxhash64", *args),
    "epoch_us": lambda args: _function("unix_micros", *args),
    "regexp_full_match": lambda args: _function("rlike", args[0], java_pattern(f"^(?:{args[1].name})$")),
    "strlen": lambda args: _function("octet_length", *args),
}
NODES: Mapping[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {}

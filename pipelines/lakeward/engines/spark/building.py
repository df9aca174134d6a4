"""Small pieces that rules of the dialect build Spark's expressions from. Refuses nothing; knows no rule."""

import functools
from collections.abc import Callable, Sequence

import sqlglot
from sqlglot import exp

# Of a node: DuckDB's type of itself, then of what it is made of, in order; empty where not known.
Types = Sequence[str]
Rule = Callable[[exp.Expr, Types], exp.Expr]
# A kind of node, or the name of a function that has no kind of its own.
Key = type[exp.Expr] | str

INSTANT = "TIMESTAMP WITH TIME ZONE"
NAIVE = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})
FLOATS = frozenset({"FLOAT", "DOUBLE"})


def spark(template: str, *given: exp.Expr) -> exp.Expr:
    """An expression of Spark's own, `{0}, {1}, …` being the given ones."""
    names = [f"__given{place}__" for place, _ in enumerate(given)]
    places = dict(zip(names, given, strict=True))
    tree = _parsed(template.format(*names)).copy()
    for column in list(tree.find_all(exp.Column)):
        if column.name in places:
            column.replace(
                exp.paren(places[column.name].copy()) if needs_paren(places[column.name]) else places[column.name].copy()
            )
    return exp.paren(tree, copy=False) if needs_paren(tree) else tree


@functools.cache
def _parsed(template: str) -> exp.Expr:
    """Rules are few and their templates the same for every query."""
    return sqlglot.parse_one(template, dialect="spark")


def needs_paren(node: exp.Expr) -> bool:
    """Whether the node could come apart beside another operator."""
    return isinstance(node, exp.Binary | exp.Unary | exp.Between | exp.In | exp.Is) and not isinstance(node, exp.Dot | exp.Paren)


def call(name: str, *given: exp.Expr | str | int) -> exp.Anonymous:
    """Spark's function of that name; texts and numbers are literals."""
    return exp.Anonymous(this=name, expressions=[_literal(one) for one in given])


def _literal(one: exp.Expr | str | int) -> exp.Expr:
    if isinstance(one, exp.Expr):
        return one.copy()
    return exp.Literal.string(one) if isinstance(one, str) else exp.Literal.number(one)


def relation(query: str, alias: str) -> exp.Subquery:
    """A query in Spark's own SQL, to be read from under that name."""
    return exp.Subquery(
        this=sqlglot.parse_one(query, dialect="spark"), alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True))
    )


def is_text(type_: str) -> bool:
    """Whether DuckDB's type is one of texts."""
    return type_ == "VARCHAR" or type_.startswith("ENUM(")


def is_decimal(type_: str) -> bool:
    """Whether it is a decimal."""
    return type_.startswith("DECIMAL(")


def is_list(type_: str) -> bool:
    """Whether it is a list."""
    return type_.endswith("[]")


def duck_type(type_: exp.Expr) -> str:
    """DuckDB's name of the type in a cast, as it says it of a column."""
    name = type_.sql("duckdb").replace(", ", ",")
    suffix = "[]" if name.endswith("[]") else ""
    return _SHORT.get(name.removesuffix("[]"), name.removesuffix("[]")) + suffix


def spark_name(type_: str) -> str:
    """Spark's name of DuckDB's type; the empty text where Spark has none that holds its values."""
    if is_list(type_):
        inner = spark_name(type_[:-2])
        return f"ARRAY<{inner}>" if inner else ""
    return type_ if is_decimal(type_) else _NAMES.get("VARCHAR" if is_text(type_) else type_, "")


# What sqlglot writes otherwise than DuckDB says it.
_SHORT = {"TEXT": "VARCHAR", "INT": "INTEGER", "TIMESTAMPTZ": INSTANT, "REAL": "FLOAT"}
_NAMES = {
    "VARCHAR": "STRING",
    "BOOLEAN": "BOOLEAN",
    "TINYINT": "TINYINT",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INT",
    "BIGINT": "BIGINT",
    "HUGEINT": "DECIMAL(38,0)",
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INT",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    "FLOAT": "FLOAT",
    "DOUBLE": "DOUBLE",
    "DATE": "DATE",
    INSTANT: "TIMESTAMP",
    **dict.fromkeys(NAIVE, "TIMESTAMP_NTZ"),
    "BLOB": "BINARY",
}

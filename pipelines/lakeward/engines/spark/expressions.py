"""Helpers that the rules of the dialect build Spark expressions from."""

import functools
from collections.abc import Callable, Sequence

import sqlglot
from sqlglot import exp

# DuckDB's type of a node, then those of its operands in order; empty if unknown.
OperandTypes = Sequence[str]
RewriteRule = Callable[[exp.Expr, OperandTypes], exp.Expr]
# A node class, or the name of a function without one.
RuleKey = type[exp.Expr] | str

INSTANT = "TIMESTAMP WITH TIME ZONE"
NAIVE = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})
FLOATS = frozenset({"FLOAT", "DOUBLE"})


def spark_expression(template: str, *operands: exp.Expr) -> exp.Expr:
    """A Spark expression from a template with `{0}, {1}, …` for the given expressions."""
    names = [f"__given{index}__" for index, _ in enumerate(operands)]
    operand_by_name = dict(zip(names, operands, strict=True))
    tree = _parse_template(template.format(*names)).copy()
    for column in list(tree.find_all(exp.Column)):
        if column.name in operand_by_name:
            column.replace(
                exp.paren(operand_by_name[column.name].copy())
                if needs_paren(operand_by_name[column.name])
                else operand_by_name[column.name].copy()
            )
    return exp.paren(tree, copy=False) if needs_paren(tree) else tree


@functools.cache
def _parse_template(template: str) -> exp.Expr:
    """Cached, since rules use few templates."""
    return sqlglot.parse_one(template, dialect="spark")


def needs_paren(node: exp.Expr) -> bool:
    """Whether the node needs parentheses beside another operator."""
    return isinstance(node, exp.Binary | exp.Unary | exp.Between | exp.In | exp.Is) and not isinstance(node, exp.Dot | exp.Paren)


def spark_call(name: str, *operands: exp.Expr | str | int) -> exp.Anonymous:
    """Spark's function of that name; texts and numbers are literals."""
    return exp.Anonymous(this=name, expressions=[_literal(operand) for operand in operands])


def _literal(operand: exp.Expr | str | int) -> exp.Expr:
    if isinstance(operand, exp.Expr):
        return operand.copy()
    return exp.Literal.string(operand) if isinstance(operand, str) else exp.Literal.number(operand)


def relation(query: str, alias: str) -> exp.Subquery:
    """A query in Spark SQL as a relation of that name."""
    return exp.Subquery(
        this=sqlglot.parse_one(query, dialect="spark"), alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True))
    )


def is_text(type_: str) -> bool:
    """Whether DuckDB's type is a text type."""
    return type_ == "VARCHAR" or type_.startswith("ENUM(")


def is_decimal(type_: str) -> bool:
    """Whether it is a decimal."""
    return type_.startswith("DECIMAL(")


def is_list(type_: str) -> bool:
    """Whether it is a list."""
    return type_.endswith("[]")


def duckdb_type(type_: exp.Expr) -> str:
    """DuckDB's name of the type in a cast."""
    name = type_.sql("duckdb").replace(", ", ",")
    suffix = "[]" if name.endswith("[]") else ""
    return _DUCKDB_NAMES.get(name.removesuffix("[]"), name.removesuffix("[]")) + suffix


def spark_type_name(type_: str) -> str:
    """Spark's name of DuckDB's type; empty if Spark has no type for its values."""
    if is_list(type_):
        inner = spark_type_name(type_[:-2])
        return f"ARRAY<{inner}>" if inner else ""
    return type_ if is_decimal(type_) else _SPARK_NAMES.get("VARCHAR" if is_text(type_) else type_, "")


# Types that sqlglot names differently from DuckDB.
_DUCKDB_NAMES = {"TEXT": "VARCHAR", "INT": "INTEGER", "TIMESTAMPTZ": INSTANT, "REAL": "FLOAT"}
_SPARK_NAMES = {
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

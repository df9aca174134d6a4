"""Small pieces that rules of the dialect build Spark's expressions from. Refuses nothing; knows no rule."""

import functools
from collections.abc import Callable, Sequence

import sqlglot
from sqlglot import exp

# Of a node: DuckDB's type of itself, then of what it is made of, in order; empty where not known.
OperandTypes = Sequence[str]
RewriteRule = Callable[[exp.Expr, OperandTypes], exp.Expr]
# A kind of node, or the name of a function that has no kind of its own.
RuleKey = type[exp.Expr] | str

INSTANT = "TIMESTAMP WITH TIME ZONE"
NAIVE = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})
FLOATS = frozenset({"FLOAT", "DOUBLE"})


def spark_expression(template: str, *operands: exp.Expr) -> exp.Expr:
    """An expression of Spark's own, `{0}, {1}, …` being the given ones."""
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
    """Rules are few and their templates the same for every query."""
    return sqlglot.parse_one(template, dialect="spark")


def needs_paren(node: exp.Expr) -> bool:
    """Whether the node could come apart beside another operator."""
    return isinstance(node, exp.Binary | exp.Unary | exp.Between | exp.In | exp.Is) and not isinstance(node, exp.Dot | exp.Paren)


def spark_call(name: str, *operands: exp.Expr | str | int) -> exp.Anonymous:
    """Spark's function of that name; texts and numbers are literals."""
    return exp.Anonymous(this=name, expressions=[_literal(operand) for operand in operands])


def _literal(operand: exp.Expr | str | int) -> exp.Expr:
    if isinstance(operand, exp.Expr):
        return operand.copy()
    return exp.Literal.string(operand) if isinstance(operand, str) else exp.Literal.number(operand)


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


def duckdb_type(type_: exp.Expr) -> str:
    """DuckDB's name of the type in a cast, as it says it of a column."""
    name = type_.sql("duckdb").replace(", ", ",")
    suffix = "[]" if name.endswith("[]") else ""
    return _DUCKDB_NAMES.get(name.removesuffix("[]"), name.removesuffix("[]")) + suffix


def spark_type_name(type_: str) -> str:
    """Spark's name of DuckDB's type; the empty text where Spark has none that holds its values."""
    if is_list(type_):
        inner = spark_type_name(type_[:-2])
        return f"ARRAY<{inner}>" if inner else ""
    return type_ if is_decimal(type_) else _SPARK_NAMES.get("VARCHAR" if is_text(type_) else type_, "")


# What sqlglot writes otherwise than DuckDB says it.
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

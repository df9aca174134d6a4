"""Expands `* REPLACE (…)`, which Spark lacks, into columns.

`t.* REPLACE (…)` and `COLUMNS(…)` are not supported, since no flow uses them.
"""

from sqlglot import exp

from lakeward.core.errors import DefinitionError
from lakeward.core.messages import Phrase
from lakeward.engines.spark.type_resolver import TypeResolver


def expand_star_replace(tree: exp.Expr, shapes: TypeResolver) -> None:
    """Expand each star with REPLACE in place; the result is still in DuckDB's dialect."""
    for select in list(tree.find_all(exp.Select)):
        if any(_replacements(item) for item in select.expressions):
            select.set("expressions", [item_ for item in select.expressions for item_ in _expanded_items(select, item, shapes)])
    if tree.find(exp.Columns) or any(_replacements(star) for star in tree.find_all(exp.Star)):
        raise DefinitionError("query_not_understood", reason=Phrase("phrase_star"))


def _replacements(item: exp.Expr) -> list[exp.Expr]:
    return (item.args.get("replace") or []) if isinstance(item, exp.Star) else []


def _expanded_items(select: exp.Expr, item: exp.Expr, shapes: TypeResolver) -> list[exp.Expr]:
    """The item, or the columns of the star in order."""
    if not _replacements(item):
        return [item]
    new = {replacement.alias.lower(): replacement for replacement in _replacements(item)}
    left_out = {replacement.name.lower() for replacement in item.args.get("except_") or []}
    names = [name for name in shapes.star_columns(select) if name.lower() not in left_out]
    return [new.get(name.lower()) or exp.column(name, quoted=True) for name in names]

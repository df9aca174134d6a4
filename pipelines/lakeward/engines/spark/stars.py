"""`* REPLACE (…)`, which Spark lacks, told by the columns that the star stands for.

Refuses `t.* REPLACE (…)` and `COLUMNS(…)`: no flow asks for them.
"""

from sqlglot import exp

from lakeward.core.errors import DefinitionError
from lakeward.engines.spark.shapes import Shapes


def without_replace(tree: exp.Expr, shapes: Shapes) -> None:
    """Write out each star that replaces columns, in place; still DuckDB's dialect."""
    for select in list(tree.find_all(exp.Select)):
        if any(_replaced(item) for item in select.expressions):
            select.set("expressions", [one for item in select.expressions for one in _items(select, item, shapes)])
    if tree.find(exp.Columns) or any(_replaced(star) for star in tree.find_all(exp.Star)):
        raise DefinitionError("query_not_understood", reason="COLUMNS(…), or t.* REPLACE (…): write the columns out")


def _replaced(item: exp.Expr) -> list[exp.Expr]:
    return (item.args.get("replace") or []) if isinstance(item, exp.Star) else []


def _items(select: exp.Expr, item: exp.Expr, shapes: Shapes) -> list[exp.Expr]:
    """The item, or the columns that it stands for, in their order."""
    if not _replaced(item):
        return [item]
    new = {one.alias.lower(): one for one in _replaced(item)}
    left_out = {one.name.lower() for one in item.args.get("except_") or []}
    names = [name for name in shapes.star(select) if name.lower() not in left_out]
    return [new.get(name.lower()) or exp.column(name, quoted=True) for name in names]

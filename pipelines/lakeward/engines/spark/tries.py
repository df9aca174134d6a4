"""`TRY(…)`, which Spark has not: a value that some cast inside can't compute becomes NULL, and the query goes on.

Refuses nothing; but only casts are tried: arithmetic that overflows stops a query on Spark.
"""

from sqlglot import exp


def without_try(tree: exp.Expr) -> exp.Expr:
    """The query with each TRY told by what of it fails; still DuckDB's dialect."""
    for node in list(tree.find_all(exp.Try)):
        fails, value = _fails(node.this), _tried(node.this)
        node.replace(value if isinstance(fails, exp.Boolean) else exp.Case().when(exp.not_(exp.paren(fails)), value))
    return tree


def _tried(node: exp.Expr) -> exp.Expr:
    """The expression with casts that give NULL."""
    tried = exp.paren(node.copy())
    for one in reversed(list(tried.find_all(exp.Cast))):
        if type(one) is exp.Cast:  # not a TRY_CAST, which is one of its kind
            one.replace(exp.TryCast(this=one.this, to=one.args["to"], safe=True))
    return tried


def _fails(node: exp.Expr) -> exp.Expr:
    """Whether a cast in the expression fails; only in the branches that are taken. Never NULL."""
    if isinstance(node, exp.Case):
        return _case(node)
    if isinstance(node, exp.Coalesce):
        first, *rest = [node.this, *node.expressions]
        later = _fails(exp.Coalesce(this=rest[0], expressions=rest[1:])) if rest else exp.false()
        return _any([_fails(first), _when(exp.Is(this=_tried(first), expression=exp.Null()), later)])
    inside = _any([_fails(one) for one in node.iter_expressions()])
    if type(node) is not exp.Cast:
        return inside
    there = exp.Not(this=exp.Is(this=_tried(node.this), expression=exp.Null()))
    return _any([inside, exp.and_(there, exp.Is(this=_tried(node), expression=exp.Null()))])


def _case(node: exp.Case) -> exp.Expr:
    found = _fails(node.args["default"]) if node.args.get("default") else exp.false()
    for branch in reversed(node.args["ifs"]):
        chosen = exp.EQ(this=node.this.copy(), expression=branch.this.copy()) if node.this else branch.this.copy()
        taken, otherwise = _fails(branch.args["true"]), found
        if not _never(taken) or not _never(otherwise):
            found = exp.Case().when(_tried(chosen), taken).else_(otherwise)
        found = _any([_fails(chosen), found])
    return found


def _when(condition: exp.Expr, fails: exp.Expr) -> exp.Expr:
    return fails if _never(fails) else exp.and_(condition, fails)


def _any(parts: list[exp.Expr]) -> exp.Expr:
    some = [part for part in parts if not _never(part)]
    return exp.paren(exp.or_(*some)) if some else exp.false()


def _never(node: exp.Expr) -> bool:
    return isinstance(node, exp.Boolean)

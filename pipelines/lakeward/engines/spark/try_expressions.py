"""Rewrites `TRY(…)`, which Spark lacks: a failing cast inside makes the value NULL.

Only casts are covered: an arithmetic overflow still fails the query on Spark.
"""

from sqlglot import exp


def rewrite_try(tree: exp.Expr) -> exp.Expr:
    """The query without TRY; the result is still in DuckDB's dialect."""
    for node in list(tree.find_all(exp.Try)):
        fails, value = _failure_condition(node.this), _with_try_casts(node.this)
        node.replace(value if isinstance(fails, exp.Boolean) else exp.Case().when(exp.not_(exp.paren(fails)), value))
    return tree


def _with_try_casts(node: exp.Expr) -> exp.Expr:
    """The expression with each CAST as TRY_CAST."""
    tried = exp.paren(node.copy())
    for cast in reversed(list(tried.find_all(exp.Cast))):
        if type(cast) is exp.Cast:  # not its subclass TRY_CAST
            cast.replace(exp.TryCast(this=cast.this, to=cast.args["to"], safe=True))
    return tried


def _failure_condition(node: exp.Expr) -> exp.Expr:
    """Condition: a cast in a taken branch of the expression fails. Never NULL."""
    if isinstance(node, exp.Case):
        return _case_failure(node)
    if isinstance(node, exp.Coalesce):
        first, *rest = [node.this, *node.expressions]
        later = _failure_condition(exp.Coalesce(this=rest[0], expressions=rest[1:])) if rest else exp.false()
        return _any_of(
            [_failure_condition(first), _and_condition(exp.Is(this=_with_try_casts(first), expression=exp.Null()), later)]
        )
    inside = _any_of([_failure_condition(child) for child in node.iter_expressions()])
    if type(node) is not exp.Cast:
        return inside
    there = exp.Not(this=exp.Is(this=_with_try_casts(node.this), expression=exp.Null()))
    return _any_of([inside, exp.and_(there, exp.Is(this=_with_try_casts(node), expression=exp.Null()))])


def _case_failure(node: exp.Case) -> exp.Expr:
    found = _failure_condition(node.args["default"]) if node.args.get("default") else exp.false()
    for branch in reversed(node.args["ifs"]):
        chosen = exp.EQ(this=node.this.copy(), expression=branch.this.copy()) if node.this else branch.this.copy()
        branch_failure, otherwise = _failure_condition(branch.args["true"]), found
        if not _is_never(branch_failure) or not _is_never(otherwise):
            found = exp.Case().when(_with_try_casts(chosen), branch_failure).else_(otherwise)
        found = _any_of([_failure_condition(chosen), found])
    return found


def _and_condition(condition: exp.Expr, fails: exp.Expr) -> exp.Expr:
    return fails if _is_never(fails) else exp.and_(condition, fails)


def _any_of(parts: list[exp.Expr]) -> exp.Expr:
    conditions = [part for part in parts if not _is_never(part)]
    return exp.paren(exp.or_(*conditions)) if conditions else exp.false()


def _is_never(node: exp.Expr) -> bool:
    return isinstance(node, exp.Boolean)

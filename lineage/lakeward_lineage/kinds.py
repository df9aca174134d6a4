"""What an expression does to a column inside it: passes it on, changes it, sums it up, or only decides by it."""

from typing import Final

from sqlglot import exp

from lakeward_lineage.model import Kind

_PASSES: Final = (exp.Alias, exp.Paren, exp.Subquery, exp.Window, exp.Filter, exp.Order, exp.Ordered)

# These are aggregates to the parser, yet each gives one of its rows' values as it is.
_PICKS: Final = (exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)

_DECIDES: Final[dict[tuple[type[exp.Expr], str], Kind]] = {
    (exp.Case, "this"): Kind.CONDITIONAL,
    (exp.If, "this"): Kind.CONDITIONAL,
    (exp.Filter, "expression"): Kind.CONDITIONAL,
    (exp.Exists, "this"): Kind.CONDITIONAL,
    (exp.Window, "partition_by"): Kind.WINDOW,
    (exp.Window, "order"): Kind.WINDOW,
    (exp.Window, "spec"): Kind.WINDOW,
    (exp.Order, "expressions"): Kind.SORT,
}

_STRENGTH: Final = (Kind.IDENTITY, Kind.TRANSFORMATION, Kind.AGGREGATION)


def kind_of(node: exp.Expr, root: exp.Expr) -> Kind:
    """What the expression `root` does to `node`, which lies in it."""
    kind = Kind.IDENTITY
    while node is not root and node.parent is not None:
        kind = compose(_step(node.parent, node), kind)
        node = node.parent
    return kind


def compose(outer: Kind, inner: Kind) -> Kind:
    """What is done in all when `outer` is done to what `inner` gave: what only decides never turns into a value again."""
    if not inner.direct or not outer.direct:
        return outer if inner.direct else inner
    return max(outer, inner, key=_STRENGTH.index)


def _step(parent: exp.Expr, child: exp.Expr) -> Kind:
    decided = _DECIDES.get((type(parent), child.arg_key or ""))
    # A window's order is the window's, and WITHIN GROUP orders the very values that are aggregated.
    if decided and not (decided is Kind.SORT and isinstance(parent.parent, exp.Window | exp.WithinGroup)):
        return decided
    if isinstance(parent, _PASSES):
        return Kind.IDENTITY
    if isinstance(parent, exp.AggFunc | exp.WithinGroup) and not isinstance(parent, _PICKS):
        return Kind.AGGREGATION
    return Kind.TRANSFORMATION

"""The effect of an expression on a column inside it: identity, transformation, aggregation, or only a condition."""

from typing import Final

from sqlglot import exp

from lakeward_lineage.model import TransformationKind

_PASS_THROUGH: Final = (exp.Alias, exp.Paren, exp.Subquery, exp.Window, exp.Filter, exp.Order, exp.Ordered)

# The parser treats these as aggregates, but each returns one of its rows' values unchanged.
_ROW_PICKING: Final = (exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)

_DECIDING_KINDS: Final[dict[tuple[type[exp.Expr], str], TransformationKind]] = {
    (exp.Case, "this"): TransformationKind.CONDITIONAL,
    (exp.If, "this"): TransformationKind.CONDITIONAL,
    (exp.Filter, "expression"): TransformationKind.CONDITIONAL,
    (exp.Exists, "this"): TransformationKind.CONDITIONAL,
    (exp.Window, "partition_by"): TransformationKind.WINDOW,
    (exp.Window, "order"): TransformationKind.WINDOW,
    (exp.Window, "spec"): TransformationKind.WINDOW,
    (exp.Order, "expressions"): TransformationKind.SORT,
}

_STRENGTH: Final = (TransformationKind.IDENTITY, TransformationKind.TRANSFORMATION, TransformationKind.AGGREGATION)


def kind_of(node: exp.Expr, root: exp.Expr) -> TransformationKind:
    """The effect of the expression `root` on `node` inside it."""
    kind = TransformationKind.IDENTITY
    while node is not root and node.parent is not None:
        kind = compose(_step(node.parent, node), kind)
        node = node.parent
    return kind


def compose(outer: TransformationKind, inner: TransformationKind) -> TransformationKind:
    """The combined effect of `outer` after `inner`: a condition stays a condition."""
    if not inner.direct or not outer.direct:
        return outer if inner.direct else inner
    return max(outer, inner, key=_STRENGTH.index)


def _step(parent: exp.Expr, child: exp.Expr) -> TransformationKind:
    decided = _DECIDING_KINDS.get((type(parent), child.arg_key or ""))
    # A window's order belongs to the window, and WITHIN GROUP orders the aggregated values.
    if decided and not (decided is TransformationKind.SORT and isinstance(parent.parent, exp.Window | exp.WithinGroup)):
        return decided
    if isinstance(parent, _PASS_THROUGH):
        return TransformationKind.IDENTITY
    if isinstance(parent, exp.AggFunc | exp.WithinGroup) and not isinstance(parent, _ROW_PICKING):
        return TransformationKind.AGGREGATION
    return TransformationKind.TRANSFORMATION

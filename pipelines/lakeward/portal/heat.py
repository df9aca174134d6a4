"""Bands of failed checks per million, on a fixed scale: a hundred times more is two colours further, whatever the estate."""

from decimal import Decimal

# Upper bounds per million, exclusive, of the bands `few`, `some` and `more`; nothing failed in `none`, the rest is `many`.
BOUNDS = (("few", 100), ("some", 1_000), ("more", 10_000))


def band(per_million: Decimal | int | None) -> str:
    """The band of a share; `unknown` of nothing measured."""
    if per_million is None:
        return "unknown"
    if per_million == 0:
        return "none"
    return next((name for name, bound in BOUNDS if per_million < bound), "many")

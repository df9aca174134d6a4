"""Shows a share as a percentage that is whole only if the share is: some failures never look like none, nor like all."""

from decimal import Decimal


def percent(share: float | Decimal) -> str:
    """`share`, 0 to 1, with one decimal, such as `4.2%`; what is nearly nothing is `<0.1%`, and nearly all `>99.9%`."""
    if 0 < share < 0.001:
        return "<0.1%"
    return ">99.9%" if 0.999 < share < 1 else f"{share:.1%}"

"""Noise of figures: the discrete Laplace distribution, drawn by OpenDP with exact arithmetic.

Noise of floating-point numbers gives the figure away in its last bits, so figures are whole numbers of steps. Source: Canonne, Kamath
and Steinke, The Discrete Gaussian for Differential Privacy, 2020.
"""

import math
from decimal import Decimal
from typing import Any

from lakeward.core.errors import MachineError


def draw_noise(epsilon: Decimal, sensitivity: int, count: int) -> list[int]:
    """Independent noise for so many figures.

    Args:
        epsilon: Privacy loss of all of these figures together.
        sensitivity: Largest sum of the changes of all figures by one unit.

    Raises:
        MachineError: OpenDP is not installed.
    """
    dp = _opendp()
    scale = float(sensitivity / epsilon)
    mechanism = _mechanism(dp, scale)
    while mechanism.map(sensitivity) > float(epsilon):  # the library's own word for what this scale costs
        scale = math.nextafter(scale, math.inf)
        mechanism = _mechanism(dp, scale)
    found: list[int] = mechanism([0] * count)
    return found


def _mechanism(dp: Any, scale: float) -> Any:
    return dp.m.make_laplace(dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64"), scale)


def _opendp() -> Any:
    try:
        import opendp.prelude as dp  # noqa: PLC0415 -- in an extra, and large
    except ImportError:
        raise MachineError("extra_missing", extra="noise") from None
    dp.enable_features("contrib")
    return dp

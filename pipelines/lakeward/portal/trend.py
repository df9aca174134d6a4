"""Points of a line over days, on the fixed scale of scores from 90 to 100: noise of a hundredth is no crash, and a fall is one."""

from collections.abc import Sequence
from decimal import Decimal

WIDTH, HEIGHT, MARGIN = 160, 32, 4
# The bottom of the scale; lower scores lie on it.
LOWEST, HIGHEST = 90.0, 100.0


def divider(before: int, count: int) -> float:
    """Where a line stands between two of `count` scores.

    Args:
        before: Scores on its left, 1 to `count`.
    """
    return round(MARGIN + (before - 0.5) * (WIDTH - 2 * MARGIN) / max(count - 1, 1), 1)


def trend_points(scores: Sequence[Decimal | int | None]) -> list[list[tuple[float, float]]]:
    """The lines over the scores, oldest first: an unknown score is a gap, so that no line crosses it."""
    step = (WIDTH - 2 * MARGIN) / max(len(scores) - 1, 1)
    lines: list[list[tuple[float, float]]] = [[]]
    for place, score in enumerate(scores):
        if score is None:
            lines.append([])
            continue
        share = (min(max(float(score), LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
        across = MARGIN + place * step if len(scores) > 1 else WIDTH / 2
        lines[-1].append((round(across, 1), round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 1)))
    return [line for line in lines if line]

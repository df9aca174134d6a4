"""Where the radar chart of readiness draws its lines: an unmeasured domain has a dashed spoke without a point, for unknown is no zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import cos, pi, sin

# Levels 1 to 5 are the rings; the centre is no level.
LEVELS = 5
RADIUS, CENTRE = 118, (245, 158)
WIDTH, HEIGHT = 490, 310
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoke:
    """One domain.

    Args:
        lines: Its name, in one line or two.
        end: End of its spoke.
        name_at: Where its name stands.
        anchor: Which end of the name stands there: `start`, `middle` or `end`.
        point: Its score; None if it is not measured.
    """

    lines: tuple[str, ...]
    end: Point
    name_at: Point
    anchor: str
    point: Point | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Radar:
    """The chart.

    Args:
        rings: Corners of the rings, the inner one first.
        sides: Lines between known neighbours: one across an unknown domain would suggest a value.
        area: Corners of the area; empty unless every domain is known.
        marks: Numbers of levels, and where they stand.
    """

    rings: tuple[tuple[Point, ...], ...]
    spokes: tuple[Spoke, ...]
    sides: tuple[tuple[Point, Point], ...]
    area: tuple[Point, ...]
    marks: tuple[tuple[int, Point], ...]


def draw_radar(scores: Mapping[str, Decimal | int | None]) -> Radar:
    """The chart of scores, 0 to 5 or None, by the names of domains in one language."""
    count = max(len(scores), 3)
    spokes = tuple(_spoke(at, count, name, score) for at, (name, score) in enumerate(scores.items()))
    points = [spoke.point for spoke in spokes]
    known = tuple(point for point in points if point)
    is_whole = len(known) == len(points)
    return Radar(
        rings=tuple(tuple(_place(at, count, level) for at in range(count)) for level in range(1, LEVELS + 1)),
        spokes=spokes,
        sides=() if is_whole else tuple(_sides(points)),
        area=known if is_whole else (),
        marks=tuple((level, (CENTRE[0] + 5, round(CENTRE[1] - RADIUS * level / LEVELS + 11, 1))) for level in (1, 3, 5)),
    )


def _spoke(at: int, count: int, name: str, score: Decimal | int | None) -> Spoke:
    side = sin(2 * pi * at / count)
    x, y = _place(at, count, 5.5)
    first, _, rest = name.partition(" and ")
    return Spoke(
        lines=(f"{first} &", rest) if rest else (name,),
        end=_place(at, count, LEVELS),
        name_at=(x, round(y + 4, 1)),
        anchor="middle" if abs(side) < 0.2 else "start" if side > 0 else "end",
        point=None if score is None else _place(at, count, float(score)),
    )


def _sides(points: Sequence[Point | None]) -> list[tuple[Point, Point]]:
    following = (*points[1:], *points[:1])
    return [(one, other) for one, other in zip(points, following, strict=True) if one and other]


def _place(at: int, count: int, level: float) -> Point:
    angle = 2 * pi * at / count
    return round(CENTRE[0] + RADIUS * level / LEVELS * sin(angle), 1), round(CENTRE[1] - RADIUS * level / LEVELS * cos(angle), 1)

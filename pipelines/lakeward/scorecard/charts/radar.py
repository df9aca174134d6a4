"""Radar chart of readiness by domain: an unmeasured one has a dashed spoke without a point, so that unknown never looks like zero."""

from collections.abc import Sequence
from math import cos, pi, sin

from lakeward.scorecard.charts.shapes import Number, svg
from lakeward.scorecard.markup import Markup, tag

# Levels 1 to 5 are the rings; the centre is no level.
LEVELS = 5
RADIUS, CENTRE = 118, (245, 158)
WIDTH, HEIGHT = 490, 310


def radar(spokes: Sequence[tuple[dict[str, str], Number | None]]) -> Markup:
    """The chart; each spoke has its name by language, and a score of 0 to 5 or None."""
    count = max(len(spokes), 3)
    rings = [tag("polygon", points=_ring(count, level), class_="ring") for level in range(1, LEVELS + 1)]
    rays = [
        tag(
            "line",
            x1=CENTRE[0],
            y1=CENTRE[1],
            x2=_x(at, count, LEVELS),
            y2=_y(at, count, LEVELS),
            class_="ray" if score is not None else "ray open",
        )
        for at, (_, score) in enumerate(spokes)
    ]
    measured = [(at, float(score)) for at, (_, score) in enumerate(spokes) if score is not None]
    area = _area(count, dict(measured))
    dots = [tag("circle", cx=_x(at, count, s), cy=_y(at, count, s), r=4, class_="dot") for at, s in measured]
    names = [label for at, (name, score) in enumerate(spokes) for label in _names(at, count, name, open_=score is None)]
    marks = [
        tag("text", str(level), x=CENTRE[0] + 5, y=f"{CENTRE[1] - RADIUS * level / LEVELS + 11:.1f}", class_="mark")
        for level in (1, 3, 5)
    ]
    return svg(WIDTH, HEIGHT, *rings, *rays, *area, *dots, *marks, *names, class_="radar")


def _area(count: int, measured: dict[int, float]) -> list[Markup]:
    """Lines between known neighbours; filled only if all are known, since a line across an unknown one would suggest a value."""
    if len(measured) == count:
        return [
            tag("polygon", points=" ".join(f"{_x(at, count, s)},{_y(at, count, s)}" for at, s in measured.items()), class_="area")
        ]
    sides = [(at, (at + 1) % count) for at in measured if (at + 1) % count in measured]
    ends = [
        {
            "x1": _x(a, count, measured[a]),
            "y1": _y(a, count, measured[a]),
            "x2": _x(b, count, measured[b]),
            "y2": _y(b, count, measured[b]),
        }
        for a, b in sides
    ]
    return [tag("line", class_="area", **end) for end in ends]


def _ring(count: int, level: float) -> str:
    return " ".join(f"{_x(at, count, level)},{_y(at, count, level)}" for at in range(count))


def _x(at: int, count: int, level: float) -> str:
    return f"{CENTRE[0] + RADIUS * level / LEVELS * sin(2 * pi * at / count):.1f}"


def _y(at: int, count: int, level: float) -> str:
    return f"{CENTRE[1] - RADIUS * level / LEVELS * cos(2 * pi * at / count):.1f}"


def _names(at: int, count: int, names: dict[str, str], *, open_: bool) -> list[Markup]:
    side = sin(2 * pi * at / count)
    anchor = "middle" if abs(side) < 0.2 else "start" if side > 0 else "end"
    text_position = {"x": _x(at, count, 5.45), "y": f"{float(_y(at, count, 5.55)) + 4:.1f}", "text_anchor": anchor}
    drawn = []
    for lang, name in names.items():
        head, _, rest = name.partition(" and ") if lang == "en" else (name, "", "")
        lines = [tag("tspan", f"{head} &" if rest else head, x=text_position["x"])]
        lines += [tag("tspan", rest, x=text_position["x"], dy="1.15em")] if rest else []
        drawn.append(tag("text", *lines, lang=lang, class_="name open" if open_ else "name", **text_position))
    return drawn

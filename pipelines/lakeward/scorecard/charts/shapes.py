"""Small pictures: bars, sparklines, stacks. Unknown is hatched in grey or left out, never an empty bar."""

from collections.abc import Sequence
from decimal import Decimal

from lakeward.scorecard.markup import Markup, tag

Number = int | Decimal
# Size of a sparkline in its own units; CSS scales it.
WIDTH, HEIGHT = 120, 28


def svg(width: float, height: float, *children: Markup, **attributes: object) -> Markup:
    """An SVG element; without a label screen readers skip it, because the numbers are beside it."""
    hidden = {} if "aria_label" in attributes else {"aria_hidden": "true"}
    return tag("svg", *children, viewBox=f"0 0 {width:g} {height:g}", focusable="false", **hidden, **attributes)


def bar(value: Number | None, top: Number, class_: str = "") -> Markup:
    """A horizontal bar of `value` of `top`; hatched if unknown."""
    track = tag("rect", x=0, y=0, width=100, height=6, class_="track" if value is not None else "hatch")
    if value is None or not top:
        return svg(100, 6, track, class_="bar", preserveAspectRatio="none")
    part = max(0.0, min(100.0, 100 * float(value) / float(top)))
    return svg(
        100, 6, track, tag("rect", x=0, y=0, width=f"{part:.2f}", height=6, class_=f"fill {class_}".strip()),
        class_="bar", preserveAspectRatio="none",
    )  # fmt: skip


def spark(values: Sequence[Number | None], mark: int | None = None) -> Markup:
    """A line over values of 0 to 100, scaled to their range; one value is a dot, an unknown one a gap.

    Args:
        mark: Position of the first value that is not comparable with those before; a line is drawn in front of it.
    """
    values_known = [float(value) for value in values if value is not None]
    if not values_known:
        return svg(WIDTH, HEIGHT, tag("rect", x=0, y=12, width=WIDTH, height=4, class_="hatch"), class_="spark")
    low, span = min(values_known), max(max(values_known) - min(values_known), 1.0)
    step = WIDTH / max(len(values) - 1, 1)
    places = [4 + at * step * (WIDTH - 8) / WIDTH if len(values) > 1 else WIDTH / 2 for at in range(len(values))]
    points = [
        (
            places[at],
            HEIGHT - 5 - (float(value) - low) / span * (HEIGHT - 10),
        )
        for at, value in enumerate(values)
        if value is not None
    ]
    line = tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_="line")
    base = tag("line", x1=0, y1=HEIGHT - 1, x2=WIDTH, y2=HEIGHT - 1, class_="axis")
    x, y = points[-1]
    dot = tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=3, class_="dot")
    return svg(WIDTH, HEIGHT, base, *_divider(places, mark), line, dot, class_="spark")


def _divider(places: Sequence[float], mark: int | None) -> list[Markup]:
    """A line between the marked place and the one before it."""
    if not mark or mark >= len(places):
        return []
    x = f"{(places[mark - 1] + places[mark]) / 2:.1f}"
    return [tag("line", x1=x, y1=0, x2=x, y2=HEIGHT - 1, class_="divider")]


def stack(parts: Sequence[tuple[Number, str]], shape: str = "stack") -> Markup:
    """One bar of several parts, each with its class; empty parts are left out. `shape` is `stack`, or the thinner `bar`."""
    total = float(sum(value for value, _ in parts)) or 1.0
    drawn, at = [], 0.0
    for value, class_ in parts:
        width = 100 * float(value) / total
        if value:
            drawn.append(tag("rect", x=f"{at:.2f}", y=0, width=f"{max(width, 0.6):.2f}", height=6, class_=class_))
        at += width
    return svg(100, 6, *drawn, class_=shape, preserveAspectRatio="none")

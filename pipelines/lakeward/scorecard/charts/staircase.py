"""The five levels as a staircase with the current level; none if unknown."""

from lakeward.core.messages import Lang, text
from lakeward.scorecard.charts.shapes import svg
from lakeward.scorecard.markup import Markup, tag

# The five levels of GB/T 36073, in order; names are message codes.
NAMES = ("card_level_initial", "card_level_managed", "card_level_robust", "card_level_quantitative", "card_level_optimising")
STEP, RISE, TOP = 104, 30, 46


def staircase(level: int | None) -> Markup:
    """Steps 1 to 5; those up to `level` are filled."""
    height = TOP + RISE * len(NAMES)
    steps = [step for at, code in enumerate(NAMES) for step in _step(at, code, height, reached=level is not None and at < level)]
    return svg(STEP * len(NAMES), height + 28, *steps, class_="staircase")


def _step(at: int, code: str, height: int, *, reached: bool) -> list[Markup]:
    rise = RISE * (at + 1)
    box = {"x": at * STEP + 2, "y": height - rise, "width": STEP - 4, "height": rise, "rx": 2}
    drawn = [tag("rect", **box, class_="step on" if reached else "step")]
    drawn.append(tag("text", str(at + 1), x=at * STEP + STEP / 2, y=height - rise - 10, text_anchor="middle", class_="number"))
    for lang in Lang:
        text_position = {"x": at * STEP + STEP / 2, "y": height + 18, "text_anchor": "middle"}
        drawn.append(tag("text", text(code, lang), lang=lang, class_="name", **text_position))
    return drawn

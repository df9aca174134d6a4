"""Draws lineage: one column per layer with tables, arrows as curves. Published tables first, as many as fit."""

from collections.abc import Iterable, Sequence

from lakeward.core.messages import Lang, text
from lakeward.scorecard.charts.shapes import svg
from lakeward.scorecard.markup import Markup, tag

# From left to right, in the flow of rows; rejects and quarantine are drawn below their source table.
COLUMNS = (("landing",), ("bronze", "rejects"), ("silver", "quarantine"), ("gold",))
# Maximum number of tables in a column with readable names.
TALLEST = 24
BOX, GAP, ROW, LINE, HEAD = 230, 64, 28, 38, 30

# Rejects and quarantine; message codes of their names and of the columns' names.
SIDE_LAYERS = {"rejects": "card_rejects", "quarantine": "card_quarantine"}
HEADS = ("card_layer_landing", "card_bronze", "card_layer_silver", "card_layer_gold")

Edge = tuple[str, str]


def lineage_graph(edges: Iterable[Edge]) -> Markup:
    """The tables of the edges, and the edges between those that are drawn."""
    # Edges out of quarantine would point backwards; the quarantine section shows them.
    main_edges = sorted({edge for edge in edges if edge[0].partition(".")[0] not in SIDE_LAYERS})
    columns = [_column_tables(layers, main_edges) for layers in COLUMNS]
    positions = {name: (x, y) for x, column in enumerate(columns) for y, name in enumerate(column)}
    height = LINE * max((len(column) for column in columns), default=1) + HEAD
    curves = [_curve(positions[a], positions[b], b) for a, b in main_edges if a in positions and b in positions]
    return svg(
        len(COLUMNS) * (BOX + GAP) - GAP,
        height,
        *_heads(),
        *curves,
        *(_box(name, position) for name, position in positions.items()),
        class_="graph",
    )


def count_drawn_tables(edges: Sequence[Edge]) -> int:
    """Number of tables that fit into the picture."""
    return sum(len(_column_tables(layers, edges)) for layers in COLUMNS)


def _column_tables(layers: tuple[str, ...], edges: Sequence[Edge]) -> list[str]:
    """Tables of these layers: those that reach gold first, the rest by name; each followed by its rejects and quarantine."""
    names = {name for edge in edges for name in edge if name.partition(".")[0] in layers}
    ranked = sorted(names, key=lambda n: (not _reaches_gold(n, edges), n.partition(".")[2], layers.index(n.partition(".")[0])))
    return ranked[:TALLEST]


def _reaches_gold(name: str, edges: Sequence[Edge]) -> bool:
    dataset = name.partition(".")[2]
    return any(
        target.startswith("gold.") and dataset in (source.partition(".")[2], target.partition(".")[2]) for source, target in edges
    )


def _box(name: str, position: tuple[int, int]) -> Markup:
    x, y = position[0] * (BOX + GAP), position[1] * LINE + HEAD
    layer, _, dataset = name.partition(".")
    shown = dataset if len(dataset) <= 22 else dataset[:21] + "…"
    return tag(
        "g",
        tag("title", name),
        tag("rect", x=x, y=y, width=BOX, height=ROW, rx=4, class_="node"),
        tag("rect", x=x, y=y, width=4, height=ROW, class_="edge"),
        tag("text", shown, x=x + 14, y=y + 18),
        *(_side_label(layer, x + BOX - 8, y + 18) if layer in SIDE_LAYERS else ()),
        class_=f"table {layer}",
    )


def _heads() -> list[Markup]:
    return [
        tag("text", text(code, lang), lang=lang, x=at * (BOX + GAP), y=HEAD - 12, class_="head")
        for at, code in enumerate(HEADS)
        for lang in Lang
    ]


def _side_label(layer: str, x: int, y: int) -> list[Markup]:
    return [tag("text", text(SIDE_LAYERS[layer], lang), lang=lang, x=x, y=y, text_anchor="end", class_="head") for lang in Lang]


def _curve(start: tuple[int, int], end: tuple[int, int], target: str) -> Markup:
    (x1, y1), (x2, y2) = _right_anchor(start), _left_anchor(end)
    middle = (x1 + x2) / 2
    return tag(
        "path",
        d=f"M{x1},{y1} C{middle:g},{y1} {middle:g},{y2} {x2},{y2}",
        class_="flow aside" if target.partition(".")[0] in SIDE_LAYERS else "flow",
    )


def _right_anchor(position: tuple[int, int]) -> tuple[int, float]:
    return position[0] * (BOX + GAP) + BOX, position[1] * LINE + HEAD + ROW / 2


def _left_anchor(position: tuple[int, int]) -> tuple[int, float]:
    return position[0] * (BOX + GAP), position[1] * LINE + HEAD + ROW / 2

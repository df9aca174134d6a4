"""Where tables, their columns and the arrows between them are drawn: left to right along the longest way, with few crossings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakeward.core.languages import CHINESE
from lakeward.flows import LineageNode, LineageView

WIDTH, HEAD, ROW, GAP, SPACE, MARGIN = 230, 46, 24, 96, 22, 8
# Rows of one box, and boxes of a picture; more are unreadable, and the lists below the picture have them all.
MAX_ROWS, MAX_BOXES = 24, 60
SWEEPS = 6
# Widths of a letter and of a Chinese character, in halves of the latter.
ROOM = 30


@dataclass(frozen=True, slots=True)
class Cell:
    """A row of a box: a column, or how many more there are.

    Args:
        y: Its top.
        more: Number of columns that this row stands for; 0 for one of its own.
    """

    column: str
    y: int
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A table with those of its columns that are shown."""

    table: str
    x: int
    y: int
    height: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """An arrow as the path of a curve."""

    path: str
    direct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All of a picture.

    Args:
        left_out: Number of tables for which there is no room.
    """

    width: int
    height: int
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]
    left_out: int


def draw_lineage(view: LineageView) -> Drawing:
    """The picture of a neighbourhood; of very many tables the nearest."""
    tables = list(dict.fromkeys(node.table for node in sorted(view.nodes, key=lambda node: (abs(node.distance), node))))
    shown = tables[:MAX_BOXES]
    pairs = {(a.source[0], a.target[0]) for a in view.arrows if a.source[0] in shown and a.target[0] in shown}
    pairs = {pair for pair in pairs if pair[0] != pair[1]}
    ranks = _ranks(view.nodes, shown, pairs)
    columns = _in_order(ranks, pairs)
    boxes = _place(columns, {table: _cells_of(view.nodes, table) for table in shown})
    curves = _curves(view, boxes)
    width = 2 * MARGIN + len(columns) * WIDTH + (len(columns) - 1) * GAP
    height = max(box.y + box.height for box in boxes.values()) + MARGIN
    return Drawing(width=width, height=height, boxes=tuple(boxes.values()), curves=curves, left_out=len(tables) - len(shown))


def fitted(text: str, room: int = ROOM) -> str:
    """The text, cut to the width of a box."""
    used = 0
    for place, letter in enumerate(text):
        used += 2 if CHINESE.match(letter) else 1
        if used > room:
            return text[: place - 1] + "…"
    return text


def _ranks(nodes: Iterable[LineageNode], tables: Sequence[str], pairs: Collection[tuple[str, str]]) -> dict[str, int]:
    """Each table one place right of all that lead to it; where ways run in a circle, by the distance from the start."""
    ranks = dict.fromkeys(tables, 0)
    for _ in tables:
        moved = {target: ranks[source] + 1 for source, target in sorted(pairs) if ranks[target] <= ranks[source]}
        if not moved:
            return ranks
        ranks |= moved
    nearest = {node.table: node.distance for node in sorted(nodes, key=lambda node: -abs(node.distance)) if node.table in ranks}
    return {table: at - min(nearest.values()) for table, at in nearest.items()}


def _in_order(ranks: Mapping[str, int], pairs: Collection[tuple[str, str]]) -> list[list[str]]:
    """The tables of each rank, by the mean place of those that they are joined to."""
    places = sorted(set(ranks.values()))
    columns = [[table for table in ranks if ranks[table] == place] for place in places]
    joined: dict[str, list[str]] = {table: [] for table in ranks}
    for source, target in sorted(pairs):
        joined[source].append(target)
        joined[target].append(source)
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else columns[::-1]:
            at = {table: place / max(len(each), 1) for each in columns for place, table in enumerate(each)}
            column.sort(key=lambda table: (sum(at[t] for t in joined[table]) / len(joined[table]) if joined[table] else 0, table))
    return columns


def _cells_of(nodes: Iterable[LineageNode], table: str) -> tuple[str, ...]:
    return tuple(sorted(node.column for node in nodes if node.table == table and node.column))


def _place(columns: Sequence[Sequence[str]], cells: Mapping[str, tuple[str, ...]]) -> dict[str, Box]:
    heights = {table: HEAD + ROW * min(len(found), MAX_ROWS + 1) + (6 if found else 0) for table, found in cells.items()}
    tall = max(sum(heights[table] + SPACE for table in column) - SPACE for column in columns)
    boxes: dict[str, Box] = {}
    for place, column in enumerate(columns):
        y = MARGIN + (tall - sum(heights[table] + SPACE for table in column) + SPACE) // 2
        for table in column:
            x = MARGIN + place * (WIDTH + GAP)
            rows = tuple(_rows(cells[table], y + HEAD))
            boxes[table] = Box(table=table, x=x, y=y, height=heights[table], cells=rows)
            y += heights[table] + SPACE
    return boxes


def _rows(columns: Sequence[str], top: int) -> Iterable[Cell]:
    for place, column in enumerate(columns[:MAX_ROWS]):
        yield Cell(column, top + place * ROW)
    if len(columns) > MAX_ROWS:
        yield Cell("", top + MAX_ROWS * ROW, len(columns) - MAX_ROWS)


def _curves(view: LineageView, boxes: Mapping[str, Box]) -> tuple[Curve, ...]:
    found: dict[str, bool] = {}
    for arrow in view.arrows:
        if arrow.source[0] in boxes and arrow.target[0] in boxes and arrow.source[0] != arrow.target[0]:
            path = _path(boxes[arrow.source[0]], arrow.source[1], boxes[arrow.target[0]], arrow.target[1])
            found[path] = found.get(path, False) or arrow.direct
    return tuple(Curve(path, direct) for path, direct in found.items())


def _path(source: Box, out_of: str, target: Box, into: str) -> str:
    x1, y1, x2, y2 = source.x + WIDTH, _middle(source, out_of), target.x, _middle(target, into)
    bend = max((x2 - x1) // 2, GAP // 2)
    return f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"


def _middle(box: Box, column: str) -> int:
    if not column:
        return box.y + HEAD // 2
    rows = {cell.column: cell.y for cell in box.cells}
    return rows.get(column, box.cells[-1].y) + ROW // 2

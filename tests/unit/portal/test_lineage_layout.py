"""Where the picture of a lineage puts its boxes."""

import itertools

from lakeward.flows import LineageView
from lakeward.flows.portal.lineage import LineageArrow, LineageNode
from lakeward.portal.lineage_layout import MAX_BOXES, MAX_ROWS, draw_lineage, fitted


def view(*pairs, columns=()):
    tables = list(dict.fromkeys(table for pair in pairs for table in pair))
    nodes = [LineageNode(table, "", place) for place, table in enumerate(tables)]
    nodes += [LineageNode(tables[0], column, 0) for column in columns]
    arrows = [LineageArrow((source, ""), (target, ""), direct=True) for source, target in pairs]
    return LineageView(start=tables[0], nodes=tuple(nodes), arrows=tuple(arrows), left_out=0)


def test_each_table_stands_right_of_all_that_lead_to_it():
    boxes = {box.table: box.x for box in draw_lineage(view(("a", "b"), ("a", "c"), ("b", "c"), ("c", "d"))).boxes}
    assert boxes["a"] < boxes["b"] < boxes["c"] < boxes["d"]


def test_boxes_of_one_rank_do_not_overlap():
    drawn = draw_lineage(view(*(("a", f"t{number}") for number in range(9)), columns=[f"c{n}" for n in range(5)]))
    stacked = sorted((box.x, box.y, box.height) for box in drawn.boxes)
    assert all(one[0] != other[0] or one[1] + one[2] <= other[1] for one, other in itertools.pairwise(stacked))
    assert all(box.y + box.height <= drawn.height and box.x + 230 <= drawn.width for box in drawn.boxes)


def test_a_circle_is_drawn_too():
    drawn = draw_lineage(view(("a", "b"), ("b", "c"), ("c", "a")))
    assert (len(drawn.boxes), len(drawn.curves)) == (3, 3)


def test_what_has_no_room_is_counted():
    many = draw_lineage(view(*(("a", f"t{number}") for number in range(100))))
    assert (len(many.boxes), many.left_out) == (MAX_BOXES, 101 - MAX_BOXES)
    wide = draw_lineage(view(("a", "b"), columns=[f"c{number:03}" for number in range(100)]))
    box = next(box for box in wide.boxes if box.table == "a")
    assert (len(box.cells), box.cells[-1].more) == (MAX_ROWS + 1, 100 - MAX_ROWS)


def test_a_text_is_cut_to_the_box():
    assert fitted("short") == "short"
    assert fitted("设备" * 20, 10) == "设备设备…"
    assert len(fitted("x" * 99, 30)) == 30

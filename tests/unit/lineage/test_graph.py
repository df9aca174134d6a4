"""The graph read back from events: newest facts only, walked both ways, cycles included."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lakeward_lineage import (
    ColumnLineage,
    Dataset,
    Direction,
    Edge,
    Field,
    HopEffect,
    LineageError,
    Origin,
    Step,
    TransformationKind,
    complete,
    edges,
    fail,
    start,
    walk,
)


def edge(source: str, target: str, kind: str = "IDENTITY") -> Edge:
    def field(name: str) -> Field:
        return Field(*name.partition(":")[::2])

    return Edge(field(source), field(target), "job", kind)


def hop_texts(hops) -> list[tuple[str, int]]:
    return [(str(hop.field), hop.depth) for hop in hops]


CHAIN = (edge("b:x", "s:x"), edge("s:x", "g:sum", "AGGREGATION"), edge("s:y", "g:", "FILTER"), edge("g:sum", "r:z"))


def test_a_complete_event_gives_one_edge_per_origin_and_kind(step, at):
    found = [(str(e.source), str(e.target), e.kind) for e in edges([complete(step, at)])]
    assert found == [
        ("bronze.press_line.Time", "silver.press_line.ts", "TRANSFORMATION"),
        ("bronze.press_line.Value", "silver.press_line.value", "CONDITIONAL"),
        ("bronze.press_line.Value", "silver.press_line.value", "TRANSFORMATION"),
        ("bronze.press_line._row", "silver.press_line", "FILTER"),
    ]


def test_only_what_was_committed_is_an_edge(step, at):
    assert edges([start(step, at), fail(step, at, "x")]) == ()


def test_the_newest_event_of_a_job_and_output_is_what_holds(step, at):
    changed = replace(
        step.outputs[0], lineage=ColumnLineage({"ts": (Origin("bronze.press_line", "Value", TransformationKind.IDENTITY),)})
    )
    newer = complete(replace(step, batch="batch-43", outputs=(changed,)), at + timedelta(hours=1))
    found = edges([newer, complete(step, at)])
    assert [(str(e.source), str(e.target)) for e in found] == [("bronze.press_line.Value", "silver.press_line.ts")]


def test_a_step_without_column_lineage_joins_whole_tables(at):
    step = Step(project="p", job="j", batch="b", inputs=(Dataset("landing.x", namespace="file"),), outputs=(Dataset("bronze.x"),))
    assert edges([complete(step, at)]) == (Edge(Field("file/landing.x"), Field("bronze.x"), "j"),)


def test_a_walk_down_follows_the_values_of_columns():
    assert hop_texts(walk(CHAIN, "s.x", Direction.DOWN)) == [("g.sum", 1), ("r.z", 2)]


def test_what_decides_about_a_table_touches_it_and_its_readers_as_a_whole_and_none_of_their_values():
    hops = walk(CHAIN, "s.y", Direction.DOWN)
    assert hop_texts(hops) == [("g", 1), ("r", 2)]
    assert {hop.effect for hop in hops} == {HopEffect.TABLE}
    assert [(str(hop.edge.source), hop.edge.kind) for hop in hops] == [("s.y", "FILTER"), ("g", "")]


def test_a_column_can_touch_values_and_rows_of_one_table():
    graph = (edge("s:x", "g:sum", "AGGREGATION"), edge("s:x", "g:", "FILTER"), edge("g:n", "r:n"), edge("g:sum", "r:sum"))
    hops = walk(graph, "s.x", Direction.DOWN)
    assert [(str(hop.field), hop.depth, hop.effect) for hop in hops] == [
        ("g", 1, HopEffect.TABLE),
        ("g.sum", 1, HopEffect.VALUE),
        ("r", 2, HopEffect.TABLE),
        ("r.sum", 2, HopEffect.VALUE),
    ]


def test_a_walk_up_finds_what_a_column_is_made_of_and_what_decides_about_it():
    assert hop_texts(walk(CHAIN, "r.z", Direction.UP)) == [("g.sum", 1), ("s.x", 2), ("s.y", 2), ("b.x", 3)]


def test_a_walk_from_a_table_starts_at_all_its_columns():
    assert hop_texts(walk(CHAIN, "s", Direction.DOWN)) == [("g", 1), ("g.sum", 1), ("r", 2), ("r.z", 2)]


def test_of_an_edge_between_tables_no_column_is_known():
    graph = (edge("a:", "b:", ""), edge("z:q", "a:c"), edge("b:d", "y:e"))
    assert hop_texts(walk(graph, "a.c", Direction.DOWN)) == [("b", 1), ("y", 2)]
    assert hop_texts(walk(graph, "y.e", Direction.UP)) == [("b.d", 1), ("a", 2), ("a.c", 2), ("z.q", 3)]


def test_a_cycle_ends():
    graph = (edge("a:x", "b:x"), edge("b:x", "a:x"))
    assert hop_texts(walk(graph, "a.x", Direction.DOWN)) == [("b.x", 1)]


def test_a_start_that_nobody_knows_is_refused():
    with pytest.raises(LineageError) as error:
        walk(CHAIN, "s.nope", Direction.UP)
    assert error.value.code == "unknown_start"

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


def test_a_walk_down_follows_columns_and_what_decides_about_whole_tables():
    assert hop_texts(walk(CHAIN, "s.x", Direction.DOWN)) == [("g.sum", 1), ("r.z", 2)]
    assert hop_texts(walk(CHAIN, "s.y", Direction.DOWN)) == [("g", 1), ("g.sum", 1), ("r.z", 2)]


def test_a_walk_up_finds_what_a_column_is_made_of_and_what_decides_about_it():
    assert hop_texts(walk(CHAIN, "r.z", Direction.UP)) == [("g.sum", 1), ("s.x", 2), ("s.y", 2), ("b.x", 3)]


def test_a_walk_from_a_table_starts_at_all_its_columns():
    assert hop_texts(walk(CHAIN, "s", Direction.DOWN)) == [("g", 1), ("g.sum", 1), ("r.z", 2)]


def test_a_whole_table_edge_reaches_from_each_column_to_each_column():
    graph = (edge("a:", "b:", ""), edge("z:q", "a:c"), edge("b:d", "y:e"))
    assert hop_texts(walk(graph, "a.c", Direction.DOWN)) == [("b", 1), ("b.d", 1), ("y.e", 2)]


def test_a_cycle_ends():
    graph = (edge("a:x", "b:x"), edge("b:x", "a:x"))
    assert hop_texts(walk(graph, "a.x", Direction.DOWN)) == [("b.x", 1)]


def test_a_start_that_nobody_knows_is_refused():
    with pytest.raises(LineageError) as error:
        walk(CHAIN, "s.nope", Direction.UP)
    assert error.value.code == "unknown_start"

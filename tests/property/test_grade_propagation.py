"""Grades along lineage: never less than what flows in, whatever the order, in circles too; and unknown swallows all."""

from hypothesis import given
from hypothesis import strategies as st

from lakeward.grading.catalogue import Sensitivity
from lakeward.grading.grade import Grade
from lakeward.grading.propagation import Inherited, propagate, stricter

CATEGORIES = ("personal.resident_id", "personal.phone", "personal.name")
STANDINGS = [
    None,
    Sensitivity(Grade.CORE, None),
    Sensitivity(Grade.IMPORTANT, None),
    *(Sensitivity(Grade.GENERAL, n) for n in (1, 2, 3, 4)),
]
held = st.builds(Inherited, st.sampled_from(STANDINGS), st.sampled_from([None, *CATEGORIES]))
node = st.tuples(st.sampled_from(["silver.a", "silver.b", "gold.c"]), st.sampled_from(["x", "y", "_row"]))
graphs = st.tuples(st.dictionaries(node, held, max_size=6), st.lists(st.tuples(node, node), max_size=12))


def above(one, other):
    """Whether `one` is at least as strict as `other`."""
    return stricter(one, other, CATEGORIES) == one


@given(graphs, st.randoms())
def test_the_order_of_edges_does_not_matter(graph, rng):
    own, edges = graph
    mixed = rng.sample(edges, len(edges))
    assert propagate(own, edges, CATEGORIES) == propagate(dict(reversed(own.items())), mixed, CATEGORIES)


@given(graphs)
def test_no_column_falls_and_each_is_at_least_what_flows_in(graph):
    own, edges = graph
    found = propagate(own, edges, CATEGORIES)
    assert all(above(found[n], own[n]) for n in own)
    inner = [(s, t) for s, t in edges if s in own and t in own and not s[1].startswith("_")]
    assert all(above(found[t], found[s]) for s, t in inner)


@given(graphs, node, held)
def test_raising_a_source_lowers_nothing(graph, raised, to):
    own, edges = graph
    before = propagate(own, edges, CATEGORIES)
    after = propagate({n: stricter(h, to, CATEGORIES) if n == raised else h for n, h in own.items()}, edges, CATEGORIES)
    assert all(above(after[n], before[n]) for n in own)


@given(graphs)
def test_doing_it_twice_changes_nothing(graph):
    own, edges = graph
    once = propagate(own, edges, CATEGORIES)
    assert propagate(once, edges, CATEGORIES) == once


def test_what_is_made_of_an_unknown_column_is_unknown():
    known = Inherited(Sensitivity(Grade.GENERAL, 2))
    own = {("gold.c", "x"): known}
    assert propagate(own, [(("silver.a", "x"), ("gold.c", "x"))], CATEGORIES) == {("gold.c", "x"): Inherited(None)}


def test_grades_go_round_a_circle_once():
    low, high = Inherited(Sensitivity(Grade.GENERAL, 1)), Inherited(Sensitivity(Grade.GENERAL, 4), CATEGORIES[0])
    a, b = ("gold.a", "x"), ("gold.b", "x")
    assert propagate({a: low, b: high}, [(a, b), (b, a)], CATEGORIES) == {a: high, b: high}

"""k, l and t by one statement, against a plain computation, with persons of many rows and missing values."""

import random
from collections import defaultdict

import duckdb
import pytest

from lakeward.protection.anonymity import anonymity_query

NAMES = ("persons", "rows_without_person", "groups", "k", "l", "t", "persons_alone")


def measured(rows, quasi=("a", "b"), sensitive="s"):
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t (a VARCHAR, b BIGINT, s VARCHAR, p VARCHAR)")
        con.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
        return dict(zip(NAMES, con.execute(anonymity_query("t", quasi, sensitive, "p")).fetchall()[0], strict=True))


def computed(rows):
    pairs = {((a, b), s, p) for a, b, s, p in rows if p is not None}
    overall, groups = defaultdict(set), defaultdict(set)
    for g, s, p in pairs:
        overall[s].add(p)
        groups[g].add((s, p))
    total = sum(map(len, overall.values()))
    distances = []
    for members in groups.values():
        own = defaultdict(int)
        for s, _ in members:
            own[s] += 1
        distances.append(sum(abs(own[s] / len(members) - len(overall[s]) / total) for s in overall) / 2)
    sizes = [len({p for _, p in members}) for members in groups.values()]
    return {
        "persons": len({p for *_, p in pairs}),
        "rows_without_person": sum(row[3] is None for row in rows),
        "groups": len(groups),
        "k": min(sizes),
        "l": min(len({s for s, _ in members}) for members in groups.values()),
        "t": pytest.approx(max(distances)),
        "persons_alone": sizes.count(1),
    }


@pytest.mark.parametrize("seed", range(5))
def test_measures_are_those_of_a_plain_computation(seed):
    draw = random.Random(seed)
    rows = [
        (
            draw.choice(["x", "y", None]),
            draw.choice([1, 2, None]),
            draw.choice(["hi", "lo", "mid", None]),
            f"p{draw.randrange(40)}",
        )
        for _ in range(200)
    ] + [("x", 1, "hi", None)]
    assert measured(rows) == computed(rows)


def test_persons_are_counted_and_not_rows():
    rows = [("x", 1, "hi", "p1")] * 50 + [("y", 1, "hi", "p2"), ("y", 1, "lo", "p3")]
    found = measured(rows)
    assert (found["k"], found["persons"], found["persons_alone"], found["l"]) == (1, 3, 1, 1)


def test_without_quasi_identifiers_all_are_one_group():
    rows = [("x", 1, "hi", "p1"), ("y", 1, "hi", "p2"), ("y", 1, "lo", "p3")]
    found = measured(rows, quasi=(), sensitive=None)
    assert (found["k"], found["groups"], found["l"], found["t"]) == (3, 1, None, None)


def test_nobody_in_the_table_has_no_k():
    found = measured([("x", 1, "hi", None)])
    assert (found["k"], found["persons"], found["rows_without_person"]) == (None, 0, 1)

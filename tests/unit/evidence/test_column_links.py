"""Overlaps of columns from their smallest hashes: exact where a sketch is whole, and close to the truth where it is not."""

import hashlib
from decimal import Decimal

import pytest

from lakeward.flows.evidence.column_links import DIGITS, SIZE, link_columns, measure_overlap


def hashes(values: range) -> list[str]:
    return sorted(hashlib.sha256(str(value).encode()).hexdigest()[:DIGITS] for value in values)


def sketch(asset: str, values: range, *, identifier: int = 0) -> dict[str, object]:
    name = {"asset": asset, "column_name": f"{asset}.id", "identifier": identifier}
    return {**name, "distinct_values": len(values), "hashes": "".join(hashes(values)[:SIZE])}


@pytest.mark.parametrize(
    ("one", "other", "similarity", "contained"),
    [
        (range(8), range(8), "1.0000", "1.0000"),
        (range(8), range(4, 12), "0.3333", "0.5000"),
        (range(8), range(100, 108), "0.0000", "0.0000"),
        (range(8), range(80), "0.1000", "1.0000"),
        (range(0), range(8), "0.0000", "0.0000"),
    ],
)
def test_the_overlap_of_whole_sketches_is_exact(one, other, similarity, contained):
    found = measure_overlap(hashes(one), hashes(other), (len(one), len(other)))
    assert (str(found.similarity), str(found.contained)) == (similarity, contained)


@pytest.mark.parametrize(("shift", "truth"), [(0, 1.0), (5_000, 0.6), (15_000, 0.142857)])
def test_the_overlap_of_large_columns_is_close_to_the_truth(shift, truth):
    one, other = range(20_000), range(shift, shift + 20_000)
    found = measure_overlap(hashes(one)[:SIZE], hashes(other)[:SIZE], (20_000, 20_000))
    assert abs(float(found.similarity) - truth) < 0.05


def test_each_column_is_linked_to_the_key_that_it_refers_to():
    rows = [sketch("silver.a", range(8), identifier=1), sketch("silver.b", range(8)), sketch("silver.c", range(8))]
    found = link_columns(rows, {"silver.a.id": ["silver.x.id"], "silver.x.id": ["silver.c.id"]})
    assert [(row["left_asset"], row["right_asset"], row["lineage"]) for row in found] == [
        ("silver.a", "silver.b", 0),
        ("silver.a", "silver.c", 1),
    ]


def test_few_values_and_columns_of_one_table_are_no_link():
    one = sketch("silver.a", range(8))
    assert link_columns([sketch("silver.a", range(4)), sketch("silver.b", range(4))], {}) == []
    assert link_columns([one, {**one, "column_name": "silver.a.other"}], {}) == []


def test_a_link_needs_a_half_of_the_values():
    assert link_columns([sketch("silver.a", range(10)), sketch("silver.b", range(6, 16))], {}) == []
    (found,) = link_columns([sketch("silver.a", range(10)), sketch("silver.b", range(3, 12))], {})
    assert found["similarity"] == Decimal("0.5833")

"""Detectors over columns of public schemas: precision and recall of each have a floor, also on the third that was held out."""

from collections import Counter

import duckdb
import pytest

from lakeward.contracts.model import Kind
from lakeward.core.sql import identifier
from lakeward.grading.catalogue import shipped_rules
from lakeward.grading.detection import detection_query, detector_counts, fractional
from lakeward.grading.proposal import propose_grades
from support.public_columns import public_columns

RULES = shipped_rules()
COLUMNS = public_columns()
# Tables, so that names which differ in case alone lie in different ones.
TABLES = 4
FLOORS = {"tuned": (0.97, 0.97), "held out": (0.9, 0.9)}


def judge(columns, seed):
    """Column -> what was found in it."""
    with duckdb.connect() as con:
        names = [one.column.name for one in columns]
        con.execute(f"CREATE TABLE sample ({', '.join(f'{identifier(one.column.name)} {one.sql_type}' for one in columns)})")
        # One list a column: row by row takes minutes.
        con.execute(
            f"INSERT INTO sample SELECT {', '.join(['unnest(?)'] * len(names))}", [list(one.values(seed)) for one in columns]
        )
        found = con.execute(detection_query("sample", names, (), RULES, fractional([one.column for one in columns], RULES)))
        heads = [head[0] for head in found.description]
        counts = detector_counts([dict(zip(heads, row, strict=True)) for row in found.fetchall()], names, RULES)
    proposals = propose_grades([one.column for one in columns], "production", counts, RULES)
    return {proposal.column: proposal for proposal in proposals}


@pytest.fixture(scope="module")
def judged():
    return [(one, judge(COLUMNS[n::TABLES], 1)[one.column.name].detector) for n in range(TABLES) for one in COLUMNS[n::TABLES]]


def outcomes(judged, *, held_out):
    """Counts by (detector, found, wanted)."""
    counts = Counter()
    for one, found in judged:
        if one.held_out == held_out:
            for detector in {found, one.detector} - {None}:
                counts[detector, found == detector, one.detector == detector] += 1
    return counts


def figures(counts, detector):
    right = counts[detector, True, True]
    return right, right + counts[detector, True, False], right + counts[detector, False, True]


def test_the_set_is_large_and_half_of_it_are_near_misses():
    assert len(COLUMNS) >= 300
    assert 0.45 <= sum(one.detector is None for one in COLUMNS) / len(COLUMNS) <= 0.55
    assert 0.28 <= sum(one.held_out for one in COLUMNS) / len(COLUMNS) <= 0.4
    assert {d.id for d in RULES.detectors} - {one.detector for one in COLUMNS} == {"resident_id_15", "payment_card"}
    assert {one.column.type.kind for one in COLUMNS} == {Kind.STRING, Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL}


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", ["tuned", "held out"])
def test_every_detector_keeps_its_precision_and_recall(judged, part, record_property):
    counts = outcomes(judged, held_out=part == "held out")
    total = Counter()
    for detector in sorted({name for name, _, _ in counts}):
        right, found, wanted = figures(counts, detector)
        record_property(f"{part} {detector}", f"{right} right of {found} found and {wanted} wanted")
        total += Counter(right=right, found=found, wanted=wanted)
    assert (total["right"] / total["found"], total["right"] / total["wanted"]) >= FLOORS[part]
    assert total["right"] / total["wanted"] >= FLOORS[part][1]

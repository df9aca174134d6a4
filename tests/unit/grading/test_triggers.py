"""What calls for grading again since the last decision: each trigger at its limit, and not below."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from lakeward.grading.catalogue import Measure, shipped_rules
from lakeward.grading.classes import class_of, class_path
from lakeward.grading.triggers import GradedState, shipped_triggers, thresholds_reached, triggers_since

AT = datetime(2026, 11, 30, tzinfo=UTC)
BEFORE = GradedState(
    decision=3, decided_at=AT - timedelta(days=10), rows=1000, sources={"silver.a": ("IDENTITY",)}, indirect=(), rules="common@3"
)


def found(now, at=AT):
    return [each.trigger.id for each in triggers_since(BEFORE, now, at)]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, []),
        ({"rows": 1299}, []),
        ({"rows": 1300}, ["scale"]),
        ({"rows": 701}, []),
        ({"rows": 700}, ["scale"]),
        ({"rules": "common@4"}, ["rules"]),
        ({"sources": {**BEFORE.sources, "silver.b": ("IDENTITY",)}}, ["merged"]),
        ({"sources": {**BEFORE.sources, "silver.b": ("IDENTITY", "TRANSFORMATION")}}, ["joined"]),
        ({"sources": {**BEFORE.sources, "silver.b": ("AGGREGATION",)}}, ["fused"]),
        ({"sources": {}}, []),
        ({"indirect": ("silver.b.core",)}, ["indirect"]),
    ],
)
def test_what_has_changed_triggers_what_annex_j_says(change, wanted):
    assert found(replace(BEFORE, **change)) == wanted


def test_a_decision_is_stale_after_a_year():
    assert found(BEFORE, AT + timedelta(days=354)) == []
    assert found(BEFORE, AT + timedelta(days=355)) == ["age"]


def test_every_item_of_the_annex_has_a_trigger():
    assert {trigger.item for trigger in shipped_triggers().values()} == set(range(1, 10))


@pytest.mark.parametrize(
    ("measure", "size", "grade"),
    [
        (Measure.PERSONS, 999_999, None),
        (Measure.PERSONS, 1_000_000, "important"),
        (Measure.PERSONS, 10_000_000, "core"),
        (Measure.SENSITIVE_PERSONS, 100_000, "important"),
        (Measure.SQUARE_KILOMETRES, 25, None),
        (Measure.SQUARE_KILOMETRES, 26, ""),
        (Measure.BYTES, 10**15, None),
    ],
)
def test_a_size_at_its_limit_calls_for_a_decision(measure, size, grade):
    reached = [each.grade for each in thresholds_reached({measure: Decimal(size)}, shipped_rules())]
    assert reached == ([] if grade is None else [grade])


def test_a_class_of_data_is_a_path_from_the_sector():
    assert class_path("production.parameters") == "industry/production/parameters"
    assert [class_path(name) for name in (None, "sales", "production.sales")] == ["", "", ""]
    assert [class_of(name) for name in ("production.parameters", "production.sales", None)] == [
        "production",
        "production.sales",
        None,
    ]

"""One step that uses everything a step can say."""

from datetime import datetime, timedelta, timezone

import pytest

from lakeward_lineage import (
    Assertion,
    AssertionOutcome,
    ColumnLineage,
    Dataset,
    Origin,
    Owner,
    Parent,
    Processor,
    SchemaField,
    Statistics,
    Step,
    TransformationKind,
)


@pytest.fixture
def at() -> datetime:
    return datetime(2026, 3, 1, 8, 30, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture
def step() -> Step:
    bronze = Dataset(
        "bronze.press_line",
        path="/srv/lake/bronze/press_line",
        fields=(SchemaField("Time", "VARCHAR"), SchemaField("Value", "VARCHAR"), SchemaField("_row", "BIGINT")),
        version=11,
        statistics=Statistics(rows=100),
        assertions=(
            Assertion(
                rule="type:ts",
                check="type",
                outcome=AssertionOutcome.FAIL,
                column="ts",
                severity="quarantine",
                evaluated=100,
                failed=2,
            ),
            Assertion(rule="flatline", check="expect_no_flatline", outcome=AssertionOutcome.UNKNOWN, severity="warn"),
        ),
    )
    silver = Dataset(
        "silver.press_line",
        path="s3://plant/lake/silver/press_line",
        fields=(SchemaField("ts", "TIMESTAMP", "时间"), SchemaField("value", "DOUBLE")),
        version=7,
        owners=(Owner("user:li.wei", "owner"),),
        assertions=(
            Assertion(rule="key:series", check="key", outcome=AssertionOutcome.PASS, column="series", evaluated=98, failed=0),
        ),
        statistics=Statistics(rows=98, size=4096, files=1),
        lineage=ColumnLineage(
            {
                "ts": (Origin("bronze.press_line", "Time", TransformationKind.TRANSFORMATION),),
                "value": (
                    Origin("bronze.press_line", "Value", TransformationKind.CONDITIONAL),
                    Origin("bronze.press_line", "Value", TransformationKind.TRANSFORMATION),
                ),
                "unit": (),
            },
            rows=(Origin("bronze.press_line", "_row", TransformationKind.FILTER),),
        ),
    )
    parent = Parent("ingest.press_line", "6f1b9a54-6f0b-4b0e-9a53-4f2f1a3f0c11")
    return Step(
        project="qingdao",
        job="ingest.press_line.silver",
        batch="batch-42",
        inputs=(bronze,),
        outputs=(silver,),
        parent=parent,
        processor=Processor("spark", "4.2.0"),
    )

"""Late rows and clocks that are ahead are flagged, and stay rows."""

from datetime import UTC, datetime, timedelta

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import lint_contracts, list_verdicts, project_status, run_dataset
from lakeward.sources.segments import SegmentStore
from support.mqtt_plant import CONTRACT, MqttPlant
from support.segments import land_messages

DELAY = (
    "      - {name: delay, physicalName: $received_at, logicalType: number, customProperties: [{property: delayOf, value: ts}]}\n"
)
WITH_DELAY = CONTRACT.replace(
    "      - {name: value, logicalType: number}\n", "      - {name: value, logicalType: number}\n" + DELAY
)
SUITE = """{"name": "line", "meta": {"great_expectations_version": "1.24.1"}, "expectations": [{"type": "expect_column_values_to_be_between",
"kwargs": {"column": "delay", "min_value": -600, "max_value": 604800}, "severity": "warning"}]}"""
RECEIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Seconds before the receipt.
DELAYS = [2.5, -3600.0, 3.5, 864_000.0, 4.5]


@pytest.fixture
def plant(tmp_path):
    return MqttPlant(tmp_path / "plant", "mqtt://127.0.0.1:1", WITH_DELAY)


@pytest.fixture
def settings(plant):
    return Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": "mqtt://127.0.0.1:1"})


def _land(plant, name="line"):
    times = [int((RECEIVED - timedelta(seconds=delay)).timestamp() * 1000) for delay in DELAYS]
    store = SegmentStore.of_dataset(plant.root / "lake" / "landing", name)
    land_messages(store, [("umh/v1/t", b'{"timestamp_ms":%d,"value":1}' % time) for time in times], received=RECEIVED)


def test_a_row_says_how_long_it_took_and_the_suite_names_what_is_late_or_ahead(plant, settings):
    (plant.root / "expectations" / "datasets" / "line" / "suite.json").write_text(SUITE)
    _land(plant)
    report = run_dataset(settings, "line")
    assert (report.counts.silver, report.counts.quarantine) == (5, 0)
    assert [row["delay"] for row in plant.fetch("SELECT delay FROM silver.line ORDER BY _row")] == DELAYS
    found = {verdict.rule_id: verdict.failed for verdict in list_verdicts(settings, "line")}
    assert found["column_values_to_be_between:delay"] == 2
    [status] = project_status(settings)
    assert status.source.clock_offset == 3.5


def test_a_time_without_a_value_has_no_delay_and_a_reading_that_does_not_convert_is_quarantined(plant, settings):
    store = SegmentStore.of_dataset(plant.root / "lake" / "landing", "line")
    land_messages(
        store, [("umh/v1/t", b'{"timestamp_ms":"soon","value":1}'), ("umh/v1/t", b'{"timestamp_ms":1772366400000,"value":2}')]
    )
    report = run_dataset(settings, "line")
    assert (report.counts.silver, report.counts.quarantine) == (1, 1)
    [row] = plant.fetch("SELECT delay FROM silver.line")
    assert row["delay"] == 0.25


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("value: ts}]}\n", "value: tss}]}\n", "Did you mean: ts"),
        ("$received_at, logicalType: number", "$received_at, logicalType: integer", "number, for a column with delayOf"),
    ],
)
def test_a_delay_of_nothing_is_refused(plant, settings, old, new, said):
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    file.write_text(WITH_DELAY.replace(DELAY, DELAY.replace(old, new)))
    from lakeward.core.messages import Lang, text

    assert any(said in text(problem.code, Lang.EN, **problem.facts) for problem in lint_contracts(settings, "line"))

"""Gold beside clocks that change, models that cut time otherwise, inputs without rows, and curations that were killed."""

from pathlib import Path

import pytest

from lakeward.core.errors import DefinitionError
from lakeward.flows import curate_dataset, ingest_dataset, rebuild_silver
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.base.workspace import open_workspace
from support.plant import Plant, csv_line, make_plant

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:temp
name: temp
version: 1.0.0
status: active
domain: production
description: {{purpose: readings per machine and window}}
team: {{name: plant-data, members: [{{username: li.wei, role: owner}}]}}
schema:
  - name: temp
    logicalType: object
    properties:
      - {{name: machine, logicalType: string, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: start, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}}
      - {{name: readings, logicalType: integer, physicalType: bigint}}
customProperties:
  - property: model
    value: {{sql: models/temp.sql, inputs: [silver.press_line], window: start, grain: {grain},
            timezone: {zone}, times: {{silver.press_line: ts}}}}
  - {{property: timeColumn, value: start}}
  - {{property: dataClass, value: production}}
"""
MODEL = "SELECT machine, {start} AS start, count(*) AS readings FROM silver.press_line GROUP BY ALL"
UTC_HOUR = "date_trunc('hour', ts)"


class SimulatedKill(Exception):  # noqa: N818
    """The run ends here, as if it was killed."""


def stop_at(step: BatchStep):
    def stop(reached: BatchStep) -> None:
        if reached is step:
            raise SimulatedKill

    return stop


def plant_with_gold(root: Path, grain: str = "hour", zone: str = "Asia/Shanghai", start: str = UTC_HOUR) -> Plant:
    plant = make_plant(root / "plant")
    folder = plant.dataset.parent / "temp"
    (folder / "models").mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT.format(grain=grain, zone=zone))
    (folder / "models" / "temp.sql").write_text(MODEL.format(start=start))
    return plant


def ingest_and_curate(plant: Plant, name: str, *lines: str) -> list[tuple[str, int]]:
    """Take one file to gold; the table's windows with their numbers of readings."""
    plant.drop(name, *lines)
    ingest_dataset(plant.settings, "press_line")
    curate_dataset(plant.settings, "temp")
    return gold(plant)


def gold(plant: Plant) -> list[tuple[str, int]]:
    with open_workspace(plant.settings).engine() as engine:
        rows = engine.fetch("SELECT * FROM gold.temp ORDER BY start, machine, readings")
    return [(row["start"].strftime("%m-%dT%H:%M"), row["readings"]) for row in rows]


def reading(instant: str) -> str:
    return f"M1,{instant},20"


@pytest.mark.sampled(1)
@pytest.mark.parametrize("minute", ["2026-10-25T00:20:00Z", "2026-10-25T01:20:00Z"])
def test_both_hours_that_the_clocks_repeat_are_computed_anew(tmp_path: Path, minute: str) -> None:
    plant = plant_with_gold(tmp_path, zone="Europe/Berlin")
    ingest_and_curate(plant, "a.csv", reading("2026-10-25T00:10:00Z"), reading("2026-10-25T01:10:00Z"))

    found = ingest_and_curate(plant, "b.csv", reading(minute))

    assert sorted(readings for _, readings in found) == [1, 2]


@pytest.mark.exhaustive
def test_a_day_that_begins_at_one_o_clock_does_not_double_the_next(tmp_path: Path) -> None:
    day = "timezone('Africa/Cairo', date_trunc('day', timezone('Africa/Cairo', ts)))"
    plant = plant_with_gold(tmp_path, "day", "Africa/Cairo", day)
    ingest_and_curate(
        plant, "a.csv", reading("2026-04-24T10:00:00Z"), reading("2026-04-24T21:10:00Z"), reading("2026-04-25T10:00:00Z")
    )

    found = ingest_and_curate(plant, "b.csv", reading("2026-04-24T11:00:00Z"))

    assert found == [("04-23T22:00", 2), ("04-24T21:00", 2)]


def test_a_model_that_cuts_time_otherwise_than_promised_is_refused(tmp_path: Path) -> None:
    plant = plant_with_gold(tmp_path, zone="Asia/Kolkata")

    with pytest.raises(DefinitionError, match="start of each hour in Asia/Kolkata"):
        ingest_and_curate(plant, "a.csv", reading("2026-05-05T00:10:00Z"))


def test_an_input_of_nothing_but_rejects_makes_an_empty_gold_table(tmp_path: Path) -> None:
    plant = plant_with_gold(tmp_path)

    assert ingest_and_curate(plant, "a.csv", "torn") == []


def test_gold_is_emptied_when_a_rebuild_set_all_of_its_input_aside(tmp_path: Path) -> None:
    plant = plant_with_gold(tmp_path)
    ingest_and_curate(plant, "a.csv", csv_line("M1", 0, 20))
    between = {"column": "temp_degc", "min_value": 100}
    plant.suite({"name": "press_line", "expectations": [{"type": "expect_column_values_to_be_between", "kwargs": between}]})
    rebuild_silver(plant.settings, "press_line")

    curate_dataset(plant.settings, "temp")

    assert gold(plant) == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", [BatchStep.QUARANTINE, BatchStep.PUBLISHED, BatchStep.VERDICTS])
def test_a_killed_curation_goes_on_though_its_input_grew_meanwhile(tmp_path: Path, step: BatchStep) -> None:
    plant = plant_with_gold(tmp_path)
    plant.drop("a.csv", csv_line("M1", 0, 20))
    ingest_dataset(plant.settings, "press_line")
    with pytest.raises(SimulatedKill):
        curate_dataset(plant.settings, "temp", on_step=stop_at(step))

    found = ingest_and_curate(plant, "b.csv", csv_line("M2", 1, 20))

    assert [readings for _, readings in found] == [1, 1]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("mistake", ["CAST(machine AS TIMESTAMPTZ)", "strptime(machine, '%Y')", "no_such_column", "SELEC"])
def test_sql_that_fails_is_an_error_of_ours_without_a_value(tmp_path: Path, mistake: str) -> None:
    plant = plant_with_gold(tmp_path, start=mistake)

    with pytest.raises(DefinitionError) as refused:
        ingest_and_curate(plant, "a.csv", csv_line("SECRET", 0, 20))

    assert "SECRET" not in str(refused.value)
    assert refused.value.__suppress_context__

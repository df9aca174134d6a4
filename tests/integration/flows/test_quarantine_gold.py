"""Gold beside the quarantine of its input: a row that comes back recomputes its window; gold's own rows are computed, never mended."""

import pytest

from lakeward.core.errors import UsageError
from lakeward.flows import expire_rows, release_rows, repair_rows, replay_rows, run_dataset
from lakeward.flows.quarantine.selection import Selection
from support.plant import Plant, csv_line
from support.quarantine_line import BY, FIRST, STEWARD, TENTHS, QuarantinePlant, make_quarantine_plant

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:press_hourly
name: press_hourly
version: 1.0.0
status: active
domain: production
description: {purpose: the press by the hour}
team: {name: plant-data, members: [{username: li.wei, role: owner}]}
schema:
  - name: press_hourly
    logicalType: object
    properties:
      - {name: hour_start, logicalType: timestamp, physicalType: timestamp, required: true}
      - {name: readings, logicalType: integer, physicalType: bigint}
      - {name: hottest, logicalType: number, physicalType: double}
customProperties:
  - property: model
    value: {sql: models/press_hourly.sql, inputs: [silver.press_line], window: hour_start, grain: hour, timezone: Asia/Shanghai, times: {silver.press_line: ts}}
  - {property: dataClass, value: production}
"""
MODEL = """SELECT date_trunc('hour', ts) AS hour_start, count(*) AS readings, max(temp_degc) AS hottest
FROM silver.press_line GROUP BY date_trunc('hour', ts)
"""


def make_hours(root) -> None:
    aside = make_quarantine_plant(root)
    folder = aside.plant.root / "expectations" / "datasets" / "press_hourly"
    (folder / "models").mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT)
    (folder / "models" / "press_hourly.sql").write_text(MODEL)
    aside.plant.drop("later.csv", csv_line("A", 5, 40).replace("T06:", "T09:"))
    run_dataset(aside.settings, "press_line")
    run_dataset(aside.settings, "press_hourly")


@pytest.fixture
def aside(copy_of, tmp_path) -> QuarantinePlant:
    return QuarantinePlant(Plant(copy_of(make_hours, tmp_path / "plant")))


def hours(aside: QuarantinePlant) -> list[tuple[int, float, int]]:
    found = aside.fetch("SELECT readings, hottest, _batch_seq FROM gold.press_hourly ORDER BY hour_start")
    return [(row["readings"], row["hottest"], row["_batch_seq"]) for row in found]


def test_replayed_row_recomputes_its_window_and_no_other(aside):
    assert hours(aside) == [(1, 20.0, 1), (1, 40.0, 1)]
    aside.repair(Selection(rows=(FIRST,)))
    aside.replay(Selection(rows=(FIRST,)))
    run_dataset(aside.settings, "press_hourly")
    assert hours(aside) == [(2, 21.5, 2), (1, 40.0, 1)]


def test_rows_of_gold_are_computed_so_none_is_repaired_replayed_released_or_expired(aside):
    rows = Selection(rows=(FIRST,))
    for act in (
        lambda: repair_rows(aside.settings, "press_hourly", rows, TENTHS, BY),
        lambda: replay_rows(aside.settings, "press_hourly", rows, BY),
        lambda: release_rows(aside.settings, "press_hourly", rows, STEWARD),
        lambda: expire_rows(aside.settings, "press_hourly", rows, STEWARD),
    ):
        with pytest.raises(UsageError, match="lakeward rebuild press_hourly"):
            act()

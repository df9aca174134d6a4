"""Values of Parquet that no calendar or number of ours holds: each row is set aside by its column, none is published as another."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeward.flows import ingest_dataset
from lakeward.flows.base.workspace import open_workspace
from support.plant import Plant, make_plant

TIME = dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC)
FAR_DAYS = (-800_000, 2_932_897, 10**7, -(2**31), 2**31 - 1, -719_163)
GOOD_DAYS = (-719_162, 20_513, 2_932_896)


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    plant = make_plant(tmp_path / "plant")
    columns = "".join(
        f"      - {{name: {name}, logicalType: {logical}, physicalType: {physical}}}\n"
        for name, logical, physical in (
            ("day", "date", "date"),
            ("count", "integer", "bigint"),
            ("local", "timestamp", "timestamp"),
        )
    )
    plant.contract(columns=columns)
    contract = plant.dataset / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace('pattern: "*.csv", format: csv', 'pattern: "*.parquet", format: parquet'))
    return plant


def drop(plant: Plant, name: str, values: pa.Array) -> None:
    machines = [f"M{number}" for number in range(len(values))]
    table = pa.table({"Machine": machines, "Time": pa.array([TIME] * len(values), pa.timestamp("us", "UTC")), name: values})
    pq.write_table(table, plant.root / "inbox" / "press_line" / f"{name}.parquet")


def test_a_date_beyond_the_calendar_is_quarantined(plant: Plant) -> None:
    drop(plant, "day", pa.array([*FAR_DAYS, *GOOD_DAYS], pa.int32()).cast(pa.date32()))

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.silver, report.counts.quarantine) == (len(GOOD_DAYS), len(FAR_DAYS))
    with open_workspace(plant.settings).engine() as engine:
        days = [row["day"] for row in engine.fetch("SELECT day FROM silver.press_line ORDER BY day")]
    assert days == [dt.date(1, 1, 1), dt.date(2026, 3, 1), dt.date(9999, 12, 31)]


def test_an_unsigned_number_beyond_64_bits_is_quarantined(plant: Plant) -> None:
    drop(plant, "count", pa.array([2**64 - 1, 2**63, 2**63 - 1, 7], pa.uint64()))

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.silver, report.counts.quarantine) == (2, 2)
    with open_workspace(plant.settings).engine() as engine:
        assert engine.fetch('SELECT sum("count") AS s FROM silver.press_line') == [{"s": 2**63 + 6}]


def test_a_local_time_beyond_the_calendar_is_set_aside_before_and_after_times_with_a_zone(plant: Plant) -> None:
    far = pa.array([2**62, -(2**62), 253402300800 * 10**6, 1772344800 * 10**6], pa.int64()).cast(pa.timestamp("us"))
    drop(plant, "local", far)
    first = ingest_dataset(plant.settings, "press_line").counts

    assert (first.silver, first.quarantine, first.rejects) == (1, 3, 0)

"""Times without a zone in Parquet are the contract's zone's, whichever deliveries came before and with them."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeward.contracts.model import Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.flows import ingest_dataset
from lakeward.flows.base.workspace import open_workspace
from support.parquet_bytes import INT64, TIMESTAMP_MICROS, write_column
from support.plant import Plant, make_plant
from support.staging import column, file_input, record_format

# 2026-03-01 06:00 in Shanghai, as the contract's zone has it.
LOCAL = dt.datetime(2026, 3, 1, 6)  # noqa: DTZ001  (the point of it)
INSTANT = dt.datetime(2026, 2, 28, 22, tzinfo=dt.UTC)
UNITS = ("s", "ms", "us", "ns")


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    plant = make_plant(tmp_path / "plant")
    columns = "".join(
        f"      - {{name: t_{unit}, logicalType: timestamp, physicalType: timestamp}}\n" for unit in (*UNITS, "int96")
    )
    plant.contract(columns=columns)
    contract = plant.dataset / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace('pattern: "*.csv", format: csv', 'pattern: "*.parquet", format: parquet'))
    return plant


def drop(plant: Plant, machine: str, times: dict[str, pa.Array]) -> None:
    folder = plant.root / "inbox" / "press_line"
    table = pa.table({"Machine": [machine], "Temp": [20.5], **times})
    pq.write_table(table, folder / f"{machine}.parquet")


def local(unit: str) -> pa.Array:
    return pa.array([LOCAL], pa.timestamp(unit))


def naive(plant: Plant, machine: str = "naive") -> None:
    times = {"Time": local("us"), **{f"t_{unit}": local(unit) for unit in UNITS}}
    drop(plant, machine, times)
    file = plant.root / "inbox" / "press_line" / f"{machine}.parquet"
    int96 = pq.read_table(file).append_column("t_int96", local("ns"))
    # The option is of the whole file: a second one has the old type in the column for it, and in all others too.
    pq.write_table(int96, file.with_name(f"{machine}_96.parquet"), use_deprecated_int96_timestamps=True)


def zoned(plant: Plant) -> None:
    zones = {"Time": "UTC", "t_s": "Asia/Shanghai", "t_ms": "America/New_York", "t_us": "UTC", "t_ns": "+08:00", "t_int96": "UTC"}
    times = {name: pa.array([INSTANT], pa.timestamp("us" if name == "Time" else "ns", zone)) for name, zone in zones.items()}
    drop(plant, "zoned", times)


def absent(plant: Plant) -> None:
    drop(plant, "absent", {"Time": pa.array([INSTANT], pa.timestamp("us", "UTC")), "t_us": pa.nulls(1)})


def published(plant: Plant) -> list[dict[str, object]]:
    with open_workspace(plant.settings).engine() as engine:
        return engine.fetch("SELECT * FROM silver.press_line ORDER BY machine")


ORDERS = {
    "naive, then zoned": ((naive,), (zoned,)),
    "zoned, then naive": ((zoned,), (naive,)),
    "both in one batch": ((naive, zoned),),
    "zoned, then both in one batch": ((absent, zoned), (naive,)),
    "no column, then naive": ((absent,), (naive,)),
}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("order", ORDERS)
def test_a_time_without_a_zone_is_the_contracts_in_every_order_and_company(order: str, plant: Plant) -> None:
    for batch in ORDERS[order]:
        for write in batch:
            write(plant)
        report = ingest_dataset(plant.settings, "press_line")
        assert report.counts.rejects == report.counts.quarantine == 0

    rows = published(plant)
    names = ["ts", *(f"t_{unit}" for unit in (*UNITS, "int96"))]
    assert {row[name] for row in rows for name in names} <= {INSTANT, None}
    # Both naive files are one key: the later one replaced the first.
    by_machine = {row["machine"]: row for row in rows}
    assert {name: by_machine["naive"][name] for name in names} == dict.fromkeys(names, INSTANT)


def test_a_time_of_the_older_annotation_is_an_instant_as_the_format_says(tmp_path: Path, plant: Plant) -> None:
    """What Spark 2 and others wrote before Parquet could say that a time has no zone."""
    micros = int(INSTANT.timestamp()) * 1_000_000
    file = tmp_path / "old.parquet"
    write_column(file, INT64, [micros.to_bytes(8, "little", signed=True)], converted=TIMESTAMP_MICROS)
    assert pq.read_table(file)["x"][0].as_py() == INSTANT

    with open_workspace(plant.settings).engine() as engine:
        staged = engine.stage(
            [file_input(file, FileFormat.PARQUET)],
            record_format(FileFormat.PARQUET, zone="Asia/Shanghai"),
            [column("x", type_=Kind.TIMESTAMP)],
        )
        assert engine.fetch(f"SELECT x FROM {staged.rows}") == [{"x": INSTANT}]

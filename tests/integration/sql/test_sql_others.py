"""Databases that are read through SQLAlchemy, tried on SQLite."""

import sqlite3

import pytest

from lakeward.core.errors import LakewardError, MachineError
from lakeward.core.settings import Settings
from lakeward.flows import Span, backfill_dataset, draft_from_address, run_dataset
from support.sql_plant import SqlPlant

SOURCE = "      table: readings\n      watermark: {column: id, mode: lookback, lookback: 10}"
COLUMNS = """\
      - {name: id, logicalType: integer, required: true, primaryKey: true}
      - {name: ts, logicalType: timestamp}
      - {name: n, logicalType: integer}
      - {name: value, logicalType: number}
      - {name: "text", logicalType: string}
"""
ROWS = [
    (1, "2026-01-01 00:00:00", 2**63 - 1, 0.1, "温度 'x'"),
    (2, "2026-01-01T00:00:00.123456Z", -(2**63), 1e308, ""),
    (3, None, None, None, None),
]


@pytest.fixture
def plant(tmp_path):
    file = tmp_path / "history.db"
    made = SqlPlant(tmp_path / "plant", f"sqlite://{file}", SOURCE, COLUMNS)
    made.file = file
    execute(file, "CREATE TABLE readings (id INTEGER PRIMARY KEY, ts TEXT, n BIGINT, value REAL, text TEXT)", [()])
    execute(file, "INSERT INTO readings VALUES (?, ?, ?, ?, ?)", ROWS)
    return made


def execute(file, statement, rows):
    with sqlite3.connect(file) as database:
        database.executemany(statement, rows)


def test_values_of_sqlite_keep_every_digit(plant):
    assert run_dataset(plant.settings, "readings").counts.silver == 3
    found = plant.fetch("SELECT id, n, value, text, epoch_us(ts) AS ts FROM silver.readings ORDER BY id")
    assert [tuple(row.values())[:4] for row in found] == [(row[0], *row[2:]) for row in ROWS]
    assert [row["ts"] for row in found] == [1767196800000000, 1767225600123456, None]


def test_new_and_changed_rows_come_once_and_a_run_without_any_commits_nothing(plant):
    run_dataset(plant.settings, "readings")
    assert run_dataset(plant.settings, "readings").batches == 0
    execute(plant.file, "UPDATE readings SET value = ? WHERE id = 2", [(5,)])
    execute(plant.file, "INSERT INTO readings (id) VALUES (?)", [(number,) for number in range(4, 90)])
    report = run_dataset(plant.settings, "readings")
    assert (report.counts.rows_in, report.counts.corrections) == (87, 1)
    assert plant.ids() == list(range(1, 90))


def test_a_value_that_the_type_of_its_column_does_not_hold_is_quarantined(plant):
    execute(plant.file, "INSERT INTO readings (id, n) VALUES (?, ?)", [(4, "12 pieces"), (5, 1.5)])
    report = run_dataset(plant.settings, "readings")
    assert (report.counts.silver, report.counts.quarantine) == (3, 2)


def test_nothing_is_written_and_troubles_have_names(plant, tmp_path):
    before = plant.file.read_bytes()
    run_dataset(plant.settings, "readings")
    assert plant.file.read_bytes() == before
    codes = []
    for source in (SOURCE.replace("table: readings", "table: nowhere"), SOURCE.replace("column: id", "column: nowhere")):
        plant.write_contract(source, COLUMNS)
        with pytest.raises(LakewardError) as failed:
            run_dataset(plant.settings, "readings")
        codes.append(failed.value.code)
    plant.write_contract(SOURCE, COLUMNS)
    with pytest.raises(LakewardError) as failed:
        backfill_dataset(plant.settings, "readings", Span("2026-01-01", "2026-02-01"))
    plant.url = f"sqlite://{tmp_path}/nowhere.db"
    with pytest.raises(LakewardError) as missing:
        run_dataset(plant.settings, "readings")
    assert [*codes, failed.value.code, missing.value.code] == [
        "sql_table_unknown",
        "sql_column_missing",
        "backfill_no_time",
        "sql_database_unknown",
    ]


def test_a_draft_of_a_table_runs(plant):
    settings = Settings(start=plant.root)
    draft_from_address(settings, "drafted", f"{plant.url}?table=readings")
    assert run_dataset(settings, "drafted").counts.silver == 3


def fill_decimals(plant, values):
    execute(plant.file, "DROP TABLE readings", [()])
    execute(plant.file, "CREATE TABLE readings (id INTEGER PRIMARY KEY, ts TEXT, n DECIMAL(10, 2), value REAL, text TEXT)", [()])
    execute(plant.file, "INSERT INTO readings (id, n) VALUES (?, ?)", enumerate(values, 1))
    source = SOURCE.replace(
        "column: id, mode: lookback, lookback: 10}", "column: n, mode: lookback, lookback: 0}\n      windowRows: 2"
    )
    plant.write_contract(source, COLUMNS.replace("n, logicalType: integer", "n, logicalType: number"))


def test_windows_of_decimals_end_within_whole_numbers_and_below_zero(plant):
    fill_decimals(plant, [-10.5, -10.4, -10.3, -10.2, 0.1, 0.2, 0.3, 0.4, 1e300])
    report = run_dataset(plant.settings, "readings")
    assert (report.counts.silver, report.batches) == (9, 4)
    execute(plant.file, "INSERT INTO readings (id, n) VALUES (?, ?)", [(10, 1.1e300)])
    assert run_dataset(plant.settings, "readings").counts.rows_in == 1


@pytest.mark.parametrize("odd", ["twelve", b"\1", float("inf")])
def test_a_watermark_that_is_no_number_stops_the_run_with_its_name(plant, odd):
    fill_decimals(plant, [1, odd])
    with pytest.raises(MachineError) as failed:
        run_dataset(plant.settings, "readings")
    assert failed.value.code == "sql_watermark_value"

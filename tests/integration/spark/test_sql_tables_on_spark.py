"""Spark reads the landed windows of a table as the files that they are, and finds the same rows."""

import sqlite3

import pytest

from lakeward.core.settings import SPARK
from lakeward.flows import run_dataset
from lakeward.flows.base.workspace import open_workspace
from support.sql_plant import COLUMNS, SqlPlant

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive]
SOURCE = "      table: readings\n      windowRows: 40\n      watermark: {column: id, mode: lookback, lookback: 10}"


def test_windows_of_a_table_are_the_same_rows_on_both_engines(tmp_path):
    found = []
    for engine in (None, SPARK):
        folder = tmp_path / str(engine)
        folder.mkdir()
        with sqlite3.connect(folder / "history.db") as database:
            database.execute("CREATE TABLE readings (id INTEGER PRIMARY KEY, ts TEXT, value REAL)")
            rows = [(n, f"2026-01-01 00:{n % 60:02}:00", None if n % 7 == 0 else n / 8) for n in range(1, 101)]
            database.executemany("INSERT INTO readings VALUES (?, ?, ?)", rows)
        plant = SqlPlant(folder / "plant", f"sqlite://{folder / 'history.db'}", SOURCE, COLUMNS)
        settings = (
            plant.settings
            if engine is None
            else plant.settings.__class__(start=plant.root, connections=plant.settings.connections, engine=SPARK)
        )
        report = run_dataset(settings, "readings")
        with open_workspace(settings).engine() as opened:
            rows = opened.fetch("SELECT id, CAST(ts AS VARCHAR) AS ts, value FROM silver.readings ORDER BY id")
        found.append((report.counts, [tuple(row.values()) for row in rows]))
    assert found[0] == found[1]

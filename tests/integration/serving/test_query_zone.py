"""Times of a query are shown in the project's zone, as those of every other command; what programs read, and what SQL computes, is in UTC."""

import csv
import io
import json

import pytest

from lakeward import connect
from lakeward.flows import grade_dataset, ingest_dataset
from support.command_line import run_command
from support.plant import Plant, csv_line, make_plant

QUERY = "SELECT machine, ts, date_trunc('day', ts) AS day, CAST(ts AS VARCHAR) AS told FROM silver.press_line"


def fill(root):
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("M1", 30, 20).replace("T06", "T22"))
    ingest_dataset(plant.settings, "press_line")
    grade_dataset(plant.settings, "press_line")


@pytest.fixture
def plant(tmp_path, copy_of):
    return Plant(copy_of(fill, tmp_path / "plant"))


def set_zone(plant, zone):
    file = plant.root / "expectations" / "project.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("timezone: Asia/Shanghai", f"timezone: {zone}"), encoding="utf-8")


def query(capsys, plant, *words):
    answer = run_command(capsys, plant.root, "query", *words)
    assert answer.code == 0, answer.output
    return answer.out


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("words", "shown", "day"),
    [((), "2026-03-02 06:30:00+08", "2026-03-01 08:00:00+08"), (("--utc",), "2026-03-01 22:30:00+00", "2026-03-01 00:00:00+00")],
)
def test_a_table_and_csv_have_the_zone_of_the_project_or_utc(plant, capsys, words, shown, day):
    table = query(capsys, plant, QUERY, *words)
    [row] = csv.DictReader(io.StringIO(query(capsys, plant, QUERY, "--format", "csv", *words)))

    assert (shown in table, day in table, "timestamp with time zone" in table) == (True, True, True), table
    assert (row["ts"], row["day"]) == (f"{shown}:00", f"{day}:00")
    assert row["told"] == "2026-03-01 22:30:00+00"


def test_json_and_rows_in_python_stay_in_utc(plant, capsys):
    [row] = json.loads(query(capsys, plant, QUERY, "--format", "json"))
    with connect("steward", plant.root) as con:
        rows = con.sql(QUERY)
        shown, types, fetched = repr(rows), rows.types, rows.fetchall()

    assert row["ts"] == "2026-03-01 22:30:00+00:00"
    assert ("06:30:00+08" in shown, types[1], fetched[0][1].isoformat()) == (
        True,
        "TIMESTAMP WITH TIME ZONE",
        "2026-03-01T22:30:00+00:00",
    )


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("zone", "instant", "shown"),
    [
        ("America/St_Johns", "2026-01-15 12:00:00+00", "2026-01-15 08:30:00-03:30"),
        ("America/St_Johns", "2026-07-15 12:00:00.123456+00", "2026-07-15 09:30:00.123456-02:30"),
        ("Asia/Kolkata", "2026-07-15 20:00:00+00", "2026-07-16 01:30:00+05:30"),
        ("Europe/Berlin", "2026-10-25 01:30:00+00", "2026-10-25 02:30:00+01"),
        ("Asia/Shanghai", "infinity", "infinity"),
        ("Asia/Shanghai", "0044-03-15 (BC) 12:00:00+00", "(BC)"),
    ],
)
def test_every_offset_and_what_has_none_is_shown(plant, capsys, zone, instant, shown):
    set_zone(plant, zone)
    sql = f'SELECT TIMESTAMPTZ \'{instant}\' AS "at", NULL::TIMESTAMPTZ AS none, 1 AS "at" FROM silver.press_line'

    table = query(capsys, plant, sql)
    assert (shown in table, "NULL" in table) == (True, True), table

"""`lakeward maintain` as a person and a program call it."""

import json
from pathlib import Path

import pytest

from lakeward.flows import ingest_dataset
from support.command_line import run_command
from support.plant import csv_line, make_plant

NAME = "press_line"


def plant_of(root: Path, batches: int = 4) -> Path:
    plant = make_plant(root)
    for batch in range(batches):
        plant.drop(f"{batch}.csv", csv_line("M1", batch, 20))
        ingest_dataset(plant.settings, NAME)
    return plant.root


@pytest.mark.exhaustive
def test_tables_are_told_in_both_languages_and_as_json(capsys, tmp_path):
    root = plant_of(tmp_path / "plant")
    done = run_command(capsys, root, "maintain", NAME, "--json")
    told = {row["table"]: row for row in json.loads(done.out)}
    assert (done.code, told.keys()) == (0, {"bronze.press_line", "silver.press_line"})
    assert told["silver.press_line"] == {
        "table": "silver.press_line",
        "files_before": 4,
        "files_after": 1,
        "rows_dropped": 0,
        "files_removed": 0,
        "bytes_freed": 0,
    }
    english, chinese = run_command(capsys, root, "maintain"), run_command(capsys, root, "maintain", NAME, "--lang", "zh")
    assert (english.code, chinese.code) == (0, 0)
    assert "files before" in english.out
    assert "governance.runs" in english.out
    assert "释放字节" in chinese.out


def test_an_unknown_dataset_and_an_empty_lake_are_said_so(capsys, tmp_path):
    root = plant_of(tmp_path / "plant", 0)
    unknown = run_command(capsys, root, "maintain", "pres_line")
    assert (unknown.code, "press_line" in unknown.err) == (2, True)
    assert "no tables yet" in run_command(capsys, root, "maintain").out
    assert "还没有表" in run_command(capsys, root, "maintain", "--lang", "zh").out
    assert json.loads(run_command(capsys, root, "maintain", "--json").out) == []


def test_a_dataset_that_could_not_be_maintained_is_told_beside_the_others(capsys, tmp_path):
    root = plant_of(tmp_path / "plant", 1)
    (root / "expectations" / "datasets" / NAME / "contract.odcs.yaml").write_text("kind: DataContract\n")
    done = run_command(capsys, root, "maintain", "--json")
    assert (done.code, NAME in done.err) == (3, True)
    assert all(row["table"].startswith("governance.") for row in json.loads(done.out))

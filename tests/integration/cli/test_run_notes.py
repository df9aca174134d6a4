"""What `lakeward run` says of a delivery that is published or refused without a failed rule of severity `quarantine`."""

import json
from pathlib import Path

import pytest

from support.command_line import run_command
from support.plant import Plant, csv_line, make_plant

WARN = {
    "name": "press_line",
    "expectations": [
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "temp_degc", "min_value": -50, "max_value": 200},
            "meta": {"lakeward": {"id": "temp_in_range", "severity": "warn"}},
        }
    ],
    "meta": {"great_expectations_version": "1.24.1"},
}


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return make_plant(tmp_path / "plant")


@pytest.mark.parametrize(("lang", "word"), [("en", "severity warn"), ("zh", "严重级别为 warn")])
def test_failed_rules_that_warn_are_named_with_their_shares(
    plant: Plant, capsys: pytest.CaptureFixture[str], lang: str, word: str
) -> None:
    plant.suite(WARN)
    plant.drop("a.csv", *(csv_line("M1", minute, 900 if minute else 20) for minute in range(4)))

    answer = run_command(capsys, plant.root, "run", "--lang", lang)

    assert answer.code == 0, answer.output
    assert word in answer.output
    assert "temp_in_range (75.0%)" in answer.output


def test_a_delivery_in_utf_8_under_another_encoding_is_refused_by_both_names(
    plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    file = plant.dataset / "contract.odcs.yaml"
    file.write_text(file.read_text().replace("encoding: utf-8", "encoding: gb18030"))
    dropped = plant.drop("a.csv", csv_line("一号", 0, 20))

    answer = run_command(capsys, plant.root, "run")
    counted = json.loads(run_command(capsys, plant.root, "tables", "--json").out)

    assert answer.code == 1, answer.output
    assert "UTF-8" in answer.output
    assert "encoding: gb18030" in answer.output
    assert [row["rows"] for row in counted if row["table"] == "rejects.press_line"] == [1]
    dropped.write_bytes(dropped.read_text().encode("gb18030"))
    again = json.loads(run_command(capsys, plant.root, "run", "--json").out)[0]
    assert (again["silver"], again["rejects"]) == (1, 0)

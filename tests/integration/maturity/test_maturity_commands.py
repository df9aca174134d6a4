"""`lakeward assess` and `lakeward maturity show`, as people and programs read them."""

import json
from pathlib import Path

import pytest

from lakeward.cli import main
from lakeward.flows import ingest_dataset
from support.plant import Plant, csv_line, make_plant


def make_run(root: Path) -> None:
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    ingest_dataset(plant.settings, "press_line")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_run, tmp_path / "plant"))


def command_output(plant: Plant, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--project", str(plant.root)])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_assess_says_how_much_was_measured_and_that_it_certifies_nothing(plant: Plant, capsys) -> None:
    english, chinese = command_output(plant, capsys, "assess"), command_output(plant, capsys, "assess", "--lang", "zh")

    assert "of 33 items measured" in english
    assert "not a certification" in english
    assert "unknown" in english
    assert "/33 项" in chinese
    assert "并非认证" in chinese


@pytest.mark.exhaustive
def test_json_gives_numbers_and_null_for_what_is_unknown(plant: Plant, capsys) -> None:
    found = json.loads(command_output(plant, capsys, "assess", "--json"))

    assert (found["total"], found["level"], found["edition"]) == (33, None, "GB/T 36073-2025")
    assert isinstance(found["score"], float)
    assert [domain["score"] for domain in found["domains"] if domain["domain"] == "6"] == [None]


@pytest.mark.exhaustive
def test_an_item_opens_down_to_the_queries(plant: Plant, capsys) -> None:
    command_output(plant, capsys, "assess")

    shown = command_output(plant, capsys, "maturity", "show", "11.2")
    (item,) = json.loads(command_output(plant, capsys, "maturity", "show", "11.2", "--json"))

    assert "SELECT" in shown
    assert "of 33 items measured" in shown
    checks = {row["indicator"]: row for row in item["indicators"]}
    assert checks["QC1"]["versions"].keys() == {"governance.verdicts", "governance.runs"}
    assert (checks["QC3"]["value"], checks["QC3"]["missing"]) == (None, "issues")

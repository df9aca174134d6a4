"""A run of several datasets by name: these alone, inputs before gold, and one that fails stops no other."""

import json

import pytest

from lakeward.core.errors import UsageError
from lakeward.flows import run_all
from support.command_line import run_command
from support.gold_plant import make_gold_plant
from support.plant import csv_line


@pytest.fixture
def plant(tmp_path):
    """Two silver datasets, of which gold reads one; each has a new file."""
    plant = make_gold_plant(tmp_path / "plant")
    other = plant.dataset.parent / "oven"
    other.mkdir()
    text = (plant.dataset / "contract.odcs.yaml").read_text(encoding="utf-8")
    (other / "contract.odcs.yaml").write_text(text.replace("press_line", "oven"), encoding="utf-8")
    for name in ("press_line", "oven"):
        folder = plant.root / "inbox" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "a.csv").write_text(f"Machine,Time,Temp\n{csv_line('M1', 0, 20)}\n", encoding="utf-8")
    return plant


def test_only_the_named_datasets_run_in_the_order_of_their_inputs(plant, capsys):
    answer = run_command(capsys, plant.root, "run", "temp_hourly", "press_line", "press_line", "--json")

    assert answer.code == 0, answer.output
    assert [(row["dataset"], row["silver"]) for row in json.loads(answer.out)] == [("press_line", 1), ("temp_hourly", 1)]
    assert not (plant.root / "lake" / "silver" / "oven").exists()


def test_an_unknown_name_runs_nothing(plant, capsys):
    with pytest.raises(UsageError) as error:
        run_all(plant.settings, ["press_line", "ovn"])
    assert (error.value.code, error.value.facts["close"]) == ("dataset_not_found", "oven")
    answer = run_command(capsys, plant.root, "run", "press_line", "ovn")
    assert (answer.code, (plant.root / "lake" / "silver").exists()) == (2, False)


def test_a_broken_contract_stops_its_own_dataset(plant, capsys):
    (plant.dataset.parent / "oven" / "contract.odcs.yaml").write_text("name: [", encoding="utf-8")
    answer = run_command(capsys, plant.root, "run", "press_line", "oven")

    assert (answer.code, "oven: " in answer.err, "press_line" in answer.out) == (3, True, True)


@pytest.mark.parametrize("option", [("--follow",), ("--since", "2026-01-01", "--until", "2026-02-01")])
def test_what_goes_on_one_dataset_refuses_several(plant, capsys, option):
    answer = run_command(capsys, plant.root, "run", "press_line", "oven", *option)
    assert (answer.code, "one dataset" in answer.err) == (2, True)

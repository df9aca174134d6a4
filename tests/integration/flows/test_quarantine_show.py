"""Who sees which value of a quarantined row: the decisions of the served table, on text that never became a value."""

import json
import shutil

import pytest

from lakeward.flows import grade_dataset, ingest_dataset, show_quarantine
from lakeward.flows.base.workspace import open_workspace
from support.command_line import run_command
from support.plant import Plant, make_plant

COLUMNS = """\
      - {name: operator, physicalName: Operator, logicalType: string, physicalType: string, classification: personal}
      - {name: phone, physicalName: Phone, logicalType: string, physicalType: string}
"""
SECRET = "19900004321"


@pytest.fixture(scope="module")
def plant(tmp_path_factory) -> Plant:
    plant = make_plant(tmp_path_factory.mktemp("shown") / "plant")
    plant.contract(columns=COLUMNS)
    good = [f"A,2026-03-01T06:{minute:02d}:00Z,20,张伟民,199000043{minute:02d}" for minute in range(10, 40)]
    plant.drop("a.csv", *good, f"A,2026-03-01T06:01:00Z,999,张伟民,{SECRET}", header="Machine,Time,Temp,Operator,Phone")
    ingest_dataset(plant.settings, "press_line")
    grade_dataset(plant.settings, "press_line")
    return plant


def visible_values(plant: Plant, role: str) -> dict[str, object]:
    return show_quarantine(plant.settings, "press_line", 5, role=role)[0].values


def test_steward_sees_what_she_decides_on(plant):
    assert visible_values(plant, "steward")["phone"] == SECRET


def test_other_role_sees_a_masked_text_as_in_the_served_table(plant):
    values = visible_values(plant, "analyst")
    assert values["machine"] == "A"
    assert SECRET not in json.dumps(values)
    assert values.get("phone") in (None, "199***4321")


def test_broken_contract_of_another_dataset_hides_nothing(plant):
    other = plant.root / "expectations" / "datasets" / "other" / "contract.odcs.yaml"
    other.parent.mkdir()
    other.write_text("kind: DataContract\n")
    try:
        assert visible_values(plant, "steward")["phone"] == SECRET
    finally:
        shutil.rmtree(other.parent)


def test_values_take_a_role_and_no_values_none(plant, capsys):
    assert "values" not in show_quarantine(plant.settings, "press_line", 5)[0].as_dict()
    told = run_command(capsys, plant.root, "quarantine", "show", "press_line", "--values")
    assert (told.code, SECRET in told.output) == (2, False)
    assert run_command(capsys, plant.root, "quarantine", "show", "press_line", "--values", "--role", "nobody").code == 2


def test_who_saw_values_is_in_the_access_log(plant):
    visible_values(plant, "auditor")
    with open_workspace(plant.settings).engine() as engine:
        log = engine.fetch("SELECT * FROM governance.access_log WHERE role = 'auditor'")
    assert [(row["objects"], row["rows_out"], row["verdict"]) for row in log] == [('["quarantine.press_line"]', 1, "allowed")]


def test_one_row_is_shown_with_its_history(plant, capsys):
    found = json.loads(run_command(capsys, plant.root, "quarantine", "show", "press_line", "--row", "1:32", "--json").out)
    assert [(row["id"], row["state"], row["history"]) for row in found] == [("1:32", "open", [])]
